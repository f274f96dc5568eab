# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's guests as ``kvm.vnic.host_info`` saw them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...module_utils._model import reading

_UUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z", re.ASCII)
_NUMBER = re.compile(r"^[0-9]{1,6}$", re.ASCII)


@dataclass(frozen=True)
class Interface:
    """A NIC that a domain has. ``vf``: ``(pf, index)`` or None; ``lower``: what its macvtap stands on, or None;
    ``bridge``: whose port it is, or None; ``interface_id``: which it is of Open vSwitch's, or None; ``queues``: pairs
    of queues.
    """

    name: object
    mac: object
    vf: object
    lower: object
    bridge: object
    interface_id: object
    queues: int
    persistent: bool


@dataclass(frozen=True)
class Domain:
    """``node``: the one NUMA node that all its vCPUs are pinned to, else None; ``interfaces``: None when unknown.

    ``pins``: ``{vCPU: CpuSet}`` of those with a pin of their own; ``cpuset``: where the others run, None for
    everywhere; ``emulator``: a CpuSet or None; ``memory``: ``(mode, nodes as text)`` or None; ``workers``:
    ``{(NIC's name, queue): CpuSet}``, as far as they are known; ``active``: False only where it is known to be off.
    """

    name: str
    uuid: object
    node: object
    interfaces: object
    active: bool
    vcpus: object
    pins: dict
    cpuset: object
    emulator: object
    memory: object
    memory_mib: object
    workers: dict

    def reach(self):
        """All CPUs that its vCPUs may run on, or None for all there are."""
        if not self.vcpus or (self.cpuset is None and len(self.pins) < self.vcpus):
            return None
        return frozenset().union(*self.pins.values(), self.cpuset or ())


def _node_of_pins(pins, vcpus, rest, node_of):
    """A vCPU without a pin of its own runs where the domain's cpuset lets it, and anywhere without one."""
    if not vcpus or (rest is None and len(pins) < vcpus):
        return None
    nodes = set()
    for cpus in list(pins.values()) + ([rest] if len(pins) < vcpus else []):
        nodes |= {node_of(cpu) for cpu in cpus or ()} or {None}
    return nodes.pop() if len(nodes) == 1 else None


def _pins(raw, vcpus):
    """``{vCPU: CpuSet}``, None for a pin that cannot be read; without those of vCPUs that are not plugged in."""
    pins = {}
    for number, words in reading.mapping(raw.get("vcpu_pins")).items():
        if not isinstance(number, str) or not _NUMBER.match(number):
            continue
        if int(number) < (vcpus or 0):
            pins[int(number)] = reading.cpus(words)
    return pins


def _memory(raw):
    memory = reading.mapping(raw.get("memory"))
    mode, nodes = reading.text(memory.get("mode")), memory.get("nodes")
    return (mode, str(nodes)) if mode and isinstance(nodes, (str, int)) and not isinstance(nodes, bool) else None


def _workers(raw):
    found = {}
    for entry in reading.mappings(raw.get("vhost_workers")):
        name, queue = reading.text(entry.get("interface")), reading.whole(entry.get("queue"))
        where = reading.cpus(entry.get("cpus"))
        if name and queue is not None and where:
            found[name, queue] = where
    return found


def _interface(raw, vf_of_pci):
    source = reading.mapping(raw.get("source"))
    hostdev, vf = reading.mapping(source.get("hostdev")), reading.mapping(raw.get("vf"))
    pf, index = reading.text(vf.get("pf")), reading.whole(vf.get("index"))
    place = (pf, index) if pf and index is not None else None
    if place is None:
        pci = reading.text(hostdev.get("pci")) or reading.text(source.get("pci"))
        place = vf_of_pci.get(pci) if pci else None
    mac, kind = reading.text(raw.get("mac")), raw.get("type")
    interface_id = reading.text(raw.get("interface_id")) or reading.text(source.get("interface_id"))
    lower = reading.text(source.get("device")) or reading.text(source.get("dev")) if kind == "direct" else None
    return Interface(
        name=reading.text(raw.get("name")),
        mac=mac.lower() if mac else None,
        vf=place,
        lower=lower,
        bridge=reading.text(source.get("bridge")) if kind == "bridge" else None,
        interface_id=interface_id.lower() if interface_id and _UUID.match(interface_id) else None,
        queues=reading.whole(raw.get("queues")) or 1,
        persistent=raw.get("persistent") is not False,
    )


def read_domain(raw, vf_of_pci, node_of):
    """The :class:`Domain`. ``vf_of_pci``: ``{PCI address: (pf, index)}``; ``node_of``: the node of a CPU, or None."""
    interfaces = None
    if isinstance(raw.get("interfaces"), list):
        found = [_interface(entry, vf_of_pci) for entry in reading.mappings(raw["interfaces"])]
        # The persistent definition says what will be; a NIC that only runs comes after.
        interfaces = tuple(sorted(found, key=lambda interface: not interface.persistent))
    uuid, vcpus, rest = (
        reading.text(raw.get("uuid")),
        reading.whole(raw.get("vcpus")) or None,
        reading.cpus(raw.get("cpuset")),
    )
    pins = _pins(raw, vcpus)
    return Domain(
        name=raw["name"],
        uuid=uuid.lower() if uuid else None,
        node=_node_of_pins(pins, vcpus, rest, node_of),
        interfaces=interfaces,
        active=raw.get("state") != "shutoff",
        vcpus=vcpus,
        pins={number: cpus for number, cpus in pins.items() if cpus},
        cpuset=rest or None,
        emulator=reading.cpus(raw.get("emulator_pin")) or None,
        memory=_memory(raw),
        memory_mib=reading.whole(raw.get("memory_mib")),
        workers=_workers(raw),
    )
