# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on which placement is planned, as short as a test can say them."""

from __future__ import annotations

from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world

NEAR = {
    "near": {"uplinks": [{"device": "ens2"}]},
    "far": {"uplinks": [{"device": "ens1"}]},
    "in": {"switch": {"bridge": "br9"}},
}


def intent(profile="best_performance", rules=None, networks=None, **guests):
    """``guests``: name to the networks of its NICs, which take no VF."""
    found = {
        "profile": profile,
        "networks": networks or NEAR,
        "guests": [world.guest(name, *nics, requires=["migration"]) for name, nics in guests.items()],
    }
    if rules:
        stated = {
            name: rule if isinstance(rule, dict) and "value" in rule else {"value": rule}
            for name, rule in rules.items()
        }
        found.update(profile="mine", profiles={"mine": {"extends": profile, "rules": stated}})
    return found


def machine(*domains, cards=None, **more):
    """Two nodes of four CPUs; ens1 on node 0, ens2 on node 1."""
    if cards is None:
        cards = [world.card("ens1", "0000:01:00.0", numa_node=0), world.card()]
    return world.host(*cards, domains=domains, **more)


def pinning(plan, name):
    return next(entry for entry in plan["pinnings"] if entry["name"] == name)


def vcpus(plan):
    """``{guest: {vCPU: CPUs}}``."""
    return {entry["name"]: entry.get("vcpus") for entry in plan["pinnings"]}


def nic(plan, guest, name="n0"):
    return next(entry for entry in plan["nics"] if (entry["guest"], entry["name"]) == (guest, name))


def rule(plan, name, scope):
    """``(state, value, reason)`` of each outcome of a rule."""
    return [(e["state"], e["value"], e["reason"]) for e in plan["rules"] if (e["rule"], e["scope"]) == (name, scope)]


def again(wish, plan, facts):
    """The plan after this one was applied."""
    return world.planned(wish, world.applied(plan, facts))
