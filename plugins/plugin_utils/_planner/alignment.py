# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a NIC's interrupt, vCPU and vhost worker come together: on one CPU, on one node, or not."""

from __future__ import annotations

from .host_cpus import listed, union
from .rules import SRIOV


def alignment(entry, seat, arrival, topology):
    """``{irq_cpus, vcpu_cpus, vhost_cpus, queues, aligned, aligned_reason}`` of one NIC, as planned; ``aligned`` is
    None, with the reason, where nothing is planned.
    """
    report = dict.fromkeys(("irq_cpus", "vcpu_cpus", "vhost_cpus", "queues", "aligned"))
    if seat is None:
        pending = entry.resident.domain is None
        report["aligned_reason"] = "its guest is not defined yet" if pending else "its guest's CPUs are unknown"
        return report
    workers = [cpus for (name, _queue), cpus in seat.workers.items() if name == entry.nic.name]
    together = union(workers) if len(workers) != 1 else workers[0]
    report["queues"] = seat.queues.get(entry.nic.name)
    report["vcpu_cpus"] = listed(seat.cpus) if seat.vcpus else None
    report["vhost_cpus"] = listed(together) if workers else None
    report["irq_cpus"] = listed(arrival.cpus) if arrival is not None and arrival.cpus else None
    report["aligned"], report["aligned_reason"] = _judge(entry, seat, arrival, together, topology)
    return report


def _judge(entry, seat, arrival, workers, topology):
    if arrival is not None and arrival.posted:
        return "posted", "the IOMMU posts its interrupts to the vCPU, wherever that runs"
    if not seat.vcpus:
        return "no", "its guest's vCPUs are pinned nowhere"
    if arrival is not None and not arrival.cpus:
        return "no", arrival.why
    first = seat.vcpus.get(0)
    if arrival is not None and len(arrival.cpus) == 1 and arrival.cpus == first:
        reason = "the interrupt arrives on the CPU of vCPU 0"
        if seat.domain.vcpus > 1:
            reason += ", which holds as long as the guest serves this NIC there"
        return "cpu", reason
    return _judge_nodes(entry, seat, arrival, workers, topology)


def _judge_nodes(entry, seat, arrival, workers, topology):
    parts = [("vCPUs", seat.cpus), ("vhost workers", workers)]
    if arrival is not None:
        parts.insert(0, ("interrupts", arrival.cpus))
    if topology.is_one_place:
        return "node", "all CPUs of this host are on one NUMA node"
    nodes = {what: topology.nodes_of(cpus) for what, cpus in parts if cpus}
    all_nodes = frozenset().union(*nodes.values())
    if len(all_nodes) > 1:
        return "no", ", ".join(
            "%s on NUMA node%s %s" % (what, "s"[: len(found) > 1], " and ".join(map(str, sorted(found))))
            for what, found in nodes.items()
        )
    (node,) = all_nodes
    if entry.place.node is None and (entry.place.attachment == SRIOV or entry.place.uplink is not None):
        return "no", "%s are on NUMA node %d, the card's own is unknown" % (_all_of(nodes), node)
    if entry.place.node is not None and entry.place.node != node:
        return "no", "the card is on NUMA node %d, %s are on node %d" % (entry.place.node, _all_of(nodes), node)
    return "node", "%s are on NUMA node %d%s" % (
        _all_of(nodes),
        node,
        ", as is the card" if entry.place.node is not None else "; no card is involved",
    )


def _all_of(names):
    """``a, b and c``."""
    *first, last = names
    return "%s and %s" % (", ".join(first), last) if first else last
