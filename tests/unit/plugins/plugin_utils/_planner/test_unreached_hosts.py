# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts have that are down: a plan for the others, made without them, gives none of it away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner import macs
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world

FOUR = "52:54:00:00"  # leaves 16 bits, so that addresses meet
NETWORKS = {"front": {"uplinks": [{"device": "ens2"}]}, "app": {"switch": {"ovs": "br-app"}}}


def guests(host, count):
    return [world.guest("%s-%d" % (host, at), "front", "app") for at in range(count)]


def fleet(counts):
    intent = {
        "networks": NETWORKS,
        "mac_prefix": FOUR,
        "guests": [guest for host, count in counts.items() for guest in guests(host, count)],
    }
    facts = {
        host: world.host(world.card(), domains=[world.domain(guest["name"]) for guest in guests(host, count)])
        for host, count in counts.items()
    }
    for told in facts.values():
        told["ovs"] = {"installed": True, "running": True, "bridges": {}}
    return intent, facts


def given_away(plan):
    return {nic[key] for nic in plan["nics"] for key in ("mac", "interface_id") if nic.get(key)}


@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 6))
def test_what_was_given_on_a_host_that_is_down_is_given_to_nobody(down, up, more):
    """``more`` guests come to the host that is up, while nothing is heard of the other."""
    intent, facts = fleet({"down": down, "up": up})
    before = given_away(world.planned(intent, facts["down"], "down"))
    intent, facts = fleet({"down": down, "up": up + more})
    reached = world.planned(intent, facts["up"], "up")
    assert len(before) == 3 * down and not before & given_away(reached)
    assert given_away(world.planned(intent, facts["down"], "down")) == before


def test_a_plan_knows_nothing_of_other_hosts():
    """So it cannot differ by which of them answered; virtual functions are each host's own."""
    intent, facts = fleet({"down": 3, "up": 3})
    first, second = (world.planned(intent, facts[host], "any")["nics"] for host in ("up", "down"))
    assert [nic["vf"] for nic in first] == [nic["vf"] for nic in second] and any(nic["vf"] for nic in first)


def test_a_newcomer_whose_first_address_is_what_another_was_diverted_to():
    """g84 and g231 are due the same address, so both went on; the newcomers' first ones are those that they went on to."""
    old = [("g84", "n0"), ("g231", "n0")]
    before = macs.assign(old, (), FOUR)
    assert macs.made_mac("g84", "n0", FOUR) == macs.made_mac("g231", "n0", FOUR)
    assert macs.made_mac("g84", "n0", FOUR) not in before.values()
    for newcomer in (("g113861", "n0"), ("g169596", "n0")):
        assert macs.made_mac(*newcomer, FOUR) in before.values()
        after = macs.assign([*old, newcomer], (), FOUR)
        assert after[newcomer] not in before.values() and len(set(after.values())) == 3
