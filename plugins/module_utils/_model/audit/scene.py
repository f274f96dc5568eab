# SPDX-License-Identifier: GPL-3.0-or-later
"""One host as an audit sees it: the facts of ``kvm.vnic.host_info``, read totally, with what the checks ask of them."""

from __future__ import annotations

from .. import reading
from ..cpu_set import CpuSet
from .guest import read_guest
from .open_vswitch import OpenVswitch
from .wishes import Wishes

# Roles of interrupts that bring packets; the others tell of the link and the like.
BRINGS_PACKETS = ("combined", "rx", "vector")


class Vector:
    """An interrupt that a driver asked for. ``effective``, ``affinity``: CpuSets, None when unknown."""

    def __init__(self, raw):
        self.irq = reading.whole(raw.get("irq"))
        self.pci = (reading.text(raw.get("pci")) or "").lower()
        self.role = reading.text(raw.get("role"))
        self.queue = reading.whole(raw.get("queue"))
        self.affinity = reading.cpus(raw.get("affinity")) or None
        self.effective = reading.cpus(raw.get("effective")) or None


class Card:
    """A PCI function that carries guests' packets. ``name``: as the collection calls it (``ens2``, ``ens2#0``);
    ``device``: the raw facts of its network device, empty for a VF in a guest's hands; ``node``: None when unknown;
    ``vf``: ``(raw facts of the PF, index)`` or None.
    """

    def __init__(self, pci, name, node, device=None, vf=None):
        self.pci, self.name, self.node, self.device, self.vf = pci, name, node, device or {}, vf


class Scene:
    """``guests``: all that libvirt has; ``running``: those that run; ``online``: a CpuSet, or None where unknown; ``ovs``:
    an OpenVswitch."""

    def __init__(self, facts, wished):
        facts = reading.mapping(facts)
        self.facts = facts
        self.wishes = Wishes(wished)
        self.devices = {}
        for raw in reading.mappings(facts.get("nics")):
            if reading.text(raw.get("name")):
                self.devices[raw["name"]] = raw
        self.online = reading.cpus(reading.mapping(facts.get("cpus")).get("online")) or None
        self._node_of = _node_of(facts.get("numa_nodes"))
        self.interrupts = reading.mapping(facts.get("interrupts"))
        self._vectors = {}
        for raw in reading.mappings(self.interrupts.get("vectors")):
            vector = Vector(raw)
            if vector.irq is not None and vector.role is not None:
                self._vectors.setdefault(vector.pci, []).append(vector)
        self._functions = self._read_functions()
        domains = reading.mapping(facts.get("libvirt")).get("domains")
        self.guests = [read_guest(raw) for raw in reading.mappings(domains) if reading.text(raw.get("name"))]
        self.running = [guest for guest in self.guests if guest.running]
        self.ovs = OpenVswitch(facts.get("ovs"))

    def guests_devices(self):
        """Names of the host's devices of all guests' NICs; None where a guest may have others."""
        domains = reading.mapping(self.facts.get("libvirt")).get("domains")
        if not isinstance(domains, list) or len(domains) != len(self.guests):
            return None
        if any(guest.interfaces is None for guest in self.guests):
            return None
        return {interface.target for guest in self.guests for interface in guest.live}

    def _read_functions(self):
        found = {}
        for name, raw in self.devices.items():
            pci = reading.text(raw.get("pci"))
            if pci:
                found[pci.lower()] = Card(pci.lower(), name, reading.whole(raw.get("numa_node")), raw)
        for name, raw in self.devices.items():
            for vf in reading.mappings(reading.mapping(raw.get("sriov")).get("vfs")):
                pci, index = reading.text(vf.get("pci")), reading.whole(vf.get("index"))
                if pci and index is not None:
                    device = found[pci.lower()].device if pci.lower() in found else None
                    node = reading.whole(vf.get("numa_node"))
                    found[pci.lower()] = Card(pci.lower(), "%s#%d" % (name, index), node, device, (raw, index))
        return found

    def nodes_of(self, cpus):
        """The NUMA nodes of CPUs; None where one of them is on no known node, and for no CPUs."""
        nodes = {self._node_of.get(cpu) for cpu in cpus or ()}
        return None if not nodes or None in nodes else frozenset(nodes)

    def vectors(self, card):
        """The interrupts that bring packets to ``card``, as far as they are known."""
        return [vector for vector in self._vectors.get(card.pci, ()) if vector.role in BRINGS_PACKETS]

    def reach(self, guest):
        """All CPUs that the guest's vCPUs may run on, None where they are unknown. Without a pin that is all CPUs."""
        if guest.pins is None or guest.cpuset is None or not guest.vcpus:
            return None
        if len(guest.pins) < guest.vcpus and guest.floats_by_default:
            return self.online
        rest = guest.cpuset if len(guest.pins) < guest.vcpus else CpuSet()
        return CpuSet(rest.union(*guest.pins.values()))

    def is_pinned(self, guest):
        """Whether the guest's vCPUs are known to be kept to some of the CPUs."""
        reach = self.reach(guest)
        return reach is not None and self.online is not None and reach < self.online

    def cards(self, interface):
        """The functions whose interrupts bring the packets of a guest's NIC, in order of name; empty when unknown."""
        if interface.pci:
            return [self._functions.get(interface.pci) or Card(interface.pci, interface.pci, None)]
        below = self.devices.get(self._below(interface))
        return sorted(self._hardware(below), key=lambda card: card.name)

    def _below(self, interface):
        """What the NIC stands on: by its definition, or as its device on the host shows."""
        if interface.lower or interface.bridge:
            return interface.lower or interface.bridge
        target = reading.mapping(self.devices.get(interface.target))
        return reading.text(target.get("master")) or reading.text(target.get("lower"))

    def _hardware(self, device, depth=4):
        if not device or depth == 0:
            return []
        pci = reading.text(device.get("pci"))
        if pci:
            return [self._functions[pci.lower()]]
        lower = reading.text(device.get("lower"))
        below = [self.devices.get(lower)] if lower else self.ports(device["name"])
        found = {card.pci: card for each in below for card in self._hardware(each, depth - 1)}
        return list(found.values())

    def cards_below(self, name):
        """The functions that a device of the host is or stands on, in order of name."""
        return sorted(self._hardware(self.devices.get(name)), key=lambda card: card.name)

    def ports(self, master):
        return [raw for raw in self.devices.values() if raw.get("master") == master]

    def served(self):
        """``[(guest, interface, card)]`` of all NICs of running guests."""
        return [
            (guest, interface, card)
            for guest in self.running
            for interface in guest.live
            for card in self.cards(interface)
        ]

    def alone(self, card, served):
        """Whether ``card`` is known to serve one NIC of one guest."""
        if any(guest.interfaces is None for guest in self.running):
            return False
        return sum(1 for _guest, _interface, other in served if other.pci == card.pci) == 1


def _node_of(raw):
    """``{CPU: node}``; None for a CPU that two nodes claim."""
    found = {}
    for entry in reading.mappings(raw):
        node, cpus = reading.whole(entry.get("id")), reading.cpus(entry.get("cpus"))
        for cpu in cpus or () if node is not None else ():
            found[cpu] = node if found.get(cpu, node) == node else None
    return found
