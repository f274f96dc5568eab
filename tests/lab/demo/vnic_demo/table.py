# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for people: a line for each NIC, then what each is for."""

from __future__ import annotations

# title: what of a NIC is below it
CELLS = {
    "network": "network",
    "attachment": "attachment",
    "backend": "backend",
    "node": "numa_node",
    "irq": "irq_cpus",
    "vcpu": "vcpu_cpus",
    "vhost": "vhost_cpus",
    "aligned": "aligned",
}


def table(report):
    entries = [entry for host in report["hosts"].values() for entry in host["guests"].items()]
    rows = [("guest", "nic", *CELLS, "share", "ping", "after reboot")]
    rows += [_row(guest, nic) for guest, entry in entries for nic in entry["interfaces"]]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
    for guest, entry in entries:
        for nic in entry["interfaces"]:
            lines += _reasons(guest, nic)
        memory = ", ".join("%d MiB on node %s" % (size, node) for node, size in (entry["memory_mib"] or {}).items())
        lines.append("%s: its memory: %s" % (guest, memory or "unknown"))
    return "\n".join(lines)


def _row(guest, nic):
    share = nic["irq_share_on_target"]
    cells = ["-" if nic[key] is None else str(nic[key]) for key in CELLS.values()]
    cells.append("-" if share is None else "%.0f %%" % (100 * share))
    cells.append("%.2f ms" % nic["rtt_ms"] if nic["reachable"] else "NO ANSWER")
    cells.append("answers" if nic["reachable_after_reboot"] else "NO ANSWER")
    return (guest, nic["name"], *cells)


def _reasons(guest, nic):
    yield "%s/%s: %s" % (guest, nic["name"], nic["reason"])
    yield from ("    not %s: %s" % (no["attachment"], no["reason"]) for no in nic["rejected"])
    if nic["attachment"] == "ovs":
        yield "    VLAN %s; of frames with a false source address: %s" % (nic["vlan"], nic["spoofed"])
    aligned = "aligned: " + nic["aligned"] if nic["aligned"] else "not aligned"
    yield "    %s: %s" % (aligned, nic["aligned_reason"])
    if nic["irq_share_reason"]:
        yield "    no share of interrupts: %s" % nic["irq_share_reason"]


def counts(name, host):
    found = (host["remote_tasks"], host["changed_first"], host["changed_started"], host["changed_second"])
    text = "%s: %d remote tasks; %d changed in the first run, %d once the guests ran, %d after that"
    return text % (name, *found)
