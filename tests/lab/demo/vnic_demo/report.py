# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: what was planned explains, what was observed counts."""

from __future__ import annotations

OBSERVED = "attachment backend model mac numa_node rtt_ms vlan spoofed".split()
# Where a NIC is served; null has its reason beside it.
PLACEMENT = "irq_cpus vcpu_cpus vhost_cpus aligned aligned_reason irq_share_on_target irq_share_reason".split()


def compose(runs, written, observed):
    """``{hosts: {host: …}}``. ``runs``: the first, that for the guests which run by then, and the one after them, which wrote
    ``written``, lines by host."""
    first, started, second = runs
    hosts = {}
    for host, run in started.items():
        guests = {}
        for nic in run["plan"]["nics"]:
            guest = observed.get(nic["guest"], {})
            entry = guests.setdefault(nic["guest"], {"memory_mib": guest.get("memory_mib"), "interfaces": []})
            entry["interfaces"].append(_nic(nic, guest.get("interfaces", {}).get(nic["name"], {})))
        hosts[host] = {
            "guests": guests,
            "remote_tasks": len(run["remote"]),
            "changed_first": len(first[host]["changed"]),
            "changed_started": len(run["changed"]),
            "changed_second": len(second[host]["changed"]),
            "written_second": written.get(host, []),
        }
    return {"hosts": hosts}


def _nic(planned, seen):
    return {
        **{key: planned[key] for key in ("name", "network", "reason", "rejected")},
        **{key: seen.get(key) for key in OBSERVED + PLACEMENT},
        "reachable": seen.get("reachable", False),
    }


def note_answers(host, answers):
    """Add to each NIC of the host whether it answered after the reboot."""
    for guest, entry in host["guests"].items():
        for nic in entry["interfaces"]:
            nic["reachable_after_reboot"] = answers.get(guest, {}).get(nic["name"], False)
