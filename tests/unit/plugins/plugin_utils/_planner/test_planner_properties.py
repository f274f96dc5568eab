# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every inventory and every host."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.planner import plan
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.text import plan_text
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.strategies import hosts, intents, mutated

HOST = "hv1"
few = settings(max_examples=30, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


def planned(intent, facts):
    """The plan, or the problems' texts where the host cannot be planned."""
    try:
        return plan(validate(intent), facts, HOST)
    except InvalidInput as error:
        return sorted(str(problem) for problem in error.problems)


def plan_or_reject(intent, facts):
    found = planned(intent, facts)
    assume(isinstance(found, dict))
    return found


def comparable(found):
    """Without the XML, which knows a VF's PCI address only once the VF exists; and a single queue, which is said only
    as long as there are more.
    """
    found = copy.deepcopy(found)
    for nic in found["nics"]:
        del nic["xml"]
    for guest in found["domains"]:
        for entry in guest["interfaces"]:
            if entry.get("queues") == 1:
                del entry["queues"]
    return found


def shuffled(draw, tree):
    if isinstance(tree, dict):
        return {key: shuffled(draw, tree[key]) for key in draw(st.permutations(sorted(tree, key=str)))}
    if isinstance(tree, list):
        return [shuffled(draw, item) for item in draw(st.permutations(tree))]
    return tree


@few
@given(intents(), hosts(), st.data())
def test_order_does_not_matter(intent, facts, data):
    other_facts = dict(facts, nics=data.draw(st.permutations(facts["nics"])))
    other_facts["libvirt"] = dict(facts["libvirt"], domains=data.draw(st.permutations(facts["libvirt"]["domains"])))
    first = planned(intent, facts)
    second = planned(shuffled(data.draw, intent), other_facts)
    event("planned" if isinstance(first, dict) else "refused")
    if isinstance(first, dict):
        assert json.dumps(first) == json.dumps(second)
    else:
        assert len(first) == len(second)


@few
@given(intents(), hosts())
def test_a_plan_that_was_applied_is_planned_again(intent, facts):
    first = plan_or_reject(intent, facts)
    after = world.applied(first, facts)
    second = plan(validate(intent), after, HOST)
    # A NIC that leaves its VF leaves it to others in the next run: its guest may still hold it when this one ends.
    settled = not leavers(first, facts) and not evicted(first, facts)
    if settled:
        assert comparable(second) == comparable(first)
    event("all stay" if settled else "somebody leaves")
    third = plan(validate(intent), world.applied(second, after), HOST)
    assert comparable(third) == comparable(second)
    assert plan(validate(intent), world.applied(third, after), HOST) == third


def evicted(found, facts):
    """Whether others' VFs would be destroyed by a new number of VFs, which the module refuses without consent."""
    for entry in found["pfs"]:
        sriov = world.find(facts, entry["pf"])["sriov"]
        if sriov["count"] not in (0, entry["num_vfs"]) and any(vf.get("foreign") for vf in sriov["vfs"]):
            return True
    return False


def leavers(found, facts):
    """NICs that had a VF and are planned elsewhere."""
    planned_vfs = {(nic["guest"], nic["name"]): nic["vf"] for nic in found["nics"]}
    return [
        (guest["name"], entry["name"])
        for guest in facts["libvirt"]["domains"]
        for entry in guest["interfaces"]
        if entry["vf"] and planned_vfs.get((guest["name"], entry["name"]), entry["vf"]) != entry["vf"]
    ]


@few
@given(intents(), hosts())
def test_no_vf_is_given_twice_and_each_is_there_or_will_be(intent, facts):
    found = plan_or_reject(intent, facts)
    counts = {entry["pf"]: entry["num_vfs"] for entry in found["pfs"]}
    given_away = [(nic["vf"]["pf"], nic["vf"]["index"]) for nic in found["nics"] if nic["vf"]]
    event("%d VFs" % len(given_away))
    assert len(given_away) == len(set(given_away))
    for pf, index in given_away:
        assert index < counts[pf] <= world.find(facts, pf)["sriov"]["total"]
    for nic in found["nics"]:
        if nic["vf"]:
            assert_may_have(nic, facts)


def assert_may_have(nic, facts):
    """A VF that exists is free, or the NIC's own already."""
    vfs = world.find(facts, nic["vf"]["pf"])["sriov"]["vfs"]
    if nic["vf"]["index"] < len(vfs) and not vfs[nic["vf"]["index"]]["free"]:
        guest = next(d for d in facts["libvirt"]["domains"] if d["name"] == nic["guest"])
        assert nic["vf"] in [entry["vf"] for entry in guest["interfaces"] if entry["name"] == nic["name"]]


@few
@given(intents(), hosts())
def test_no_count_changes_unless_it_is_stated(intent, facts):
    found = plan_or_reject(intent, facts)
    stated = {u["device"] for network in intent["networks"].values() for u in network.get("uplinks", ()) if "vfs" in u}
    for entry in found["pfs"]:
        count = world.find(facts, entry["pf"])["sriov"]["count"]
        assert entry["pf"] in stated or count in (0, entry["num_vfs"])


@few
@given(intents(), hosts(), st.data())
def test_another_guest_takes_nothing_from_those_there(intent, facts, data):
    first = plan_or_reject(intent, facts)
    after = world.applied(first, facts)
    assume(not leavers(first, facts) and not evicted(first, facts))
    name = data.draw(st.sampled_from(["aaa", "zzz"]))
    network = data.draw(st.sampled_from(sorted(intent["networks"])))
    assume(not gives_others_an_uplink(intent, network))
    more = dict(
        intent, guests=intent["guests"] + [{"name": name, "interfaces": [{"name": "front", "network": network}]}]
    )
    after["libvirt"]["domains"].append(world.domain(name))
    second = plan_or_reject(more, after)
    # Announced guests have nothing yet that could be kept.
    before = [attached(nic) for nic in first["nics"] if nic["status"] == "planned"]
    assert [attached(nic) for nic in second["nics"] if nic["status"] == "planned" and nic["guest"] != name] == before
    assert [entry for entry in second["pinnings"] if entry["name"] != name] == first["pinnings"]


def gives_others_an_uplink(intent, network):
    """Whether a first guest of it brings uplinks to an Open vSwitch bridge on which guests of networks without any are: their
    packets cross those from then on."""
    networks = intent["networks"]
    bridge = networks[network].get("switch", {}).get("ovs")
    used = {nic["network"] for guest in intent["guests"] for nic in guest["interfaces"]}
    return (
        bridge is not None
        and network not in used
        and any(
            networks[other].get("switch", {}).get("ovs") == bridge and not networks[other].get("uplinks")
            for other in used
        )
    )


def attached(nic):
    """What another guest changes nothing of; interrupts of an uplink go elsewhere when it serves one more, and ports of
    Open vSwitch need a flow to stay open once a bridge closes those that nobody knows."""
    others = ("xml", "irq_cpus", "aligned", "aligned_reason", "flows")
    return {key: value for key, value in nic.items() if key not in others}


@few
@given(intents(), hosts(), st.data())
def test_a_guest_that_goes_moves_nobody_off_its_cpus(intent, facts, data):
    first = plan_or_reject(intent, facts)
    after = world.applied(first, facts)
    assume(not leavers(first, facts) and not evicted(first, facts) and first["pinnings"])
    gone = data.draw(st.sampled_from([entry["name"] for entry in first["pinnings"]]))
    after["libvirt"]["domains"] = [guest for guest in after["libvirt"]["domains"] if guest["name"] != gone]
    world._count_users(after)
    fewer = dict(intent, guests=[entry for entry in intent["guests"] if entry["name"] != gone])
    second = {entry["name"]: entry for entry in plan_or_reject(fewer, after)["pinnings"]}
    isolated, shared = CpuSet.from_list(first["topology"]["isolated"]), CpuSet.from_list(first["housekeeping"])
    for entry in first["pinnings"]:
        if entry["name"] != gone:
            now = second[entry["name"]].get("vcpus", {})
            for number, words in entry.get("vcpus", {}).items():
                cpus = CpuSet.from_list(words)
                # Who had to share the host's own CPU, be it the only one left, may get one of its own.
                if (cpus & isolated or len(cpus) == 1) and cpus - shared:
                    assert CpuSet.from_list(now[number]) <= cpus


@few
@given(intents(), hosts())
def test_requirements_hold(intent, facts):
    forbidden = {
        "migration": {"sriov"}, "host_access": {"macvtap"}, "filtering": {"sriov", "macvtap"},
        "mirroring": {"sriov", "macvtap"}, "mac_change": {"sriov", "macvtap"},
    }  # fmt: skip
    found = plan_or_reject(intent, facts)
    wishes = {(guest["name"], nic["name"]): nic for guest in intent["guests"] for nic in guest["interfaces"]}
    for nic in found["nics"]:
        for requirement in wishes[nic["guest"], nic["name"]].get("requires", ()):
            assert nic["attachment"] not in forbidden[requirement]


@few
@given(intents(), hosts())
def test_every_better_attachment_has_its_reason(intent, facts):
    found = plan_or_reject(intent, facts)
    order = ["sriov", "macvtap", "bridge", "ovs"]
    if intent["profile"] == "switched":
        order = ["sriov", "macvtap", "ovs", "bridge"]
    for nic in found["nics"]:
        assert [entry["attachment"] for entry in nic["rejected"]] == order[: order.index(nic["attachment"])]
        assert all(entry["reason"] for entry in nic["rejected"])


@few
@given(intents(), hosts())
def test_addresses_are_unique_and_local(intent, facts):
    macs = [nic["mac"] for nic in plan_or_reject(intent, facts)["nics"]]
    assert len(macs) == len(set(macs))
    assert all(int(mac[:2], 16) & 3 == 2 for mac in macs)


@few
@given(intents(), mutated(hosts()))
def test_any_facts_give_a_plan_or_problems(intent, facts):
    found = planned(intent, copy.deepcopy(facts))
    if isinstance(found, dict):
        json.dumps(found)
        plan_text(found)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(mutated(intents()))
def test_any_inventory_is_valid_or_invalid(intent):
    try:
        validate(intent)
    except InvalidInput as error:
        assert error.problems and all(
            problem.message and problem.path.startswith("vnic_") for problem in error.problems
        )


@pytest.mark.parametrize("junk", [None, 7, "x", [], [1], {"networks": "unknown"}, {1: 2}, float("nan")])
def test_junk_is_no_inventory(junk):
    if junk in ([], None):
        with pytest.raises(InvalidInput):
            validate(junk)
    else:
        with pytest.raises(InvalidInput):
            validate(junk)
