# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupts that arrive on other CPUs, or another node, than the vCPUs that they are for."""

from __future__ import annotations

from .. import reading
from ..cpu_set import CpuSet
from ..finding import NOTICE, WARNING, Finding

ID = "interrupt_elsewhere"


def interrupt_elsewhere(scene):
    """A warning where the nodes differ; a notice where only the CPUs do, and the card serves one guest's one vCPU.

    Nothing is said of what the IOMMU posts, nor of interrupts that are where the wish has them.
    """
    served = scene.served()
    for guest, interface, card in served:
        reach = scene.reach(guest)
        if not reach or (interface.pci and _may_post(scene.facts)):
            continue
        wished, alone = scene.wishes.interrupt_cpus(card), scene.alone(card, served)
        misplaced = {}
        for vector in scene.vectors(card):
            if vector.effective and not (wished and vector.effective <= wished):
                misplaced.setdefault(_compare(scene, guest, vector, reach, alone), []).append(vector)
        for severity in (WARNING, NOTICE):
            if severity in misplaced:
                yield _finding(scene, guest, interface, card, misplaced[severity], reach, severity)


def _may_post(facts):
    """Unless it is known that the interrupts of VFs take the way through the host's CPUs."""
    return (
        reading.mapping(facts.get("iommu")).get("posted_interrupts") is not False
        and reading.mapping(facts.get("virtualization")).get("apicv") is not False
    )


def _compare(scene, guest, vector, reach, alone):
    there, here = scene.nodes_of(vector.effective), scene.nodes_of(reach)
    if there is not None and here is not None and not there & here:
        return WARNING
    if alone and guest.vcpus == 1 and scene.is_pinned(guest) and not vector.effective <= reach:
        return NOTICE
    return None


def _finding(scene, guest, interface, card, vectors, reach, severity):
    irqs = sorted(vector.irq for vector in vectors)
    cpus = CpuSet(cpu for vector in vectors for cpu in vector.effective)
    return Finding(
        id=ID,
        severity=severity,
        subject=guest.subject(interface),
        summary="%s of %s on CPU %s%s, the vCPUs of %s run on %s%s"
        % (
            "IRQ %d" % irqs[0] if len(irqs) == 1 else "IRQs %s" % ", ".join(map(str, irqs)),
            card.name + (" arrives" if len(irqs) == 1 else " arrive"),
            cpus,
            _node(scene, cpus),
            guest.name,
            CpuSet(reach),
            _node(scene, reach),
        ),
        evidence={"irqs": irqs, "device": card.name, "effective": str(cpus), "vcpus": str(CpuSet(reach))},
        remedy="run the playbook kvm.vnic.site, or give kvm.vnic.irq_affinity a target for %s" % card.name,
    )


def _node(scene, cpus):
    nodes = scene.nodes_of(cpus)
    return "" if nodes is None else " (node %s)" % " and ".join(map(str, sorted(nodes)))
