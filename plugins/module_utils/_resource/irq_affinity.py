# SPDX-License-Identifier: GPL-3.0-or-later
"""On which CPUs NICs' interrupts arrive."""

from __future__ import annotations

from .._model.action import UNKNOWN, UNSUPPORTED, Action, Pending
from .._model.cpu_set import CpuSet
from .._model.errors import InvalidInput, Unsupported
from .._model.irq_wish import ALL
from .irq_state import observe
from .irq_validate import validate
from .irqbalance_plan import RESTART, TARGET, apply_irqbalance, notes_irqbalance, plan_irqbalance
from .resource import Resource

DEFAULT_TARGET = "default_smp_affinity"
NEXT_INTERRUPT = "next_interrupt"
# kernel/irq/proc.c, write_irq_affinity; none of the NICs' drivers that we know lets the kernel spread its interrupts
MANAGED = "the kernel places this interrupt itself, where its driver asked it to, and takes no other wish"


class IrqAffinity(Resource):
    kind = "irq_affinity"

    def validate(self, params, host):
        return validate(params, host)

    def observe(self, host, desired):
        return observe(host, desired)

    def missing(self, desired, state):
        return [] if desired.skips else state.placements.problems

    def plan(self, desired, state):
        places = state.placements
        if places.doubles:
            raise InvalidInput(places.doubles)
        refused = [] if desired.skips else list(places.unsupported)
        if desired.strict:
            refused += ["%s %s: %s" % (p.target, p.label, MANAGED) for p in self._managed(state)]
        if refused:
            raise Unsupported("; ".join(refused))
        actions = plan_irqbalance(desired, state)
        for placement in places.found:
            if placement.irq.number not in state.managed:
                actions += self._plan_one(placement)
        return actions + self._plan_default(desired, state)

    @staticmethod
    def _plan_one(placement):
        wanted, irq = str(placement.wanted), irq_text(placement)
        if not placement.as_wished:
            before = _shown(placement.irq.affinity)
            yield Action(placement.target, placement.label, before, wanted, irq, data=placement)
        elif placement.arrives is False and not _moves_later(placement):
            reason = "%s may go nowhere else, and does" % irq
            yield Action(
                placement.target, placement.label, _shown(placement.irq.effective), wanted, reason, data=placement
            )

    @staticmethod
    def _plan_default(desired, state):
        if desired.default_cpus is None:
            return []
        wished = desired.default_cpus
        if wished == ALL:
            wished = state.around.possible or state.around.online
            if not wished:
                raise Unsupported("default_cpus: which CPUs there are cannot be read")
        if wished == state.default_affinity:
            return []
        reason = "new interrupts, such as those of a guest's VF at each of its starts, begin there"
        before = _shown(state.default_affinity)
        return [Action(DEFAULT_TARGET, "cpus", before, str(wished), reason, data=wished)]

    @staticmethod
    def _managed(state):
        return [p for p in state.placements.found if p.irq.number in state.managed and not p.as_wished]

    def pending(self, desired, state):
        yield from state.placements.waiting
        for placement in state.placements.found:
            if placement.as_wished and placement.arrives is False and _moves_later(placement):
                yield Pending(
                    placement.target,
                    placement.label,
                    _shown(placement.irq.effective),
                    str(placement.wanted),
                    NEXT_INTERRUPT,
                    "without interrupt remapping, the kernel moves an interrupt when it occurs",
                )

    def undo(self, desired, before, actions):
        from .irq_affinity_undo import lead_back  # only a run that changes something needs it

        return lead_back(before, actions)

    def leads(self, params):
        from .irq_affinity_undo import led

        return led(params)

    def notes(self, desired, state):
        if desired.skips:
            yield from ("left out: %s" % text for text in (*state.placements.problems, *state.placements.unsupported))
        for placement in self._managed(state):
            yield "%s %s is left as it is, unmanageable: %s" % (placement.target, placement.label, MANAGED)
        chosen = CpuSet().union(*(placement.wanted for placement in state.placements.found))
        isolated = chosen & state.around.kept_free
        if isolated:
            yield (
                "CPUs %s, where interrupts are placed, are isolated or without a tick: each interrupt disturbs what "
                "runs there alone" % CpuSet(isolated)
            )
        if desired.default_cpus not in (None, ALL) and desired.default_cpus & state.around.kept_free:
            yield "default_cpus has the isolated CPUs %s in it: any new interrupt may come there" % (
                desired.default_cpus & state.around.kept_free
            )
        yield from notes_irqbalance(desired, state)

    def batches(self, actions):
        """irqbalance's first, one by one: when it starts it places everything that it was not told to leave alone. All
        interrupts together, so that one that fails keeps no other from its place."""
        balance = [action for action in actions if action.target == TARGET]
        rest = [action for action in actions if action.target != TARGET]
        return [[action] for action in balance] + ([rest] if rest else [])

    def apply(self, host, batch):
        if batch[0].target == TARGET:
            return [apply_irqbalance(host, action) for action in batch]
        from .irq_affinity_apply import apply_affinities  # only a run that changes something needs it

        return apply_affinities(host, batch)

    def excuses(self, desired, result):
        return not desired.strict

    def budget(self, actions):
        # systemd starts irqbalance in a process that becomes it only a little later
        return 15.0 if any(action.field == RESTART for action in actions) else 5.0

    def facts(self, outcome):
        refused = {
            (result.action.target, result.action.field) for result in outcome.results if result.status == UNSUPPORTED
        }
        irqs = [self._fact(placement, outcome.after, refused) for placement in outcome.after.placements.found]
        return {"irqs": irqs, "unmanageable": sum(1 for irq in irqs if irq["managed"])}

    @staticmethod
    def _fact(placement, state, refused):
        irq = placement.irq
        return {
            "irq": irq.number,
            "device": placement.target,
            "pci": placement.pci,
            "role": irq.role.kind,
            "queue": irq.role.queue,
            "name": irq.name,
            "wanted": str(placement.wanted),
            "affinity": _shown(irq.affinity),
            "effective": _shown(irq.effective),
            "managed": irq.number in state.managed or (placement.target, placement.label) in refused,
        }

    def show(self, state):
        shown = {
            "%s %s" % (placement.target, placement.label): _shown(placement.irq.affinity)
            for placement in state.placements.found
        }
        if state.default_affinity is not UNKNOWN:
            shown[DEFAULT_TARGET] = str(state.default_affinity)
        if state.balance is not None and state.balance.installed:
            shown["irqbalance kept_off"] = sorted(state.balance.kept_off)
            shown["irqbalance banned_cpus"] = _shown(state.balance.banned)
            shown["irqbalance running_policy"] = state.balance.running_script
        return shown


def irq_text(placement):
    return "interrupt %d" % placement.irq.number


def _moves_later(placement):
    """On x86 an interrupt that nothing remaps is moved when it next occurs (kernel/irq/migration.c,
    irq_move_masked_irq)."""
    return placement.irq.remapped is not True


def _shown(cpus):
    return cpus if cpus is None or cpus is UNKNOWN else str(cpus)
