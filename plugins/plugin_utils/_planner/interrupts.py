# SPDX-License-Identifier: GPL-3.0-or-later
"""Where interrupts arrive: targets as the module irq_affinity takes them, and what each NIC has of them."""

from __future__ import annotations

from dataclasses import dataclass

from .host_cpus import listed, union
from .rule_report import HOST
from .rules import NO_PREMISE, OTHERWISE, POSTED, SRIOV, UNPOSTED
from .seats import OWN
from .topology import NO_NODE


@dataclass(frozen=True)
class Arrival:
    """Of one NIC: ``cpus``, or None where nothing is placed; ``posted``; ``why``: the reason where there are none."""

    cpus: object = None
    posted: bool = False
    why: str = ""


class Interrupts:
    """``targets`` in order, and ``arrivals``: ``{guest/nic: Arrival}``."""

    def __init__(self, facts, profile, placement, report):
        self._facts, self._placement, self._report = facts, placement, report
        self._rule = profile.rules["irq_cpu"]
        self._posts = self._judge_posting(profile.rules["posted_interrupts"])
        self._unposted_lacks = self._why_not_unposted()
        self.targets, self.arrivals = [], {}

    def _judge_posting(self, rule):
        """Whether the VFs' interrupts are left to the IOMMU."""
        lacking = [
            name
            for name, known in (
                ("the IOMMU posts no interrupts", self._facts.posted_interrupts),
                ("KVM uses neither APICv nor AVIC", self._facts.apicv),
            )
            if not known
        ]
        if rule["value"] == "ignore":
            self._report.applied("posted_interrupts", HOST)
            return False
        if not lacking:
            self._report.applied("posted_interrupts", HOST)
        elif rule["premise"] == POSTED:
            unknown = None in (self._facts.posted_interrupts, self._facts.apicv)
            self._report.absent(
                "posted_interrupts", HOST, ", ".join(lacking) + (", as far as it could be read" if unknown else "")
            )
        else:
            self._report.not_applicable("posted_interrupts", HOST, ", ".join(lacking))
        return not lacking

    def _why_not_unposted(self):
        """Why an interrupt on the vCPU's own CPU would cost more than it gives on this host, or None."""
        if self._rule["premise"] != UNPOSTED:
            return None
        if self._facts.apicv:
            return "KVM posts interrupts to running vCPUs (APICv or AVIC): on the vCPU's CPU each would make it exit"
        if self._facts.apicv is None:
            return "whether KVM uses APICv or AVIC could not be read"
        return None

    def plan(self, attached, cards):
        if self._placement.cpus is None:
            return
        for card in cards.values():
            self._plan_card(card)
        for entry in attached:
            if entry.place.attachment == SRIOV:
                self._plan_vf(entry)

    def _plan_vf(self, entry):
        scope, seat = str(entry.nic), self._placement.seats.get(entry.nic.guest)
        if seat is None:
            return
        if self._posts:
            self._report.not_applicable("irq_cpu", scope, "the IOMMU posts its interrupts")
            self.arrivals[scope] = Arrival(posted=True)
            return
        lacking = self._own_core_lacks([seat])
        node = entry.place.node
        policy, cpus = self._choose(scope, [seat], lacking, seat.node if node is None else node)
        self.arrivals[scope] = Arrival(cpus, why=self._left())
        if cpus is not None:
            target = {"vf": "%s#%d" % entry.place.vf, "policy": policy, "cpus": listed(cpus)}
            self.targets.append(target)

    def _plan_card(self, card):
        seats = [self._placement.seats[name] for name in card.guests if name in self._placement.seats]
        if not seats:
            return
        lacking = self._own_core_lacks(seats)
        if lacking is None and self._rule["premise"] != NO_PREMISE:
            if len(card.guests) > 1:
                lacking = "it serves %d guests" % len(card.guests)
            elif card.others:
                lacking = card.others
        node = card.device.node
        if node is None:
            nodes = {seat.node for seat in seats}
            node = nodes.pop() if len(nodes) == 1 else None
        policy, cpus = self._choose(card.device.name, seats, lacking, node)
        for entry in card.entries:
            # Of two cards below a bond, the NIC has both.
            before = self.arrivals.get(str(entry.nic))
            both = cpus if before is None or before.cpus is None or cpus is None else union([cpus, before.cpus])
            self.arrivals[str(entry.nic)] = Arrival(both, why=self._left())
        if cpus is not None:
            self.targets.append({"device": card.device.name, "policy": policy, "cpus": listed(cpus)})

    def _left(self):
        return "the profile leaves interrupts alone" if self._rule["value"] == "leave" else "no node is known for them"

    def _own_core_lacks(self, seats):
        if self._rule["premise"] == NO_PREMISE:
            return None
        if self._unposted_lacks:
            return self._unposted_lacks
        for seat in seats:
            if seat.kind != OWN:
                return "%s has no CPU of its own" % seat.name
        return None

    def _choose(self, scope, seats, lacking, node):
        """``(policy, CpuSet)``, or ``(None, None)``. ``lacking``: what the premise of ``vcpu`` lacks, or None."""
        value = self._rule["value"]
        if value == "vcpu":
            if lacking is None and all(seat.vcpus.get(0) for seat in seats):
                self._report.applied("irq_cpu", scope)
                return "set", union(seat.vcpus[0] for seat in seats)
            self._report.absent("irq_cpu", scope, lacking or "the guest's vCPU 0 is pinned nowhere")
            value = OTHERWISE["irq_cpu", "vcpu"]
        if value == "leave":
            return None, None
        cpus = self._on_node(node, value)
        if cpus is None:
            self._report.not_applicable("irq_cpu", scope, "its NUMA node is unknown, and so is one of all its guests")
            return None, None
        self._report.applied("irq_cpu", scope, value, None if value == self._rule["value"] else _NEAR)
        return ("spread" if value == "spread" else "set"), cpus

    def _on_node(self, node, value):
        host = self._placement.cpus
        if node is None or node == NO_NODE or node not in host.topology.with_cpus:
            if not host.topology.is_one_place:
                return None
            (node,) = host.topology.with_cpus
        return host.interrupts(node) if value == "spread" else host.near(node)


_NEAR = "beside its guests, on the housekeeping CPUs of its node"
