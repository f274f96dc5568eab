# SPDX-License-Identifier: GPL-3.0-or-later
"""What network drivers can do for spreading packets, and what it costs them, as data.

Of a driver that is not listed nothing is known beforehand: it is asked, and believed to reset its link.
"""

from __future__ import annotations

CHANNELS, RSS, RXHASH, NTUPLE, L2_FWD_OFFLOAD, HW_TC_OFFLOAD, MAC_RULES = (
    "channels",
    "rss_queues",
    "rxhash",
    "ntuple",
    "l2_fwd_offload",
    "hw_tc_offload",
    "mac_rules",
)

# Whether ethtool_rx_flow_spec of flow type ETHER_FLOW, by destination address, is taken (each driver's
# set_rxnfc/add_ethtool ntuple, Linux 6.12). igb: not on the 82576, which has no ntuple at all (igb_main.c, igb_probe).
_MATCHES_MAC = {
    "bnxt_en": True,  # up to P4; later chips answer EOPNOTSUPP
    "cxgb4": False,
    "e1000e": False,
    "i40e": False,
    "iavf": True,
    "ice": True,
    "igb": True,
    "igbvf": False,
    "igc": True,
    "ixgbe": False,
    "ixgbevf": False,
    "mlx5_core": True,
    "qede": False,
    "sfc": True,
    "virtio_net": False,
}

# What takes the link down for a moment. igb: igb_set_channels and igb_set_features close and open the device or reset
# it; ixgbe: ixgbe_setup_tc and ixgbe_set_features, to which hw-tc-offload is what ntuple is; i40e: i40e_reconfig_rss_queues,
# i40e_set_features; ice: ice_set_channels rebuilds the VSI; mlx5 and bnxt reopen their channels; virtio_net sends a command
# and keeps the link.
_RESETS = {
    "igb": {CHANNELS, NTUPLE},
    "igc": {CHANNELS, NTUPLE},
    "ixgbe": {CHANNELS, NTUPLE, L2_FWD_OFFLOAD, HW_TC_OFFLOAD},
    "i40e": {CHANNELS, NTUPLE, L2_FWD_OFFLOAD},
    "ice": {CHANNELS, NTUPLE},
    "iavf": {CHANNELS},
    "bnxt_en": {CHANNELS, NTUPLE},
    "mlx5_core": {CHANNELS, L2_FWD_OFFLOAD},
    "virtio_net": set(),
    "tun": set(),
    "veth": set(),
}
MAY_RESET = frozenset((CHANNELS, NTUPLE, L2_FWD_OFFLOAD, HW_TC_OFFLOAD))


def matches_mac(driver):
    """Whether the driver takes filters by destination address: True, False, or None where nothing is known."""
    return _MATCHES_MAC.get(driver)


def resets_link(driver, field):
    """Whether changing ``field`` interrupts what runs over the device."""
    return field in _RESETS.get(driver, MAY_RESET)
