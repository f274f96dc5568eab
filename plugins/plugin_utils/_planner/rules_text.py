# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a plan for an administrator: each once, with its reason, premise and source, and what became of it
where.
"""

from __future__ import annotations

from ...module_utils._model.display_text import display_text
from .rules import shown
from .words import few, short

_SCOPES = 6


def of_nic(plan):
    """``{(guest, NIC): "queues 2, vhost_cpu own_core, …"}``: the rules carried out for a NIC and its guest."""
    by_scope = {}
    for entry in plan["rules"]:
        if entry["state"] == "applied":
            by_scope.setdefault(entry["scope"], []).append(
                "%s %s" % (entry["rule"], display_text(shown(entry["value"])))
            )
    return {
        (nic["guest"], nic["name"]): ", ".join(
            by_scope.get("%s/%s" % (nic["guest"], nic["name"]), []) + by_scope.get(nic["guest"], [])
        )
        for nic in plan["nics"]
    }


def legend(plan):
    """Lines: each rule with what holds for all of it, then its outcomes."""
    rules = {}
    for entry in plan["rules"]:
        rules.setdefault(entry["rule"], {}).setdefault(
            (entry["state"], shown(entry["value"]), entry["reason"]), []
        ).append(entry)
    lines = []
    for name in sorted(rules):
        for (state, value, reason), entries in rules[name].items():
            scopes = [short(entry["scope"]) for entry in entries]
            lines.append(
                "%s %s, %s for %s: %s" % (name, display_text(value), state, few(scopes, _SCOPES), display_text(reason))
            )
        first = next(iter(rules[name].values()))[0]
        if first["premise"]:
            lines.append("    premise: %s" % first["premise"])
        lines.append("    source: %s" % display_text(first["source"]))
    return lines
