# SPDX-License-Identifier: GPL-3.0-or-later
"""Where interrupts went before, as parameters."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.irq_wish import LEAVE, SKIP
from .._model.undo import Undo
from .irqbalance_plan import BANNED, EXACT, KEPT_OFF, OLD_SCRIPTS, RESTART, TARGET

DEFAULT_TARGET = "default_smp_affinity"


def _targets(actions):
    """Each interrupt by its function's address and its own name, and those with the same CPUs together."""
    groups, unread = {}, []
    for action in actions:
        placement = action.data
        if placement.irq.affinity is UNKNOWN:
            unread.append("where %s %s went is not known" % (placement.target, placement.label))
        else:
            groups.setdefault((placement.pci, str(placement.irq.affinity)), []).append(placement.label)
    found = [{"device": pci, "interrupts": labels, "cpus": cpus} for (pci, cpus), labels in groups.items()]
    return found, unread


def lead_back(before, actions):
    """The Undo of ``actions``. Where they go is told last, because an irqbalance that starts places them all; that it
    then moves those that it is not kept off is as it was."""
    balance = [action for action in actions if action.target == TARGET]
    default = [action for action in actions if action.target == DEFAULT_TARGET]
    targets, uncovered = _targets([action for action in actions if action not in balance + default])
    params = {"targets": targets, "missing": SKIP}
    if default:
        if before.default_affinity is UNKNOWN:
            uncovered.append("where new interrupts went is not known")
        else:
            params["default_cpus"] = str(before.default_affinity)
    settings = None
    if balance:
        from .irqbalance_exact import settings_before

        settings, told = settings_before(before.balance, {action.field for action in balance})
        uncovered += told
    params["irqbalance_settings" if settings is not None else "irqbalance"] = LEAVE if settings is None else settings
    wished = bool(targets) or "default_cpus" in params or settings is not None
    return Undo(params if wished else None, (), tuple(uncovered))


def led(params):
    """``(target, field)`` of what a run with ``params`` leads, though no name in them tells it."""
    found = set()
    if params.get("default_cpus") is not None:
        found.add((DEFAULT_TARGET, "cpus"))
    if params.get("irqbalance") != LEAVE:
        if params.get("targets") or params.get("purge") or params.get("irqbalance_settings") is not None:
            found |= {(TARGET, field) for field in (KEPT_OFF, RESTART, OLD_SCRIPTS, EXACT)}
        if params.get("banned_cpus") is not None:
            found |= {(TARGET, BANNED), (TARGET, RESTART), (TARGET, EXACT)}
    return found
