# SPDX-License-Identifier: GPL-3.0-or-later
"""From wishes and what a host has to a place for each interrupt. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.action import DRIVER_PROBE, GUEST_START, UNKNOWN, Pending
from .._model.cpu_set import CpuSet
from .._model.errors import Problem
from .._model.irq_name import MISC, QUEUES
from .._model.irq_wish import NODE, SPREAD, VCPU

FIELD = "interrupts"


@dataclass(frozen=True)
class Placement:
    """One interrupt: ``target``, ``label``: what it is called in reports; ``wanted``: the CPUs that it may go to."""

    target: str
    label: str
    path: str
    pci: str
    irq: object
    wanted: CpuSet

    @property
    def as_wished(self):
        return self.irq.affinity == self.wanted

    @property
    def arrives(self):
        """Whether it goes to wanted CPUs only; unknown where the kernel does not tell."""
        if self.irq.effective is UNKNOWN:
            return UNKNOWN
        return not self.irq.effective - self.wanted


class Placements:
    """``found``: every :class:`Placement`; ``problems``: what the host lacks; ``doubles``: what is wished twice;
    ``unsupported``: sentences on what the host cannot tell; ``waiting``: Pending, for those that are not there yet;
    ``functions``: ``{PCI address: name in reports}``."""

    def __init__(self):
        self.found, self.problems, self.doubles, self.unsupported, self.waiting = [], [], [], [], []
        self.functions = {}
        self._taken = {}

    def differing(self):
        return [placement for placement in self.found if not placement.as_wished]

    def lacks(self, path, value, message):
        self.problems.append(Problem(path, value, message))

    def place(self, wish, function, around):
        self.functions.setdefault(function.pci, wish.shown)
        if function.irqs is UNKNOWN:
            self.unsupported.append("%s: the interrupts of %s cannot be listed" % (wish.path, wish.shown))
            return
        asked = [irq for irq in function.irqs if irq.requested]
        if not asked and not (function.irqs or function.waits_for_guest):
            self.lacks(
                wish.where,
                wish.shown,
                "has no interrupts of its own (%s/msi_irqs is empty): its driver %s uses a line that other devices may "
                "share, which is not placed" % (function.pci, function.driver),
            )
            return
        cpus = self._cpus(wish, function, around)
        if cpus is None:
            return
        if not asked:
            self._wait(wish, function, cpus)
            return
        if wish.interrupts is not None:
            self._named(wish, function, asked, cpus)
            return
        self._queues(wish, function, asked, cpus)
        if wish.others:
            self._others(wish, function, asked, cpus)

    def _cpus(self, wish, function, around):
        """The CPUs in order, or None with the reason recorded."""
        if wish.policy == VCPU:
            found = around.vcpus[wish.guest, wish.vcpu]
            if isinstance(found, str):
                self.lacks(wish.path + ".guest", wish.guest, found)
                return None
        elif wish.policy == NODE:
            found = self._of_node(wish, function, around)
            if found is None:
                return None
        elif wish.policy == SPREAD and not wish.cpus:
            found = self._of_system(wish, around)
            if found is None:
                return None
        else:
            found = wish.cpus
        if around.online and not CpuSet(found) & around.online:
            self.unsupported.append("%s: none of the CPUs %s for %s is online" % (wish.path, CpuSet(found), wish.shown))
            return None
        return tuple(found) if wish.policy == SPREAD else tuple(sorted(found))

    def _of_system(self, wish, around):
        if around.online is UNKNOWN:
            self.unsupported.append("%s: which CPUs are online cannot be read; give 'cpus'" % wish.path)
            return None
        found = sorted(around.online - around.kept_free)
        if not found:
            self.unsupported.append(
                "%s: every CPU that is online, %s, is isolated or without a tick; give 'cpus'"
                % (wish.path, around.online)
            )
            return None
        return found

    def _of_node(self, wish, function, around):
        where = "%s.policy: the NUMA node of %s" % (wish.path, wish.shown)
        if function.node is None:
            self.unsupported.append(
                "%s is not known: the firmware names none (numa_node is -1), and none is guessed; give 'cpus' with the "
                "policy 'set' or 'spread'" % where
            )
            return None
        cpus = UNKNOWN if function.node is UNKNOWN else around.nodes.get(function.node, UNKNOWN)
        if cpus is UNKNOWN:
            self.unsupported.append("%s, or its CPUs, cannot be read" % where)
            return None
        if not cpus - around.kept_free:
            self.unsupported.append(
                "%s, node %d, has no CPU for interrupts: its CPUs are %s, of which %s are isolated or without a tick"
                % (where, function.node, cpus or "none", cpus & around.kept_free or "none")
            )
            return None
        return cpus - around.kept_free

    def _wait(self, wish, function, cpus):
        if function.waits_for_guest:
            until, reason = (
                GUEST_START,
                "its interrupts come with the guest's driver, after which another run places them",
            )
        else:
            until, reason = (
                DRIVER_PROBE,
                "its driver %s asks for its interrupts when the device is brought up" % (function.driver),
            )
        self.waiting.append(Pending(wish.shown, FIELD, None, str(CpuSet(cpus)), until, reason))

    def _queues(self, wish, function, asked, cpus):
        served = [irq for irq in asked if irq.role.kind in QUEUES]
        there = sorted({irq.role.queue for irq in served})
        wanted = there if wish.queues is None else wish.queues
        gone = sorted(set(wanted) - set(there))
        if gone and not function.waits_for_guest:
            self.lacks(
                wish.path + ".queues",
                list(gone),
                "are no queues of %s, which has %s" % (wish.shown, CpuSet(there) if there else "none"),
            )
        elif gone:
            self._wait(wish, function, cpus)
        if not there and wish.queues is None and not wish.others:
            self.lacks(
                wish.where,
                wish.shown,
                "has no interrupt that is named after a queue (%s): set 'others' to place them all"
                % ", ".join(irq.name for irq in asked),
            )
        places = {queue: index for index, queue in enumerate(wanted)}
        for irq in served:
            if irq.role.queue in places:
                index = places[irq.role.queue]
                mask = {cpus[index % len(cpus)]} if wish.policy == SPREAD else cpus
                self._add(wish, function, irq, str(irq.role), CpuSet(mask))

    def _others(self, wish, function, asked, cpus):
        for label, irq in _other_labels(asked):
            self._add(wish, function, irq, label, CpuSet(cpus))

    def _named(self, wish, function, asked, cpus):
        labels = dict(_other_labels(asked))
        labels.update((str(irq.role), irq) for irq in asked if irq.role.kind in QUEUES)
        gone = [name for name in wish.interrupts if name not in labels]
        if gone:
            self.lacks(
                wish.path + ".interrupts",
                gone,
                "are no interrupts of %s, which has %s" % (wish.shown, ", ".join(sorted(labels))),
            )
        for index, name in enumerate(wish.interrupts):
            if name in labels:
                mask = {cpus[index % len(cpus)]} if wish.policy == SPREAD else cpus
                self._add(wish, function, labels[name], name, CpuSet(mask))

    def _add(self, wish, function, irq, label, wanted):
        other = self._taken.get(irq.number)
        if other is not None:
            message = "speaks of its %s too, which %s places: let each interrupt be placed once" % (label, other)
            self.doubles.append(Problem(wish.where, wish.shown, message))
            return
        self._taken[irq.number] = wish.path
        name = self.functions[function.pci]
        self.found.append(Placement(name, label, wish.path, function.pci, irq, wanted))


def _other_labels(asked):
    """``(name in reports, interrupt)`` of those that serve no queue."""
    others = [irq for irq in asked if irq.role.kind not in QUEUES]
    return [(MISC if len(others) == 1 else "%s %d" % (MISC, index), irq) for index, irq in enumerate(others)]
