# SPDX-License-Identifier: GPL-3.0-or-later
"""SR-IOV as it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._model.action import UNKNOWN
from .._model.sriov_drivers import sriov_driver
from .._model.vf_attributes import read_attributes
from .._model.vf_range import vf_name
from .sriov_functions import own_netdev


@dataclass(frozen=True)
class VfState:
    """One virtual function. ``attributes`` as in :mod:`vf_attributes`; ``netdevs``: ``{name: MAC address}`` of its
    network devices seen here."""

    index: int
    pci: str
    driver: object
    vfio: bool
    override: object
    group: object
    attributes: dict
    netdevs: dict


@dataclass(frozen=True)
class PfState:
    """One physical function. ``count``: what sriov_numvfs says; ``vfs``: ``{index: VfState}`` of those that are
    there."""

    pci: str
    name: str
    driver: object
    count: object
    autoprobe: object
    up: bool
    carrier: bool
    vfs: dict

    @property
    def traits(self):
        return sriov_driver(self.driver)

    @property
    def present(self):
        """How many VFs there are: what the count says, if as many are there."""
        return self.count if self.count is UNKNOWN or self.count == len(self.vfs) else UNKNOWN


@dataclass(frozen=True)
class SriovState:
    """``pfs``: ``{PCI address: PfState}``; ``links``: the link table of the same moment; ``used``: ``{(PCI address of
    the PF, index): users}`` of the VFs that a purge would reset."""

    pfs: dict
    links: object
    used: dict = field(default_factory=dict)

    def name(self, pci, index):
        return vf_name(self.pfs[pci].name, index)


def observe_pf(host, pci, links):
    """The :class:`PfState`, or None when the function or its network device went away."""
    name = own_netdev(host, pci, links)
    if name is None:
        return None
    link = links.get(name)
    count = host.pci.num_vfs(pci)
    functions = host.pci.virtual_functions(pci)
    overrides = host.pci.driver_overrides([vf.pci for vf in functions])
    shown = {info.get("vf"): info for info in link.vfs}
    return PfState(
        pci=pci,
        name=name,
        driver=host.pci.driver(pci),
        count=count,
        autoprobe=host.pci.autoprobe(pci),
        up=link.up,
        carrier=link.carrier,
        vfs={
            vf.index: VfState(
                index=vf.index,
                pci=vf.pci,
                driver=vf.driver,
                vfio=vf.vfio,
                override=overrides[vf.pci],
                group=vf.group,
                attributes=read_attributes(shown[vf.index]) if vf.index in shown else {},
                netdevs={netdev: links.get(netdev).mac for netdev in vf.netdevs if netdev in links},
            )
            for vf in functions
        },
    )
