# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's NUMA nodes, CPUs and who has them, drawn in text from its plan."""

from __future__ import annotations

from ...module_utils._model.cpu_set import CpuSet
from .words import few, short


class _Users:
    """Of one CPU, by what they do there."""

    def __init__(self):
        self.vcpus, self.sharing, self.workers, self.interrupts = [], [], [], []

    def __bool__(self):
        return bool(self.vcpus or self.sharing or self.workers or self.interrupts)

    def told(self):
        return (
            ([few(self.vcpus)] if self.vcpus else [])
            + (["shared by %s" % few(self.sharing)] if self.sharing else [])
            + (["vhost of %s" % few(self.workers)] if self.workers else [])
            + (["interrupts of %s" % few(self.interrupts)] if self.interrupts else [])
        )


def _users(plan):
    """``{cpu: _Users}``."""
    found = {}

    def at(words):
        return [found.setdefault(cpu, _Users()) for cpu in CpuSet.from_list(words)]

    for entry in plan["pinnings"]:
        guest = short(entry["name"])
        for words in dict.fromkeys(entry.get("vcpus", {}).values()):
            own = CpuSet(int(number) for number, pin in entry["vcpus"].items() if pin == words)
            for users in at(words):
                if len(own) > 1 or "," in words or "-" in words:
                    users.sharing.append(guest)
                else:
                    users.vcpus.append("%s vCPU %s" % (guest, own))
        several = {worker["interface"] for worker in entry.get("vhost", ()) if worker["queue"]}
        for worker in entry.get("vhost", ()):
            name = "%s/%s" % (guest, short(worker["interface"]))
            for users in at(worker["cpus"]):
                users.workers.append(name + (" queue %d" % worker["queue"] if worker["interface"] in several else ""))
    for target in plan["interrupts"]["targets"]:
        for users in at(target.get("cpus", "")):
            users.interrupts.append(short(target.get("device") or target["vf"]))
    return found


def _lines(node, users, housekeeping, isolated):
    """``(CPUs, what they are for)``, neighbours that are alike in one."""
    siblings = {cpu: core for core in map(CpuSet.from_list, node["cores"]) for cpu in core}
    rows = []
    for cpu in sorted(CpuSet.from_list(node["cpus"])):
        told = users[cpu].told() if cpu in users else []
        if cpu in housekeeping:
            told.insert(0, "housekeeping")
        elif not told:
            beside = any(other in users for other in siblings.get(cpu, ()))
            told = ["idle, its core's other thread is a guest's" if beside else "free"]
        if cpu in isolated:
            told.append("isolated")
        text = "; ".join(told)
        if rows and rows[-1][1] == text:
            rows[-1][0].append(cpu)
        else:
            rows.append(([cpu], text))
    return [(str(CpuSet(cpus)), text) for cpus, text in rows]


def _head(node, cards):
    name = "NUMA node %d" % node["id"] if node["id"] is not None else "no known NUMA node"
    parts = ["CPUs %s" % node["cpus"] if node["cpus"] else "no CPUs"]
    if node["memory_mib"] is not None:
        parts.append("%d MiB" % node["memory_mib"])
    on_it = [short(card) for card, number in cards.items() if number == node["id"] and number is not None]
    if on_it:
        parts.append("card%s %s" % ("s"[: len(on_it) != 1], ", ".join(on_it)))
    return "%s: %s" % (name, ", ".join(parts))


def drawing(plan):
    """Lines: a box for each node, a row for each CPU or row of CPUs that are alike."""
    topology = plan["topology"]
    users = _users(plan)
    housekeeping, isolated = CpuSet.from_list(plan["housekeeping"]), CpuSet.from_list(topology["isolated"])
    lines = []
    for node in topology["nodes"]:
        rows = _lines(node, users, housekeeping, isolated)
        width = max((len(cpus) for cpus, _text in rows), default=0)
        lines.append("+-- %s" % _head(node, topology["cards"]))
        lines += ["|  %s  %s" % (cpus.ljust(width), text) for cpus, text in rows]
        lines.append("+--")
    unknown = [short(card) for card, number in topology["cards"].items() if number is None]
    if unknown and topology["nodes"]:
        lines.append("NUMA node unknown: %s" % ", ".join(unknown))
    return lines
