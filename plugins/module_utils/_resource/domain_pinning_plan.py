# SPDX-License-Identifier: GPL-3.0-or-later
"""From where a guest's threads and memory are to where they are wished: the steps for both definitions, and what has to
wait."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._model import domain_pins_edit as edit
from .._model.action import GUEST_START, UNKNOWN, Action, Pending
from .._model.definition_scope import overlap
from .._model.domain_pins import Memory
from .domain_pinning_checks import emulator_cpus, pages

PIN_VCPU, PIN_EMULATOR, PIN_IOTHREAD = "pin_vcpu", "pin_emulator", "pin_iothread"
SET_NUMA, REDEFINE, PIN_WORKER = "set_numa", "redefine", "pin_worker"
PERSISTENT, LIVE = "persistent", "live"


@dataclass(frozen=True)
class Step:
    """One call. ``arguments``: of the call; for REDEFINE the changes of domain_pins_edit, which all actions of a guest
    share. ``keep``: ``[(Thread, CpuSet)]`` of workers that have their pin already and must have it afterwards too."""

    guest: object
    scope: str
    verb: str
    arguments: tuple
    keep: tuple = ()


@dataclass(frozen=True)
class Thread:
    """One kind of thread that is pinned: its field, number, and pin in each definition."""

    field: str
    verb: str
    drop: object
    number: object
    persistent: object
    live: object
    in_persistent: bool
    in_live: bool


def _shown(cpus):
    return "none" if not cpus else str(cpus)


def _sizes(hugepages):
    """As the wish has it where it could have been wished, else in words."""
    if len(hugepages) > 1 or 0 in hugepages:
        return ", ".join(str(each or "the default size") for each in hugepages)
    return hugepages[0] if hugepages else 0


def _threads(wish, pinned):
    """``(Thread, wished CpuSet)`` of each wish that is a pin."""
    sides = (pinned.persistent, pinned.live)

    def of(field, verb, drop, number, read, has):
        own = [None if pins is None else read(pins) for pins in sides]
        there = [pins is not None and has(pins) for pins in sides]
        return Thread(field, verb, drop, number, own[0], own[1], there[0], there[1])

    for number, cpus in sorted(wish.vcpus.items()):
        yield (
            of(
                "vcpus.%d" % number,
                PIN_VCPU,
                edit.drop_vcpu_pin,
                number,
                lambda pins, number=number: pins.vcpu_pins.get(number),
                lambda pins, number=number: number < pins.vcpus,
            ),
            cpus,
        )
    if wish.emulator is not None:
        yield (
            of("emulator", PIN_EMULATOR, edit.drop_emulator_pin, None, lambda pins: pins.emulator, lambda pins: True),
            wish.emulator,
        )
    for number, cpus in sorted(wish.iothreads.items()):
        yield (
            of(
                "iothreads.%d" % number,
                PIN_IOTHREAD,
                edit.drop_iothread_pin,
                number,
                lambda pins, number=number: pins.iothread_pins.get(number),
                lambda pins, number=number: number in pins.iothreads,
            ),
            cpus,
        )


def _arguments(thread, cpus):
    return (cpus,) if thread.number is None else (thread.number, cpus)


class GuestPlan:
    """What is to be done for one guest. ``unclear``: sentences on workers that cannot be told apart; ``left``: on those
    of them that are left alone because the wish does not require them."""

    def __init__(self, wish, pinned, state):
        self._wish, self._pinned, self._state = wish, pinned, state
        self.persistent, self.live, self.pending, self.unclear, self.left = [], [], [], [], []
        self._edits = []
        self._workers = self._wished_workers() if pinned.live is not None else []
        for thread, cpus in _threads(wish, pinned):
            self._thread(thread, cpus)
        self._default()
        self._memory()
        self._hugepages()
        self._vhost()
        self._redefine()
        self._keep_to_the_scope()

    def _keep_to_the_scope(self):
        if not overlap(self._wish.scope, PERSISTENT):
            self.persistent = []
        if not overlap(self._wish.scope, LIVE):
            self.live, self.pending, self.unclear, self.left = [], [], [], []

    def _action(self, scope, field, before, after, verb, arguments, **more):
        target = more.pop("target", self._pinned.name)
        reason = more.pop("reason", "differs")
        step = Step(self._pinned.guest, scope, verb, arguments, more.pop("keep", ()))
        (self.persistent if scope == PERSISTENT else self.live).append(
            Action(target, "%s.%s" % (scope, field), before, after, reason, data=step)
        )

    def _edit(self, field, before, after, change, value):
        self._edits.append((field, before, after, (change, value)))

    def _wait(self, field, current, wanted, reason, target=None):
        self.pending.append(Pending(target or self._pinned.name, field, current, wanted, GUEST_START, reason))

    def _redefine(self):
        """One definition for all that no call changes; before the calls, because it is made on what was read."""
        step = Step(self._pinned.guest, PERSISTENT, REDEFINE, tuple(change for _f, _b, _a, change in self._edits))
        actions = [
            Action(self._pinned.name, "%s.%s" % (PERSISTENT, field), before, after, "differs", data=step)
            for field, before, after, _change in self._edits
        ]
        self.persistent[:0] = actions

    def _thread(self, thread, cpus):
        if thread.in_persistent and thread.persistent != (cpus or None):
            if cpus:
                self._action(
                    PERSISTENT,
                    thread.field,
                    _shown(thread.persistent),
                    _shown(cpus),
                    thread.verb,
                    _arguments(thread, cpus),
                )
            else:
                self._edit(thread.field, _shown(thread.persistent), "none", thread.drop, thread.number)
        if self._pinned.live is None:
            return
        if not thread.in_live:
            self._wait(thread.field, None, _shown(cpus), "the running guest does not have it yet")
            return
        wanted = cpus or self._anywhere(None)
        now = self._anywhere(thread.live) if not cpus else thread.live
        if now is None or (now & self._state.online) != wanted:
            keep = self._workers_to_keep() if thread.verb == PIN_EMULATOR else ()
            self._action(
                LIVE,
                thread.field,
                _shown(thread.live),
                _shown(wanted),
                thread.verb,
                _arguments(thread, wanted),
                keep=keep,
                reason="differs" if cpus else "it is to have no pin of its own",
            )

    def _anywhere(self, own):
        """The CPUs of a thread of the running guest whose own pin is ``own``."""
        cpus = self._pinned.live.cpus_of(own)
        return self._state.online if cpus is None else cpus & self._state.online

    def _default(self):
        cpus, pinned = self._wish.vcpu_default, self._pinned
        if cpus is None:
            return
        if pinned.persistent is not None and pinned.persistent.cpuset != (cpus or None):
            self._edit("vcpu_default", _shown(pinned.persistent.cpuset), _shown(cpus), edit.set_cpuset, cpus)
        if pinned.live is not None and pinned.live.cpuset != (cpus or None):
            self._wait(
                "vcpu_default", _shown(pinned.live.cpuset), _shown(cpus), "libvirt reads it when the guest starts"
            )

    def _memory(self):
        wanted, pinned = self._wish.memory, self._pinned
        if wanted is None:
            return
        if pinned.persistent is not None and (pinned.persistent.memory or "none") != wanted:
            before = str(pinned.persistent.memory or "none")
            if isinstance(wanted, Memory):
                self._action(PERSISTENT, "memory", before, str(wanted), SET_NUMA, (wanted.mode, wanted.nodes))
            else:
                self._edit("memory", before, "none", edit.drop_memory, None)
        if pinned.live is None or (pinned.live.memory or "none") == wanted:
            return
        now = pinned.live.memory
        if isinstance(wanted, Memory) and now is not None and now.mode == wanted.mode == "restrictive":
            self._action(LIVE, "memory", str(now), str(wanted), SET_NUMA, (None, wanted.nodes))
        else:
            reason = "a running guest's policy stays, and its nodes too, unless it was started in mode restrictive"
            self._wait("memory", str(now or "none"), str(wanted), reason)

    def _hugepages(self):
        size, pinned = self._wish.hugepages, self._pinned
        if size is None:
            return
        for scope, pins in ((PERSISTENT, pinned.persistent), (LIVE, pinned.live)):
            if pins is None or pins.hugepages == pages(size):
                continue
            before = _sizes(pins.hugepages)
            if scope == PERSISTENT:
                self._edit("hugepages", before, size, edit.set_hugepages, size)
            else:
                self._wait("hugepages", before, size, "a running guest keeps the memory that it has")

    def _wished_workers(self):
        """``[(VhostWish, Worker, CpuSet)]`` of what was found; the rest is told in ``unclear`` or waits."""
        found, pinned = [], self._pinned
        emulator = emulator_cpus(self._wish, pinned, self._state) & self._state.online
        for vhost in self._wish.vhost:
            nic = next((nic for nic in pinned.workers.nics if nic.name == vhost.interface), None)
            target = "%s/%s" % (pinned.name, vhost.interface)
            if nic is None:
                self._wait("vhost", None, _shown(vhost.cpus), "the running guest does not have this NIC yet", target)
                continue
            mine = [] if pinned.workers.workers is UNKNOWN else [w for w in pinned.workers.workers if w.nic is nic]
            if vhost.queue is not None:
                mine = [worker for worker in mine if worker.queue == vhost.queue]
            if len(mine) != (nic.queues if vhost.queue is None else 1):
                (self.unclear if vhost.required else self.left).append(self._why_unclear(target))
                continue
            found += [(vhost, worker, vhost.cpus or emulator) for worker in mine]
        return found

    def _why_unclear(self, target):
        known = self._pinned.workers
        if known.workers is UNKNOWN:
            return "%s: its vhost workers cannot be found: %s" % (target, known.problem)
        if not known.workers:
            return (
                "%s: the guest has no vhost worker, so that QEMU moves its packets itself: was /dev/vhost-net there "
                "when it started, and does its driver run?" % target
            )
        wanted = sum(nic.queues for nic in known.nics)
        return (
            "%s: its vhost workers cannot be told apart (%d workers for %d queues): send packets through this NIC alone "
            "and run again" % (target, len(known.workers), wanted)
        )

    def _workers_to_keep(self):
        return tuple((worker.thread, cpus) for _wish, worker, cpus in self._workers if worker.thread.cpus == cpus)

    def _vhost(self):
        for vhost, worker, cpus in self._workers:
            if worker.thread.cpus == cpus:
                continue
            queue = "?" if worker.queue is None else worker.queue
            self._action(
                LIVE,
                "vhost.%s" % queue,
                worker.thread.cpus if worker.thread.cpus is UNKNOWN else str(worker.thread.cpus),
                str(cpus),
                PIN_WORKER,
                (worker.thread, cpus),
                target="%s/%s" % (self._pinned.name, vhost.interface),
                reason="differs" if vhost.cpus else "it is to follow the emulator",
            )


def plans_of(desired, state):
    return [GuestPlan(wish, pinned, state) for wish, pinned in zip(desired.guests, state.guests)]


def definitions(plans):
    """The actions on definitions. What is defined anew comes first and once for each guest, however often it is listed,
    because that is made on what was read."""
    actions = [action for plan in plans for action in plan.persistent]
    anew = [action for action in actions if action.data.verb == REDEFINE]
    changes = {}
    for step in {id(action.data): action.data for action in anew}.values():
        changes.setdefault(step.guest.uuid, []).extend(step.arguments)
    steps = {
        uuid: Step(action.data.guest, PERSISTENT, REDEFINE, tuple(changes[uuid]))
        for uuid, action in {action.data.guest.uuid: action for action in anew}.items()
    }
    merged = [replace(action, data=steps[action.data.guest.uuid]) for action in anew]
    return merged + [action for action in actions if action.data.verb != REDEFINE]
