# SPDX-License-Identifier: GPL-3.0-or-later
"""How many queues each NIC gets and where the vhost worker of each runs. One number decides queues, workers and CPUs."""

from __future__ import annotations

from ...module_utils._model.cpu_set import CpuSet
from .host_cpus import union
from .rules import SRIOV
from .seats import LEFT, OWN


def has_worker(entry):
    return entry.backend == "vhost" and entry.place is not None and entry.place.attachment != SRIOV


class Workers:
    """``rule``: the profile's vhost_cpu; ``queues``: its number of queues, or ``{cap: N}``."""

    def __init__(self, cpus, free, rule, queues):
        self._cpus, self._free, self._rule = cpus, free, rule
        self._queues = queues
        self._capped = isinstance(queues, dict)
        self._slots = {}  # guest: {slot: CpuSet}
        self._lent = set()  # nodes whose housekeeping core serves a worker already

    def limit(self, seat):
        """The most queues that a NIC of this guest may have: a vCPU serves one."""
        return min(seat.domain.vcpus, self._queues["cap"] if self._capped else self._queues)

    def _slot(self, entry, queue):
        """What one CPU serves: with ``beside`` the same queue of each of a guest's NICs, else one queue of one NIC."""
        return ("", queue) if self._rule == "beside" else (entry.nic.name, queue)

    def _derived(self, seat):
        """``{vCPU: CpuSet}`` where the vCPUs' own places decide, or None where cores must be found."""
        if self._rule == "vcpu":
            return seat.vcpus
        if self._rule != "beside":
            return None
        others = {}
        for number, pin in seat.vcpus.items():
            _node, core = self._free.place(min(pin))
            if len(core.cpus) == 1:
                return None
            others[number] = CpuSet([next(cpu for cpu in core.cpus if cpu not in pin)])
        return others

    def keep(self, seat):
        """Claim the cores that a guest's workers have, before newcomers are seated."""
        for entry in filter(has_worker, seat.nics):
            present = entry.interface.queues if entry.interface is not None else 1
            seat.queues[entry.nic.name] = min(self.limit(seat), present if self._capped else self._queues)
        if seat.kind != OWN or self._rule not in ("beside", "own_core") or self._derived(seat) is not None:
            return
        wanted = self._wanted(seat)
        present = (seat.domain.emulator or CpuSet()) - self._cpus.near(seat.node)
        cores = {}
        for cpu in sorted(present):
            node, core = self._free.place(cpu) or (None, None)
            if node != seat.node or not self._free.is_free(node, core):
                return  # not what we made of it
            cores.setdefault(core.first, cpu)
        slots = self._slots[seat.name] = self._distribute(seat, wanted, list(cores.values()))
        for where in slots.values():
            self._free.claim(*self._free.place(min(where)))

    def _wanted(self, seat):
        """The slots of a seat, in order, each once."""
        found = {}
        for queue in range(max(seat.queues.values(), default=0)):
            for entry in filter(has_worker, seat.nics):
                if queue < seat.queues[entry.nic.name]:
                    found.setdefault(self._slot(entry, queue), entry)
        return found

    def _distribute(self, seat, wanted, cpus):
        """``{slot: CpuSet}``: a worker that runs stays; the others follow in order."""
        slots, rest = {}, list(cpus)
        for slot, entry in wanted.items():
            where = seat.domain.workers.get((entry.nic.name, slot[1]), ())
            if len(where) == 1 and min(where) in rest:
                rest.remove(min(where))
                slots[slot] = where
        for slot in wanted:
            if slot not in slots and rest:
                slots[slot] = CpuSet([rest.pop(0)])
        return slots

    def place(self, seats):
        """Queues, workers and emulator of every seat, in order of name."""
        searching = []
        for seat in seats:
            for entry in filter(has_worker, seat.nics):
                seat.queues.setdefault(entry.nic.name, 1 if self._capped else self.limit(seat))
            if seat.kind != OWN:
                self._share(seat)
            elif self._rule == "leave":
                self._leave(seat)
            elif self._derived(seat) is not None:
                self._follow(seat, self._derived(seat))
            else:
                searching.append(seat)
        for seat in searching:
            self._find(seat)
        if self._capped:
            self._grow(searching)
        for seat in searching:
            self._settle(seat)

    def _share(self, seat):
        """Of a seat without cores of its own; a guest that is left where it is, is left its vCPUs only."""
        if seat.kind == LEFT:
            self._leave(seat)
        if self._rule == "leave" or (seat.kind == LEFT and seat.node is None):
            return
        seat.emulator = self._cpus.near(seat.node)
        where = seat.emulator if seat.kind == LEFT else seat.cpus
        self._assign(seat, lambda slot: where)

    def _leave(self, seat):
        """As many queues as there are cores to spare, though none is given to a worker."""
        if self._capped:
            for name, queues in seat.queues.items():
                seat.queues[name] = max(queues, min(self.limit(seat), self._free.count(seat.node)), 1)

    def _follow(self, seat, places):
        if self._capped:
            seat.queues = dict.fromkeys(seat.queues, self.limit(seat))
        seat.emulator = self._cpus.near(seat.node)
        self._assign(seat, lambda slot: places[slot[1] % len(places)])

    def _find(self, seat):
        """A core for each worker that has none; where none is left, it runs on the housekeeping CPUs."""
        slots = self._slots.setdefault(seat.name, {})
        for slot in self._wanted(seat):
            if slot not in slots:
                core = self._free.take(seat.node)
                slots[slot] = self._cpus.near(seat.node) if core is None else CpuSet([core.first])
                if core is None:
                    self._lent.add(seat.node)

    def _grow(self, seats):
        """One more queue for each NIC in turn, while cores are left; the housekeeping core of a node counts once."""
        growing = [(seat, entry) for seat in seats for entry in filter(has_worker, seat.nics)]
        while growing:
            still = []
            for seat, entry in growing:
                queue = seat.queues[entry.nic.name]
                if queue < self.limit(seat) and self._one_more(seat, self._slot(entry, queue)):
                    seat.queues[entry.nic.name] = queue + 1
                    still.append((seat, entry))
            growing = still

    def _one_more(self, seat, slot):
        slots = self._slots[seat.name]
        if slot in slots:
            return True
        core = self._free.take(seat.node)
        if core is not None:
            slots[slot] = CpuSet([core.first])
        elif seat.node not in self._lent:
            self._lent.add(seat.node)
            slots[slot] = self._cpus.near(seat.node)
        return slot in slots

    def _settle(self, seat):
        slots = self._slots[seat.name]
        seat.emulator = self._cpus.near(seat.node)
        self._assign(seat, slots.__getitem__)

    def _assign(self, seat, where):
        for entry in filter(has_worker, seat.nics):
            for queue in range(seat.queues[entry.nic.name]):
                seat.workers[entry.nic.name, queue] = where(self._slot(entry, queue))
        seat.emulator = union([seat.emulator, *seat.workers.values()])
