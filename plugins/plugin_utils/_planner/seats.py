# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node and which cores each guest gets. What is right already stays, so that nobody moves because of another."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from ...module_utils._model.cpu_set import CpuSet
from .host_cpus import union

OWN, SHARED, WIDE, LEFT = "own", "shared", "wide", "left"


@dataclass
class Seat:
    """A guest's CPUs. ``kind``: cores of its OWN, SHARED ones of a node, a WIDE share of all nodes, or LEFT as it is;
    ``node``: None when it is on no single one; ``vcpus``: ``{vCPU: CpuSet}``; ``kept``: whether it sat there already.

    The rest is filled in by :mod:`workers` and :mod:`guest_memory`.
    """

    resident: object
    nics: list
    kind: str
    node: object
    vcpus: dict
    kept: bool = False
    queues: dict = field(default_factory=dict)
    workers: dict = field(default_factory=dict)
    emulator: object = None
    memory: object = None

    @property
    def name(self):
        return self.resident.guest.name

    @property
    def domain(self):
        return self.resident.domain

    @cached_property
    def cpus(self):
        return union(set(self.vcpus.values()))


class FreeCores:
    """The cores of each node that no guest has yet."""

    def __init__(self, cpus, taken):
        self._free = {
            node: {core.first: core for core in cores if not taken.intersection(core.cpus)}
            for node, cores in cpus.cores.items()
        }
        self._core_of = {
            cpu: (node, core) for node, cores in self._free.items() for core in cores.values() for cpu in core.cpus
        }

    def count(self, node):
        return len(self._free.get(node, ()))

    def place(self, cpu):
        """``(node, Core)`` of a CPU that a guest may have or has, else None."""
        return self._core_of.get(cpu)

    def is_free(self, node, core):
        return core.first in self._free[node]

    def claim(self, node, core):
        del self._free[node][core.first]

    def take(self, node):
        """The first free core of a node, or None."""
        free = self._free.get(node)
        if not free:
            return None
        return free.pop(next(iter(free)))


class Seating:
    """``seats`` in order of name, of the guests that are defined here and whose number of vCPUs is known."""

    def __init__(self, cpus, free, rule, preferred):
        self._cpus, self._free, self._rule, self._preferred = cpus, free, rule, preferred
        self.shortages = []

    def keep(self, resident, nics):
        """The seat of a guest that sits well, or None."""
        domain = resident.domain
        if self._rule == "leave":
            return Seat(resident, nics, LEFT, domain.node, dict(domain.pins), True)
        if self._rule != "own_core":
            return None
        places = []
        for number in range(domain.vcpus):
            pin = domain.pins.get(number, ())
            place = self._free.place(next(iter(pin))) if len(pin) == 1 else None
            if place is None:
                return None
            places.append(place)
        nodes, cores = {node for node, _core in places}, {core.first: core for _node, core in places}
        if len(nodes) > 1 or len(cores) < len(places):
            return None
        (node,) = nodes
        if node not in self._preferred(nics) or not all(self._free.is_free(node, core) for core in cores.values()):
            return None
        for core in cores.values():
            self._free.claim(node, core)
        return Seat(resident, nics, OWN, node, {number: domain.pins[number] for number in range(domain.vcpus)}, True)

    def seat(self, newcomers):
        """Seats for ``(resident, nics)`` in order of name."""
        seats, waiting, demand = [], {}, {}
        for resident, nics in newcomers:
            node = self._choose(resident.domain, nics, demand)
            if node is None:
                self.shortages.append((None, [resident]))
                seats.append(Seat(resident, nics, WIDE, None, self._shared(resident.domain, self._everywhere())))
            else:
                demand[node] = demand.get(node, 0) + resident.domain.vcpus
                waiting.setdefault(node, []).append((resident, nics))
        for node in sorted(waiting):
            seats += self._seat_on(node, waiting[node], demand[node])
        return seats

    def _everywhere(self):
        return union(self._cpus.pool(node) for node in self._cpus.topology.with_cpus)

    @staticmethod
    def _shared(domain, pool):
        return dict.fromkeys(range(domain.vcpus), pool)

    def _choose(self, domain, nics, demand):
        """The node that a guest goes to; None for a guest that is too large for any."""
        nodes = self._preferred(nics)
        large = [node for node in nodes if domain.vcpus <= self._cpus.capacity(node)]
        if not large and len(self._cpus.topology.with_cpus) > 1:
            return None
        options = large or nodes
        if domain.node in options:
            return domain.node
        return min(options, key=lambda node: (demand.get(node, 0) - self._free.count(node), node))

    def _seat_on(self, node, group, demand):
        """Each its own cores, or else all share: one guest's vCPUs are not worth less than another's. Isolated CPUs
        cannot be shared, so there the first get them.
        """
        own = self._rule == "own_core"
        fits = own and demand <= self._free.count(node)
        seats, sharing = [], []
        for resident, nics in group:
            domain = resident.domain
            if fits or (own and self._cpus.isolates and domain.vcpus <= self._free.count(node)):
                cores = [self._free.take(node) for _vcpu in range(domain.vcpus)]
                pins = {number: CpuSet([core.first]) for number, core in enumerate(cores)}
                seats.append(Seat(resident, nics, OWN, node, pins))
            else:
                sharing.append(resident)
                seats.append(self._share_on(node, resident, nics))
        if own and sharing:
            self.shortages.append((node, sharing))
        return seats

    def _share_on(self, node, resident, nics):
        """Where a node has no CPU to share, what is shared is on another."""
        pool = self._cpus.pool(node)
        nodes = self._cpus.topology.nodes_of(pool)
        where = node if node in nodes else min(nodes) if len(nodes) == 1 else None
        return Seat(resident, nics, SHARED, where, self._shared(resident.domain, pool))
