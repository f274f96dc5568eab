# SPDX-License-Identifier: GPL-3.0-or-later
"""What each physical function's driver can do with its virtual functions, as data.

Sources: the ndo_set_vf_* functions of each driver below drivers/net/ethernet of Linux 6.12 and 7.2. What is not listed
as impossible is tried,
and the kernel's EOPNOTSUPP or EPROTONOSUPPORT is reported as such.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_NO_RSS_QUERY = {"query_rss": "has no ndo_set_vf_rss_query_en"}
_NO_QINQ = {"802.1ad": "answers EPROTONOSUPPORT to anything but 802.1Q"}
_NO_MINIMUM = {"min_tx_rate": "refuses every minimum but 0"}
_NOTHING = dict.fromkeys(
    ("mac", "vlan", "qos", "802.1ad", "spoofchk", "trust", "link_state", "min_tx_rate", "max_tx_rate", "query_rss"),
    "manages no attributes of VFs",
)

# drivers/net/ethernet/intel/igb/e1000_hw.h, E1000_DEV_ID_82576*; the i350 and everything later answer EOPNOTSUPP to
# rates (igb_ndo_set_vf_bw)
_IGB_82576 = frozenset("0x10c9 0x10e6 0x10e7 0x10e8 0x1526 0x150a 0x1518 0x150d".split())

# drivers/net/ethernet/intel/ixgbe/ixgbe_type.h, IXGBE_DEV_ID_82599* and X540*: X550 and later refuse
# (ixgbe_ndo_set_vf_rss_query_en)
_IXGBE_82599_X540 = frozenset(
    "0x10f7 0x10f8 0x10f9 0x10fb 0x10fc 0x1507 0x1514 0x1517 0x151c 0x1528 0x1529 0x152a 0x154a 0x154d 0x154f 0x1557 "
    "0x1558 0x1560".split()
)


@dataclass(frozen=True)
class SriovDriver:
    """One driver. ``refuses``: ``{attribute, or 802.1ad: why}``; ``only_devices``: ``{attribute: PCI device ids that
    have it}``.

    ``most_vfs``: more are refused, whatever the card says. Rates in Mb/s: ``rate_unit`` they must be multiples of,
    ``least_rate`` above 0,
    ``rate_speed`` the one link speed at which they work, ``rate_needs_link``: no rates without carrier.
    ``resets_pf``: changing the count interrupts the PF's own traffic. ``mac_now``: a new MAC resets the VF, which then
    has it;
    elsewhere it waits for the VF driver's next probe. ``spoofchk``: the default, None where it is not known.
    """

    refuses: dict = field(default_factory=dict)
    only_devices: dict = field(default_factory=dict)
    most_vfs: object = None
    rate_unit: int = 1
    least_rate: int = 0
    rate_speed: object = None
    rate_needs_link: bool = False
    resets_pf: bool = True
    mac_now: bool = False
    spoofchk: object = None

    def refusal(self, attribute, device):
        """Why the driver cannot set ``attribute`` on a card with the PCI device id ``device``, or None."""
        if attribute in self.refuses:
            return self.refuses[attribute]
        devices = self.only_devices.get(attribute)
        if devices is not None and isinstance(device, str) and device not in devices:
            return "does so only for other cards than this one (device %s)" % device
        return None


UNKNOWN_DRIVER = SriovDriver()

DRIVERS = {
    "igb": SriovDriver(
        refuses=dict(_NO_RSS_QUERY, link_state="has no ndo_set_vf_link_state", **_NO_QINQ, **_NO_MINIMUM),
        only_devices={"max_tx_rate": _IGB_82576},
        most_vfs=7,
        rate_needs_link=True,
        spoofchk=True,
    ),
    "ixgbe": SriovDriver(
        refuses=dict(_NO_QINQ, **_NO_MINIMUM),
        only_devices={"query_rss": _IXGBE_82599_X540},
        most_vfs=63,
        least_rate=11,
        rate_speed=10000,
        rate_needs_link=True,
        spoofchk=True,
    ),
    "i40e": SriovDriver(
        refuses=dict(_NO_RSS_QUERY, **_NO_QINQ, **_NO_MINIMUM), rate_unit=50, mac_now=True, spoofchk=True
    ),
    "ice": SriovDriver(refuses=_NO_RSS_QUERY, resets_pf=False, mac_now=True, spoofchk=True),
    "mlx5_core": SriovDriver(refuses=dict(_NO_RSS_QUERY, **_NO_QINQ), resets_pf=False, spoofchk=False),
    "bnxt_en": SriovDriver(refuses=_NO_RSS_QUERY, resets_pf=False),
    "cxgb4": SriovDriver(
        refuses=dict(
            _NO_RSS_QUERY, spoofchk="has no ndo_set_vf_spoofchk", trust="has no ndo_set_vf_trust", **_NO_MINIMUM
        ),
        rate_needs_link=True,
    ),
    "sfc": SriovDriver(
        refuses=dict(
            _NO_RSS_QUERY,
            trust="has no ndo_set_vf_trust",
            max_tx_rate="has no ndo_set_vf_rate",
            min_tx_rate="has no ndo_set_vf_rate",
        )
    ),
    "qede": SriovDriver(refuses=_NO_RSS_QUERY),
    "idpf": SriovDriver(refuses=_NOTHING),
    "virtio-pci": SriovDriver(refuses=_NOTHING),
    "netdevsim": SriovDriver(resets_pf=False, mac_now=True),
}


def sriov_driver(name):
    """The :class:`SriovDriver` called ``name``; for an unknown one, a driver of which nothing is known to be
    impossible."""
    return DRIVERS.get(name, UNKNOWN_DRIVER)
