# SPDX-License-Identifier: GPL-3.0-or-later
"""One host as ``kvm.vnic.host_info`` saw it. Reading is total: what is missing, ``"unknown"`` or of another type
becomes None or empty.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...module_utils._model.cpu_set import CpuSet


def _mapping(value):
    return value if isinstance(value, dict) else {}


def _list(value):
    return value if isinstance(value, list) else []


def _mappings(value):
    return [item for item in _list(value) if isinstance(item, dict)]


def _text(value):
    return value if isinstance(value, str) and value not in ("", "unknown") else None


def _whole(value):
    """A number that counts something, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _flag(value):
    return value if isinstance(value, bool) else None


@dataclass(frozen=True)
class Vf:
    """``free``: True only where it is known that nobody uses it; ``group``: its IOMMU group as text, or None."""

    index: int
    pci: object
    node: object
    group: object
    free: bool
    users: tuple


@dataclass(frozen=True)
class Sriov:
    total: object
    count: object
    vfs: dict


@dataclass(frozen=True)
class Device:
    """A network device. ``master``: what it is a port of, None for nothing, ``"unknown"``; ``sriov``: :class:`Sriov`,
    None, ``"unknown"``; ``physical_function``: the PF's name for a VF; ``management``: True also where that is unknown;
    ``mac``: the hardware's own, which a bond's ports keep too.
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


@dataclass(frozen=True)
class Interface:
    """A NIC that a domain has. ``vf``: ``(pf, index)`` or None; ``lower``: what its macvtap stands on, or None."""

    name: object
    mac: object
    vf: object
    lower: object
    persistent: bool


@dataclass(frozen=True)
class Domain:
    """``node``: the one NUMA node that all its vCPUs are pinned to, else None; ``interfaces``: None when unknown."""

    name: str
    uuid: object
    node: object
    interfaces: object


def _sriov(raw):
    if raw is None:
        return None
    if not isinstance(raw, dict):
        return "unknown"
    vfs = {}
    for entry in _mappings(raw.get("vfs")):
        index = _whole(entry.get("index"))
        if index is not None:
            group = entry.get("iommu_group")
            vfs[index] = Vf(
                index=index,
                pci=_text(entry.get("pci")),
                node=_whole(entry.get("numa_node")),
                group=str(group) if _text(group) or _whole(group) is not None else None,
                free=entry.get("free") is True,
                users=tuple(str(user) for user in _list(entry.get("users"))),
            )
    return Sriov(_whole(raw.get("total")), _whole(raw.get("count")), vfs)


def _device(raw):
    function = raw.get("physical_function")
    master = raw.get("master")
    addresses = raw.get("addresses")
    return Device(
        name=raw["name"],
        altnames=tuple(name for name in _list(raw.get("altnames")) if isinstance(name, str)),
        mac=(_text(raw.get("permanent_mac")) or _text(raw.get("mac")) or "").lower() or None,
        driver=_text(raw.get("driver")),
        pci=(_text(raw.get("pci")) or "").lower() or None,
        kind=_text(raw.get("kind")),
        node=_whole(raw.get("numa_node")),
        mtu=_whole(raw.get("mtu")),
        master=None if master is None else (_text(master) or "unknown"),
        lower=_text(raw.get("lower")),
        ours=raw.get("ours") is True,
        physical_function=_text(_mapping(function).get("name"))
        or ("an unknown card" if isinstance(function, dict) else None),
        sriov=_sriov(raw.get("sriov")),
        addresses=tuple(str(address) for address in addresses) if isinstance(addresses, list) else None,
        management=raw.get("management") is not False,
    )


class HostFacts:
    """``nics``: ``{name: Device}``, or None when they could not be read at all."""

    def __init__(self, raw):
        raw = _mapping(raw)
        nics = raw.get("nics")
        self.nics = (
            {entry["name"]: _device(entry) for entry in _mappings(nics) if _text(entry.get("name"))}
            if isinstance(nics, list)
            else None
        )
        iommu = _mapping(raw.get("iommu"))
        self.iommu = _flag(iommu.get("enabled"))
        self.interrupt_remapping = _flag(iommu.get("interrupt_remapping"))
        self.ovs_bridges = frozenset(
            name for name in _list(_mapping(raw.get("ovs")).get("bridges")) if isinstance(name, str)
        )
        libvirt = _mapping(raw.get("libvirt"))
        self.libvirt_problem = (
            None if libvirt.get("available") is True else (_text(libvirt.get("problem")) or "it could not be asked")
        )
        self._cpus = self._read_nodes(raw.get("numa_nodes"))
        self._vf_of_pci = {}
        self._group_sizes = {}
        for device in (self.nics or {}).values():
            if isinstance(device.sriov, Sriov):
                for vf in device.sriov.vfs.values():
                    self._vf_of_pci[vf.pci] = (device.name, vf.index)
                    self._group_sizes[vf.group] = self._group_sizes.get(vf.group, 0) + 1
        self.domains = [self._domain(entry) for entry in _mappings(libvirt.get("domains")) if _text(entry.get("name"))]

    def device(self, name):
        return (self.nics or {}).get(name)

    def ports(self, master):
        """Devices that are ports of ``master``, by name; guests' taps among them."""
        return sorted(
            (device for device in (self.nics or {}).values() if device.master == master), key=lambda device: device.name
        )

    def isolated(self, vf):
        """Whether the VF is alone in its IOMMU group, as far as VFs are concerned: None when its group is unknown."""
        return None if vf.group is None else self._group_sizes[vf.group] == 1

    @staticmethod
    def _read_nodes(raw):
        """``{cpu: node}``; a CPU in two nodes is in none."""
        cpus = {}
        for entry in _mappings(raw):
            node = _whole(entry.get("id"))
            try:
                found = CpuSet.from_list(entry.get("cpus", ""))
            except ValueError:
                continue
            if node is not None:
                for cpu in found:
                    cpus[cpu] = node if cpus.get(cpu, node) == node else None
        return cpus

    def _node_of_pins(self, raw):
        """A vCPU without a pin of its own runs where the domain's cpuset lets it, and anywhere without one."""
        own, vcpus, rest = _mapping(raw.get("vcpu_pins")), _whole(raw.get("vcpus")), _text(raw.get("cpuset"))
        if not vcpus or (rest is None and len(own) < vcpus):
            return None
        lists = {pin if isinstance(pin, str) else "" for pin in own.values()} | ({rest} if len(own) < vcpus else set())
        nodes = set()
        for text in lists:
            try:
                nodes |= {self._cpus.get(cpu) for cpu in CpuSet.from_list(text)} or {None}
            except ValueError:
                return None
        return nodes.pop() if len(nodes) == 1 else None

    def _domain(self, raw):
        interfaces = None
        if isinstance(raw.get("interfaces"), list):
            found = [self._interface(entry) for entry in _mappings(raw["interfaces"])]
            # The persistent definition says what will be; a NIC that only runs comes after.
            interfaces = tuple(sorted(found, key=lambda interface: not interface.persistent))
        uuid = _text(raw.get("uuid"))
        return Domain(raw["name"], uuid.lower() if uuid else None, self._node_of_pins(raw), interfaces)

    def _interface(self, raw):
        source = _mapping(raw.get("source"))
        hostdev, vf = _mapping(source.get("hostdev")), _mapping(raw.get("vf"))
        pf, index = _text(vf.get("pf")), _whole(vf.get("index"))
        place = (pf, index) if pf and index is not None else None
        if place is None:
            pci = _text(hostdev.get("pci")) or _text(source.get("pci"))
            place = self._vf_of_pci.get(pci) if pci else None
        mac = _text(raw.get("mac"))
        return Interface(
            name=_text(raw.get("name")),
            mac=mac.lower() if mac else None,
            vf=place,
            lower=(_text(source.get("device")) or _text(source.get("dev"))) if raw.get("type") == "direct" else None,
            persistent=raw.get("persistent") is not False,
        )
