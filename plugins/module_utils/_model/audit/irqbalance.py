# SPDX-License-Identifier: GPL-3.0-or-later
"""irqbalance, about to move interrupts that somebody placed for a guest."""

from __future__ import annotations

from .. import reading
from ..finding import NOTICE, WARNING, Finding

ID = "irqbalance_undoes"


def irqbalance_undoes(scene):
    """Placed: an interrupt of a guest's NIC that may go to fewer CPUs than all. One whose CPUs are all banned stays.

    A notice where nobody wished for it, because irqbalance itself may have placed it so.
    """
    daemon = reading.mapping(scene.interrupts.get("irqbalance"))
    if daemon.get("running") is not True or daemon.get("policy_script") is not None or scene.online is None:
        return
    banned = reading.cpus(daemon.get("banned_cpus")) or frozenset()
    default = reading.cpus(scene.interrupts.get("default_affinity")) or scene.online
    cards = {card.name: card for _guest, _interface, card in scene.served()}
    for name in sorted(cards):
        irqs = [
            vector.irq
            for vector in scene.vectors(cards[name])
            if vector.affinity
            and vector.affinity < scene.online
            and vector.affinity != default
            and not vector.affinity <= banned
        ]
        if irqs:
            yield Finding(
                id=ID,
                severity=WARNING if scene.wishes.interrupt_targets(cards[name]) else NOTICE,
                subject=name,
                summary="irqbalance runs and was told nothing of IRQs %s of %s: it may move them at any time"
                % (", ".join(map(str, sorted(irqs))), name),
                evidence={"irqs": sorted(irqs), "banned_cpus": daemon.get("banned_cpus"), "policy_script": None},
                remedy="run the playbook kvm.vnic.site, which tells irqbalance what to leave alone",
            )
