# SPDX-License-Identifier: GPL-3.0-or-later
"""One host as ``kvm.vnic.host_info`` saw it. Reading is total: what is missing, ``"unknown"`` or of another type
becomes None or empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...module_utils._model.reading import flag, listed, mapping, mappings, text, whole
from .guest_facts import read_domain
from .ovs_facts import read_in_band, read_mirrors, read_ovs, read_problem
from .topology import Topology


@dataclass(frozen=True)
class Vf:
    """``free``: True only where it is known that nobody uses it; ``group``: its IOMMU group as text, or None; ``mates``:
    what shares that with it, in words."""

    index: int
    pci: object
    node: object
    group: object
    free: bool
    users: tuple
    mates: tuple = ()


@dataclass(frozen=True)
class Sriov:
    """``eswitch_mode``: ``legacy``, ``switchdev``, or None."""

    total: object
    count: object
    vfs: dict
    eswitch_mode: object = None


@dataclass(frozen=True)
class Device:
    """A network device. ``master``: what it is a port of, None for nothing, ``"unknown"``; ``sriov``: :class:`Sriov`,
    None, ``"unknown"``; ``physical_function``: the PF's name for a VF; ``management``: True also where that is unknown;
    ``mac``: the hardware's own, which a bond's ports keep too; ``speed``: Mb/s, None without a link;
    ``tc_offload``: ``on``, ``off``, with `` [fixed]`` behind it where the driver keeps it so.
    """

    name: str
    altnames: tuple
    mac: object
    driver: object
    pci: object
    kind: object
    node: object
    mtu: object
    master: object
    lower: object
    ours: bool
    physical_function: object
    sriov: object
    addresses: object
    management: bool
    speed: object
    rx_queues: object
    tc_offload: object = None


def _sriov(raw):
    if raw is None:
        return None
    if not isinstance(raw, dict):
        return "unknown"
    vfs = {}
    for entry in mappings(raw.get("vfs")):
        index = whole(entry.get("index"))
        if index is not None:
            group = entry.get("iommu_group")
            vfs[index] = Vf(
                index=index,
                pci=text(entry.get("pci")),
                node=whole(entry.get("numa_node")),
                group=str(group) if text(group) or whole(group) is not None else None,
                free=entry.get("free") is True,
                users=tuple(str(user) for user in listed(entry.get("users"))),
                mates=tuple(str(mate) for mate in listed(entry.get("iommu_group_shared_with"))),
            )
    return Sriov(whole(raw.get("total")), whole(raw.get("count")), vfs, text(raw.get("eswitch_mode")))


def _device(raw):
    function = raw.get("physical_function")
    master = raw.get("master")
    addresses = raw.get("addresses")
    return Device(
        name=raw["name"],
        altnames=tuple(name for name in listed(raw.get("altnames")) if isinstance(name, str)),
        mac=(text(raw.get("permanent_mac")) or text(raw.get("mac")) or "").lower() or None,
        driver=text(raw.get("driver")),
        pci=(text(raw.get("pci")) or "").lower() or None,
        kind=text(raw.get("kind")),
        node=whole(raw.get("numa_node")),
        mtu=whole(raw.get("mtu")),
        master=None if master is None else (text(master) or "unknown"),
        lower=text(raw.get("lower")),
        ours=raw.get("ours") is True,
        physical_function=text(mapping(function).get("name"))
        or ("an unknown card" if isinstance(function, dict) else None),
        sriov=_sriov(raw.get("sriov")),
        addresses=tuple(str(address) for address in addresses) if isinstance(addresses, list) else None,
        management=raw.get("management") is not False,
        speed=whole(raw.get("speed_mbit")) or None,
        rx_queues=whole(mapping(raw.get("queues")).get("rx")),
        tc_offload=text(mapping(raw.get("offloads")).get("hw_tc_offload")),
    )


class HostFacts:
    """``nics``: ``{name: Device}``, or None when they could not be read at all."""

    def __init__(self, raw):
        raw = mapping(raw)
        nics = raw.get("nics")
        self.nics = (
            {entry["name"]: _device(entry) for entry in mappings(nics) if text(entry.get("name"))}
            if isinstance(nics, list)
            else None
        )
        iommu = mapping(raw.get("iommu"))
        self.iommu = flag(iommu.get("enabled"))
        self.interrupt_remapping = flag(iommu.get("interrupt_remapping"))
        self.ovs_bridges = read_ovs(raw.get("ovs"))
        self.ovs_mirrors = read_mirrors(raw.get("ovs"))
        self.ovs_in_band = read_in_band(raw.get("ovs"))
        self.ovs_problem = read_problem(raw.get("ovs"))
        libvirt = mapping(raw.get("libvirt"))
        self.libvirt_problem = (
            None if libvirt.get("available") is True else (text(libvirt.get("problem")) or "it could not be asked")
        )
        self.topology = Topology(raw.get("cpus"), raw.get("numa_nodes"))
        self.apicv = flag(mapping(raw.get("virtualization")).get("apicv"))
        self.posted_interrupts = flag(iommu.get("posted_interrupts"))
        self.zero_copy = flag(mapping(raw.get("vhost_net")).get("zero_copy"))
        self._vf_of_pci = {}
        self._group_sizes = {}
        for device in (self.nics or {}).values():
            if isinstance(device.sriov, Sriov):
                for vf in device.sriov.vfs.values():
                    self._vf_of_pci[vf.pci] = (device.name, vf.index)
                    self._group_sizes[vf.group] = self._group_sizes.get(vf.group, 0) + 1
        self.domains = [
            read_domain(entry, self._vf_of_pci, self.topology.known_node_of)
            for entry in mappings(libvirt.get("domains"))
            if text(entry.get("name"))
        ]

    def device(self, name):
        return (self.nics or {}).get(name)

    def ports(self, master):
        """Devices that are ports of ``master``, by name; guests' taps among them."""
        return sorted(
            (device for device in (self.nics or {}).values() if device.master == master), key=lambda device: device.name
        )

    def isolated(self, vf):
        """Whether the VF is alone in its IOMMU group, bridges apart: None when its group is unknown."""
        return None if vf.group is None else self._group_sizes[vf.group] == 1 and not vf.mates

    def hardware(self, device, depth=4):
        """The cards under ``device``, itself one or not, in order of name."""
        if device is None or depth == 0:
            return []
        if device.pci is not None:
            return [device]
        below = [self.device(device.lower)] if device.lower else self.ports(device.name)
        found = {card.name: card for entry in below for card in self.hardware(entry, depth - 1)}
        return [found[name] for name in sorted(found)]
