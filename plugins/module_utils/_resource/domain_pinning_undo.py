# SPDX-License-Identifier: GPL-3.0-or-later
"""How what a run does to the places of guests' threads and memory is led back. Pure."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.definition_scope import BOTH
from .._model.domain_pinning_wish import NO_PIN
from .._model.undo import Undo
from .domain_pinning_checks import emulator_cpus
from .domain_pinning_plan import LIVE, PERSISTENT

_CANNOT = "%s of guest %s cannot be led back: %s"
_OFFLINE = "it was %s, and of these not all are online"


class _NoWish:
    """What the emulator's CPUs are, when nothing is wished."""

    emulator = None


class _Guest:
    """``params``: ``{scope: parameters}``; ``uncovered``: sentences."""

    def __init__(self, pinned, state, fields, workers):
        self._pinned, self._state, self._fields = pinned, state, fields
        self._definitions = {PERSISTENT: pinned.persistent, LIVE: pinned.live}
        self.params, self.uncovered = {}, []
        for field in sorted({field for _scope, field in fields}):
            for scope, value in self._ways(field):
                self._put(scope, field, value)
        # new CPUs for the emulator spread its workers (see _carry_out in domain_pinning), also those that nobody spoke of
        if workers or (LIVE, "emulator") in fields:
            self._vhost(workers)

    def _ways(self, field):
        """``[(scope, former value)]``; one for both where the other definition had the same."""
        touched = [scope for scope in (PERSISTENT, LIVE) if (scope, field) in self._fields]
        values = {scope: self._former(pins, field) for scope, pins in self._definitions.items() if pins is not None}
        if len(values) == 1 or values[PERSISTENT] == values[LIVE]:
            touched, values = [BOTH], {BOTH: values[touched[0]]}
        found = []
        for scope in touched:
            value, trouble = values[scope]
            if trouble:
                self.uncovered.append(_CANNOT % (field, self._pinned.name, trouble))
            else:
                found.append((scope, value))
        return found

    def _former(self, pins, field):
        """``(value, why it cannot be wished or "")``"""
        if field == "memory":
            return self._memory(pins)
        if field == "hugepages":
            return self._hugepages(pins)
        kind, _dot, number = field.partition(".")
        if kind == "vcpus":
            own = pins.vcpu_pins.get(int(number))
        elif kind == "iothreads":
            own = pins.iothread_pins.get(int(number))
        else:
            own = pins.cpuset if kind == "vcpu_default" else pins.emulator
        if kind == "vcpu_default" and own is None and self._is_automatic():
            return None, "numad chose the CPUs (placement auto)"
        if own is None:
            return NO_PIN, ""
        return (str(own), "") if own <= self._state.online else (None, _OFFLINE % own)

    def _is_automatic(self):
        """Whether numad places it, which a default of ours ends (domain_pins_edit, set_cpuset)."""
        persistent = self._pinned.guest.persistent
        vcpu = None if persistent is None else persistent.root.find("vcpu")
        return vcpu is not None and vcpu.get("placement") == "auto"

    @staticmethod
    def _memory(pins):
        if pins.memory is None:
            return {"mode": NO_PIN}, ""
        if not pins.memory.nodes:
            return None, "numad chose the nodes (placement auto)"
        return {"mode": pins.memory.mode, "nodes": str(pins.memory.nodes)}, ""

    def _hugepages(self, pins):
        if not pins.hugepages:
            return {"size_kib": 0}, ""
        definition = self._pinned.guest.persistent or self._pinned.guest.live
        pages = definition.root.findall("memoryBacking/hugepages/page")
        if len(pins.hugepages) > 1 or 0 in pins.hugepages or any(page.get("nodeset") for page in pages):
            return None, "it was more than one size for the whole guest"
        return {"size_kib": pins.hugepages[0]}, ""

    def _entry(self, scope):
        return self.params.setdefault(scope, {"uuid": self._pinned.guest.uuid, "scope": scope})

    def _put(self, scope, field, value):
        kind, _dot, number = field.partition(".")
        if number:
            self._entry(scope).setdefault(kind, {})[number] = value
        else:
            self._entry(scope)[kind] = value

    def _vhost(self, touched):
        known = self._pinned.workers
        found = () if known.workers is UNKNOWN else known.workers
        by_order = len(found) == sum(nic.queues for nic in known.nics)
        emulator = emulator_cpus(_NoWish, self._pinned, self._state) & self._state.online
        scope = LIVE if "emulator" in self.params.get(LIVE, {}) else BOTH
        spread = (LIVE, "emulator") in self._fields
        for worker in found:
            if not spread and worker.thread.tid not in touched:
                continue
            named = worker.nic is not None and worker.nic.name is not None
            cpus = worker.thread.cpus
            who = "%s queue %s" % (worker.nic.name if named else "?", worker.queue)
            if not (named and by_order and worker.queue is not None):
                trouble = "its worker is told by its traffic alone, if at all"
            elif cpus is UNKNOWN or not cpus <= emulator:
                trouble = "its worker ran outside the emulator's CPUs %s" % emulator
            else:
                item = {"interface": worker.nic.name, "queue": worker.queue, "cpus": str(cpus), "required": False}
                self._entry(scope).setdefault("vhost", []).append(item)
                continue
            if worker.thread.tid in touched:
                self.uncovered.append(_CANNOT % ("vhost worker of " + who, self._pinned.name, trouble))


def undo_of(before, actions):
    """The :class:`Undo` of ``actions`` of domain_pinning in the state ``before``."""
    fields, workers = {}, {}
    for action in actions:
        scope, _dot, field = action.field.partition(".")
        uuid = action.data.guest.uuid
        fields.setdefault(uuid, set())
        workers.setdefault(uuid, set())
        if field.startswith("vhost."):
            workers[uuid].add(action.data.arguments[0].tid)
        else:
            fields[uuid].add((scope, field))
    pinned = {one.guest.uuid: one for one in before.guests}
    guests = [_Guest(pinned[uuid], before, fields[uuid], workers[uuid]) for uuid in fields]
    domains = [entry for guest in guests for entry in guest.params.values()]
    uncovered = tuple(sentence for guest in guests for sentence in guest.uncovered)
    return Undo({"domains": domains} if domains else None, (), uncovered)
