# SPDX-License-Identifier: GPL-3.0-or-later
"""Which CPUs guests get, and who keeps what."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.placed import (
    again,
    intent,
    machine,
    nic,
    pinning,
    rule,
    vcpus,
)
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import planned, problems

THREADS = {"online": "0-15", "isolated": "", "nohz_full": "", "siblings": ["%d,%d" % (c, c + 8) for c in range(8)]}
THREADED = {
    "cpus": THREADS,
    "numa_nodes": [
        {"id": 0, "cpus": "0-3,8-11", "memory_mib": 2048, "memory_free_mib": 1024},
        {"id": 1, "cpus": "4-7,12-15", "memory_mib": 2048, "memory_free_mib": 1024},
    ],
}


class TestNodes:
    def test_where_most_nics_are(self):
        found = planned(intent(web=("near", "far", "near")), machine(world.domain("web")))
        assert vcpus(found) == {"web": {"0": "5"}} and found["housekeeping"] == "0,4"
        assert pinning(found, "web")["memory"] == {"mode": "preferred", "nodes": "1"}

    def test_a_tie_goes_where_most_cores_are_left(self):
        wish = intent(aaa=("far",), web=("near", "far"))
        found = planned(wish, machine(world.domain("aaa"), world.domain("web")))
        assert vcpus(found) == {"aaa": {"0": "1"}, "web": {"0": "5"}}
        found = planned(intent(web=("near", "far")), machine(world.domain("web")))
        assert vcpus(found) == {"web": {"0": "1"}}

    def test_a_tie_is_broken_by_where_it_is(self):
        facts = machine(world.domain("web", pins={"0": "4-7"}))
        assert vcpus(planned(intent(web=("near", "far")), facts)) == {"web": {"0": "5"}}

    @pytest.mark.parametrize("node", [None, -1, "unknown"])
    def test_an_unknown_node_is_never_node_0(self, node):
        """The guest of such a card goes where there is room, and nothing is claimed about the way to the card."""
        cards = [world.card("ens1", "0000:01:00.0", numa_node=0), world.card(numa_node=node)]
        wish = intent(aaa=("far",), web=("near",))
        found = planned(wish, machine(world.domain("aaa"), world.domain("web"), cards=cards))
        assert vcpus(found)["web"] == {"0": "5"}
        assert nic(found, "web")["numa_node"] is None

    def test_a_node_without_cpus_has_no_guests(self):
        facts = machine(
            world.domain("web"), cards=[world.card("ens1", "0000:01:00.0", numa_node=0), world.card(numa_node=3)]
        )
        facts["numa_nodes"].append({"id": 3, "cpus": "", "memory_mib": 4096})
        found = planned(intent(web=("near",)), facts)
        assert vcpus(found) == {"web": {"0": "1"}}
        assert nic(found, "web")["aligned"] == "cpu"

    def test_offline_cpus_are_nobodys(self):
        facts = machine(world.domain("web"))
        facts["cpus"] = {
            "online": "0-4,6-7",
            "isolated": "",
            "nohz_full": "",
            "siblings": [str(c) for c in (0, 1, 2, 3, 4, 6, 7)],
        }
        assert vcpus(planned(intent(web=("near",)), facts)) == {"web": {"0": "6"}}

    def test_a_guest_without_nics_is_placed_too(self):
        facts = machine(world.domain("web"))
        assert vcpus(planned({"guests": [{"name": "web", "interfaces": []}]}, facts)) == {"web": {"0": "1"}}


class TestCores:
    def test_a_core_for_each_vcpu_and_its_other_thread_for_vhost(self):
        found = planned(intent(web=("near",)), machine(world.domain("web", vcpus=2), **THREADED))
        assert found["housekeeping"] == "0,4,8,12"
        assert pinning(found, "web") == {
            "name": "web", "uuid": world.uuid_of("web"), "vcpus": {"0": "5", "1": "6"}, "emulator": "4,12-13",
            "vhost": [{"interface": "n0", "queue": 0, "cpus": "13"}], "memory": {"mode": "preferred", "nodes": "1"},
        }  # fmt: skip

    def test_without_threads_one_core_serves_all_its_nics(self):
        found = planned(intent(web=("near", "near")), machine(world.domain("web")))
        assert [worker["cpus"] for worker in pinning(found, "web")["vhost"]] == ["6", "6"]
        assert pinning(found, "web")["emulator"] == "4,6"

    def test_vcpus_come_before_workers(self):
        wish = intent(a=("near",), b=("near",), c=("near",))
        found = planned(wish, machine(*map(world.domain, "abc")))
        assert vcpus(found) == {"a": {"0": "5"}, "b": {"0": "6"}, "c": {"0": "7"}}
        assert {entry["emulator"] for entry in found["pinnings"]} == {"4"}
        assert rule(found, "vhost_cpu", "a/n0")[0][1] == "housekeeping"

    @pytest.mark.parametrize(
        ("value", "worker", "emulator"), [("own_core", "6", "4,6"), ("vcpu", "5", "4-5"), ("leave", None, None)]
    )
    def test_where_workers_run(self, value, worker, emulator):
        wish = intent(rules={"vhost_cpu": value}, web=("near",))
        entry = pinning(planned(wish, machine(world.domain("web"))), "web")
        assert entry.get("emulator") == emulator
        assert [w["cpus"] for w in entry.get("vhost", ())] == ([worker] if worker else [])

    def test_workers_stay_within_the_emulators_cpus(self):
        wish = intent("multiqueue", a=("near", "far"), b=("near",), c=("far", "far", "near"))
        found = planned(wish, machine(world.domain("a", vcpus=2), world.domain("b", vcpus=2), world.domain("c")))
        for entry in found["pinnings"]:
            for worker in entry["vhost"]:
                assert world.cpus(worker["cpus"]) <= world.cpus(entry["emulator"])

    def test_all_vcpus_on_the_node_together(self):
        wish = intent(rules={"vcpu_cpu": "node"}, web=("near",))
        found = planned(wish, machine(world.domain("web", vcpus=2)))
        assert vcpus(found) == {"web": {"0": "5-7", "1": "5-7"}} and found["notes"] == []
        assert rule(found, "vcpu_cpu", "web")[0][:2] == ("applied", "node")

    def test_vcpus_that_are_left_alone(self):
        wish = intent(rules={"vcpu_cpu": "leave"}, web=("near",))
        assert planned(wish, machine(world.domain("web")))["pinnings"] == []
        found = planned(wish, machine(world.domain("web", pins={"0": "7"})))
        assert pinning(found, "web") == {
            "name": "web", "uuid": world.uuid_of("web"), "emulator": "4",
            "vhost": [{"interface": "n0", "queue": 0, "cpus": "4"}], "memory": {"mode": "preferred", "nodes": "1"},
        }  # fmt: skip

    def test_compatible_leaves_everything(self):
        found = planned(intent("compatible", web=("near",)), machine(world.domain("web")))
        assert (
            found["pinnings"] == [] and found["interrupts"] == {"targets": []} and found["steering"] == {"devices": []}
        )


class TestKeeping:
    def test_what_sits_well_stays(self):
        facts = machine(world.domain("web", pins={"0": "7", "1": "6"}, vcpus=2), world.domain("aaa"))
        facts["libvirt"]["domains"][0]["emulator_pin"] = "4-5"
        found = planned(intent(web=("near",), aaa=("near",)), facts)
        assert vcpus(found)["web"] == {"0": "7", "1": "6"} and pinning(found, "web")["emulator"] == "4-5"
        assert vcpus(found)["aaa"] == {"0": "5-7"}

    @pytest.mark.parametrize(
        "pins",
        [
            {"0": "4", "1": "5"},  # the host's own
            {"0": "5", "1": "5"},  # one core for two
            {"0": "5", "1": "1"},  # two nodes
            {"0": "2", "1": "3"},  # the wrong node
            {"0": "5-6", "1": "5-6"},
            {"0": "5"},
            {"0": "5", "1": "99"},
        ],
    )
    def test_what_does_not_is_moved(self, pins):
        found = planned(intent(web=("near",)), machine(world.domain("web", pins=pins, vcpus=2)))
        assert vcpus(found)["web"] == {"0": "5", "1": "6"}

    def test_two_on_one_core_the_first_stays(self):
        facts = machine(world.domain("b", pins={"0": "6"}), world.domain("a", pins={"0": "6"}))
        assert vcpus(planned(intent(a=("near",), b=("near",)), facts)) == {"a": {"0": "6"}, "b": {"0": "5"}}

    def test_a_newcomer_takes_no_workers_core(self):
        wish = intent(web=("near",))
        facts = machine(world.domain("web"))
        after = world.applied(planned(wish, facts), facts)
        after["libvirt"]["domains"].append(world.domain("aaa"))
        found = planned(intent(web=("near",), aaa=("near",)), after)
        assert vcpus(found) == {"aaa": {"0": "7"}, "web": {"0": "5"}} and pinning(found, "web")["emulator"] == "4,6"

    def test_a_worker_that_runs_keeps_its_core(self):
        """Though a NIC comes before it by name."""
        wish = intent(rules={"vhost_cpu": "own_core"}, web=("near",))
        wish["guests"][0]["interfaces"][0]["name"] = "z"
        facts = machine(world.domain("web"))
        after = world.applied(planned(wish, facts), facts)
        wish["guests"][0]["interfaces"].append({"name": "a", "network": "near", "requires": ["migration"]})
        second = planned(wish, after)
        assert [(w["interface"], w["cpus"]) for w in pinning(second, "web")["vhost"]] == [("a", "7"), ("z", "6")]
        third = again(wish, second, after)
        assert third["pinnings"] == second["pinnings"]

    def test_those_that_shared_get_their_own_when_there_is_room(self):
        wish = intent(a=("near",), b=("near",), c=("near",), d=("near",))
        facts = machine(*map(world.domain, "abcd"))
        first = planned(wish, facts)
        assert set(map(str, vcpus(first).values())) == {str({"0": "5-7"})}
        after = world.applied(first, facts)
        after["libvirt"]["domains"].pop()
        found = planned(intent(a=("near",), b=("near",), c=("near",)), after)
        assert vcpus(found) == {"a": {"0": "5"}, "b": {"0": "6"}, "c": {"0": "7"}} and found["notes"] == []


class TestShortage:
    def test_newcomers_share_and_are_told(self):
        wish = intent(a=("near",), b=("near",))
        facts = machine(world.domain("a", vcpus=3), world.domain("b"))
        found = planned(wish, facts)
        assert vcpus(found) == {"a": dict.fromkeys("012", "5-7"), "b": {"0": "5-7"}}
        assert found["notes"] == ["NUMA node 1 has not a core for each of the 4 vCPUs of a, b: they share CPUs 5-7"]
        assert pinning(found, "b")["emulator"] == "4-7"
        assert rule(found, "vcpu_cpu", "a")[0][:2] == ("applied", "shared")
        assert again(wish, found, facts)["pinnings"] == found["pinnings"]

    def test_whoever_is_there_stays_beside_them(self):
        wish = intent(a=("near",), b=("near",))
        found = planned(wish, machine(world.domain("a", pins={"0": "5"}), world.domain("b", vcpus=3)))
        assert vcpus(found)["a"] == {"0": "5"} and "on which vCPUs of a are pinned too" in found["notes"][0]

    def test_strict_is_an_error_for_each(self):
        wish = dict(intent(a=("near",), b=("near",), c=("far",)), strict_placement=True)
        found = problems(wish, machine(world.domain("a", vcpus=3), world.domain("b"), world.domain("c")))
        assert [(p.path, p.value) for p in found] == [("vnic_guests[0]", "a"), ("vnic_guests[1]", "b")]
        assert all("vnic_strict_placement" in p.message for p in found)

    def test_strict_is_silent_where_there_is_room(self):
        wish = dict(intent(a=("near",)), strict_placement=True)
        assert planned(wish, machine(world.domain("a")))["notes"] == []

    def test_too_large_for_a_node(self):
        wish = intent(a=("near",))
        facts = machine(world.domain("a", vcpus=5))
        found = planned(wish, facts)
        assert vcpus(found) == {"a": dict.fromkeys("01234", "1-3,5-7")}
        assert "memory" not in pinning(found, "a") and nic(found, "a")["aligned"] == "no"
        assert "a has more vCPUs than any NUMA node has CPUs" in found["notes"][0]
        assert problems(dict(wish, strict_placement=True), facts)

    def test_isolated_cpus_are_not_shared(self):
        wish = intent(a=("near",), b=("near",), c=("near",))
        facts = machine(world.domain("a"), world.domain("b", vcpus=2), world.domain("c"))
        facts["cpus"]["isolated"] = "6-7"
        found = planned(wish, facts)
        assert vcpus(found) == {"a": {"0": "6"}, "b": dict.fromkeys("01", "4-5"), "c": {"0": "7"}}
        assert again(wish, found, facts)["pinnings"] == found["pinnings"]

    def test_one_cpu(self):
        facts = machine(world.domain("a", vcpus=2))
        facts["cpus"] = {"online": "0", "isolated": "", "nohz_full": "", "siblings": ["0"]}
        facts["numa_nodes"] = [{"id": 0, "cpus": "0", "memory_mib": 512}]
        found = planned(intent(a=("near",)), facts)
        assert vcpus(found) == {"a": {"0": "0", "1": "0"}} and found["housekeeping"] == "0"


class TestStrangers:
    def test_their_pins_are_theirs(self):
        facts = machine(world.domain("web"), world.domain("old", pins={"0": "5"}))
        found = planned(intent(web=("near",)), facts)
        assert vcpus(found) == {"web": {"0": "6"}} and found["notes"] == []

    @pytest.mark.parametrize(
        ("old", "told"),
        [
            ({}, True),
            ({"state": "shutoff"}, False),
            ({"vcpu_pins": {"0": "1-3"}}, False),
            ({"vcpu_pins": {"0": "0-7"}}, True),
            ({"cpuset": "4-7"}, True),
            ({"vcpus": "unknown"}, True),
            ({"state": "paused"}, True),
        ],
    )
    def test_no_cpu_is_ones_own_while_others_float(self, old, told):
        facts = machine(world.domain("web"), dict(world.domain("old"), **old))
        found = planned(intent(web=("near",)), facts)
        assert vcpus(found) == {"web": {"0": "5"}}
        assert ["no CPU is one guest's alone: old, which the inventory does not name" in "".join(found["notes"])] == [
            told
        ]


class TestUnknown:
    def test_cpus(self):
        found = planned(intent(web=("near",)), machine(world.domain("web"), cpus="unknown"))
        assert found["pinnings"] == [] and found["housekeeping"] == "" and found["interrupts"] == {"targets": []}
        assert found["notes"] == ["which CPUs this host has could not be read: nothing is placed"]
        assert nic(found, "web")["aligned"] is None and "unknown" in nic(found, "web")["aligned_reason"]
        assert found["steering"]["devices"]  # needs no CPUs

    def test_vcpus(self):
        facts = machine(dict(world.domain("web"), vcpus="unknown"), world.domain("b"))
        found = planned(intent(web=("near",), b=("near",)), facts)
        assert vcpus(found) == {"b": {"0": "5"}} and "how many vCPUs web has could not be read" in found["notes"][0]

    def test_a_guest_that_is_only_announced(self):
        wish = intent(web=("near",))
        wish["guests"][0]["host"] = "hv1"
        found = planned(wish, machine())
        assert found["pinnings"] == [] and found["nics"][0]["aligned"] is None
        assert found["nics"][0]["aligned_reason"] == "its guest is not defined yet"
        assert "queues" not in found["nics"][0]["xml"]

    def test_housekeeping_that_is_not_there(self):
        wish = dict(intent(web=("near",)), housekeeping_cpus="8-9")
        (problem,) = problems(wish, machine(world.domain("web")))
        assert problem.path == "vnic_housekeeping_cpus" and "online are 0-7" in problem.message
        found = planned(dict(wish, housekeeping_cpus="0-1,8"), machine(world.domain("web")))
        assert found["housekeeping"] == "0-1" and "8 are not online here" in found["notes"][0]

    def test_housekeeping_that_is_isolated(self):
        facts = machine(world.domain("web"))
        facts["cpus"]["isolated"] = "2-7"
        (problem,) = problems(dict(intent(web=("near",)), housekeeping_cpus="0-2"), facts)
        assert problem.path == "vnic_housekeeping_cpus" and "isolated on this host as far as 2" in problem.message
