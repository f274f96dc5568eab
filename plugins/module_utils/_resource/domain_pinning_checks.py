# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the host can tell about where a guest is to run: CPUs, threads and NICs that are not there."""

from __future__ import annotations

from .._model.cpu_set import CpuSet
from .._model.errors import Problem
from .._model.vhost_attribution import has_vhost
from .domain_pinning_memory import memory_refusals


def missing(desired, state):
    """A Problem for each NIC that a wish speaks of and no definition has; an earlier step may make it."""
    for wish, pinned in zip(desired.guests, state.guests):
        for vhost in wish.vhost:
            if pinned.nic(vhost.interface) == (None, None):
                names = ", ".join(pinned.nic_names()) or "none"
                message = "is no NIC of guest %s: its NICs with a name are %s" % (pinned.name, names)
                yield Problem(vhost.path + ".interface", vhost.interface, message)


def refusals(desired, state):
    """A Problem for every wish that this host or its guest cannot carry out."""
    found = []
    for wish, pinned in zip(desired.guests, state.guests):
        found += _cpus(wish, state)
        found += _numbers(wish, pinned)
        found += _vhost(wish, pinned, state)
        found += _transient(wish, pinned)
    return found + list(memory_refusals(desired, state))


def _cpus(wish, state):
    for path, cpus in wish.cpu_lists():
        absent, offline = cpus - state.present, (cpus & state.present) - state.online
        trouble = ["CPU %s does not exist" % absent] if absent else []
        trouble += ["CPU %s is offline" % offline] if offline else []
        if trouble:
            yield Problem(
                path, str(cpus), "cannot be had: %s here; online are %s" % (" and ".join(trouble), state.online)
            )


def _numbers(wish, pinned):
    """A thread need only be in one definition: what the running guest lacks is waited for."""
    definitions = [pins for pins in (pinned.persistent, pinned.live) if pins is not None]
    most = max(pins.vcpus for pins in definitions)
    for number, cpus in wish.vcpus.items():
        if number >= most:
            message = "is for a vCPU that guest %s does not have: it has %d, numbered from 0" % (pinned.name, most)
            yield Problem("%s.vcpus.%d" % (wish.path, number), _shown(cpus), message)
    known = sorted({number for pins in definitions for number in pins.iothreads})
    for number, cpus in wish.iothreads.items():
        if number not in known:
            names = ", ".join(map(str, known)) or "none"
            message = "is for an IO thread that guest %s does not have: it has %s" % (pinned.name, names)
            yield Problem("%s.iothreads.%d" % (wish.path, number), _shown(cpus), message)


def _shown(cpus):
    return str(cpus) or "none"


def emulator_cpus(wish, pinned, state):
    """Where the guest's emulator is going to run: in the running guest, or else as it is defined."""
    pins = pinned.live or pinned.persistent
    own = pins.emulator if wish.emulator is None else wish.emulator or None
    cpus = pins.cpus_of(own)
    return state.online if cpus is None else cpus


def _vhost(wish, pinned, state):
    emulator = emulator_cpus(wish, pinned, state)
    for vhost in wish.vhost:
        live, persistent = pinned.nic(vhost.interface)
        nic = live or persistent
        if nic is None:
            continue
        if not has_vhost(nic):
            yield Problem(vhost.path + ".interface", vhost.interface, "has no vhost worker: it is %s" % _kind(nic))
        elif vhost.queue is not None and vhost.queue >= _queues(nic):
            message = "is no queue of %s/%s: it has %d, numbered from 0" % (pinned.name, nic.name, _queues(nic))
            yield Problem(vhost.path + ".queue", vhost.queue, message)
        outside = CpuSet(vhost.cpus) - emulator
        if outside:
            # the workers are in the control group of the emulator, whose CPUs bound what sched_setaffinity(2) can do
            yield Problem(
                vhost.path + ".cpus",
                str(vhost.cpus),
                "leaves the emulator's CPUs %s by %s: the workers of guest %s live among its emulator threads; say "
                "emulator with these CPUs too" % (emulator, outside, pinned.name),
            )


def _queues(nic):
    return nic.queues if isinstance(nic.queues, int) else 1


def _kind(nic):
    if nic.type == "hostdev":
        return "a device of the host that the guest drives itself"
    if nic.backend == "qemu":
        return "served by QEMU itself (backend qemu)"
    return "of type %s and model %s" % (nic.type, nic.model)


def _transient(wish, pinned):
    """Without a definition there is nothing that could wait for the next start."""
    if pinned.persistent is not None:
        return
    for name, differs in (
        ("vcpu_default", wish.vcpu_default is not None and (wish.vcpu_default or None) != pinned.live.cpuset),
        ("memory", wish.memory not in (None, pinned.live.memory or "none")),
        ("hugepages", wish.hugepages is not None and pages(wish.hugepages) != pinned.live.hugepages),
    ):
        if differs:
            value = getattr(wish, name)
            message = "cannot change while guest %s runs, and it is transient: nothing is kept for its next start"
            yield Problem("%s.%s" % (wish.path, name), _plain(value), message % pinned.name)


def _plain(value):
    return value if isinstance(value, int) else str(value)


def pages(size):
    """``size`` in KiB as DomainPins has it."""
    return (size,) if size else ()
