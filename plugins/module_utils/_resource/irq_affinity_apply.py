# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing where interrupts go: each by itself, so that one that fails leaves the others to be done."""

from __future__ import annotations

from .._model.action import DONE, FAILED, UNKNOWN, UNSUPPORTED, Result
from .._model.errors import ApplyFailed
from .device_irqs import AFFINITY, EFFECTIVE, read_functions
from .irq_placement import Placement

DEFAULT_AFFINITY = "/proc/irq/default_smp_affinity"
_GONE = "ENOENT"
# EPERM since Linux 6.11, EIO before it (kernel/irq/proc.c, write_irq_affinity)
_MANAGED = ("EPERM", "EIO")
_HINTS = {
    "ENOSPC": "no interrupt vector is left on these CPUs: spread over more, or give devices there fewer queues",
    "EINVAL": "none of these CPUs is online, or the interrupt's chip cannot be told a CPU",
    "EOVERFLOW": "a CPU is beyond those that this kernel knows",
    "EACCES": "this takes root",
}


def apply_affinities(host, batch):
    """One Result for each action, in order. An interrupt that is gone is looked for once under its new number."""
    results = [_apply(host, action) for action in batch]
    gone = [index for index, result in enumerate(results) if result.status == FAILED and _gone(result)]
    if gone:
        read = read_functions(host, [batch[index].data.pci for index in gone])
        for index in gone:
            results[index] = _again(host, batch[index], read[batch[index].data.pci])
    return _with_places(host, results)


def _code(result):
    return result.message.split(" ", 1)[0]


def _gone(result):
    return _code(result) == _GONE and isinstance(result.action.data, Placement)


def _apply(host, action, number=None):
    path, value = _file(action, number)
    try:
        host.files.write(path, value)
    except ApplyFailed as error:
        code = error.cause.split(" ", 1)[0]
        if code in _MANAGED and path != DEFAULT_AFFINITY:
            return Result(
                action, UNSUPPORTED, "%s: the kernel places this interrupt itself (unmanageable)" % error.cause
            )
        return Result(action, FAILED, "%s%s" % (error.cause, ": " + _HINTS[code] if code in _HINTS else ""))
    return Result(action, DONE)


def _file(action, number):
    """``(path, value)`` to write."""
    if not isinstance(action.data, Placement):
        return DEFAULT_AFFINITY, action.data.to_mask()
    return AFFINITY % (action.data.irq.number if number is None else number), action.after


def _again(host, action, function):
    """Where a driver was reset meanwhile, its interrupts have other numbers and the same names."""
    irqs = () if function.irqs is UNKNOWN else function.irqs
    old = action.data.irq
    found = [
        irq
        for irq in irqs
        if irq.requested and irq.role == old.role and (old.role.queue is not None or irq.name == old.name)
    ]
    if len(found) != 1:
        return Result(
            action,
            FAILED,
            "interrupt %d is gone, and %s has no other for it now: its driver was reset; run again"
            % (old.number, function.pci),
        )
    result = _apply(host, action, found[0].number)
    if result.status == FAILED:
        message = "interrupt %d was interrupt %d before: %s" % (found[0].number, old.number, result.message)
        return Result(action, FAILED, message)
    return result


def _with_places(host, results):
    """The failed ones with where their interrupts go all the same."""
    failed = [result for result in results if result.status == FAILED and isinstance(result.action.data, Placement)]
    if not failed:
        return results
    read = host.files.read_many([EFFECTIVE % result.action.data.irq.number for result in failed])
    told = []
    for result in results:
        place = UNKNOWN if result not in failed else read[EFFECTIVE % result.action.data.irq.number]
        if place is not UNKNOWN:
            result = Result(
                result.action, result.status, "%s; it arrives on CPU %s" % (result.message, place or "none")
            )
        told.append(result)
    return told
