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


class TestQueues:
    def queues(self, found, guest="web"):
        interface = found["domains"][[d["name"] for d in found["domains"]].index(guest)]["interfaces"][0]
        assert nic(found, guest)["queues"] == interface.get("queues", 1) == len(pinning(found, guest)["vhost"])
        return interface.get("queues", 1)

    @pytest.mark.parametrize(("count", "expected"), [(1, 1), (2, 2), (3, 1)])
    def test_a_queue_for_each_vcpu_while_cores_are_left(self, count, expected):
        """Of the node's four cores, each vCPU has one; a worker gets a core of its own or the host's."""
        wish = intent("multiqueue", web=("near",))
        facts = machine(world.domain("web", vcpus=count))
        found = planned(wish, facts)
        assert self.queues(found) == expected
        assert again(wish, found, facts)["pinnings"] == found["pinnings"]

    def test_two_queues_two_workers(self):
        found = planned(intent("multiqueue", web=("near",)), machine(world.domain("web", vcpus=2)))
        assert pinning(found, "web")["vhost"] == [
            {"interface": "n0", "queue": 0, "cpus": "7"}, {"interface": "n0", "queue": 1, "cpus": "4"},
        ]  # fmt: skip
        assert nic(found, "web")["vhost_cpus"] == "4,7" and pinning(found, "web")["emulator"] == "4,7"

    def test_the_cap(self):
        wish = intent("multiqueue", rules={"queues": {"value": {"cap": 2}}}, web=("near",))
        facts = machine(world.domain("web", vcpus=3), **WIDE)
        assert self.queues(planned(wish, facts)) == 2

    def test_a_stated_number_is_at_most_one_for_each_vcpu(self):
        wish = intent(rules={"queues": 4}, web=("near",))
        assert self.queues(planned(wish, machine(world.domain("web", vcpus=3)))) == 3

    def test_guests_get_theirs_in_turn(self):
        """Two cores are left after vCPUs and first queues: one more for each, not two for the first."""
        wish = intent("multiqueue", a=("near",), b=("near",))
        facts = machine(world.domain("a", vcpus=3), world.domain("b", vcpus=3), **WIDE)
        found = planned(wish, facts)
        assert [self.queues(found, name) for name in "ab"] == [3, 3]
        facts["cpus"]["online"] = "0-19,30-39"
        facts["numa_nodes"][1]["cpus"] = "30-39"
        found = planned(wish, facts)
        assert [self.queues(found, name) for name in "ab"] == [2, 1]

    def test_a_number_that_a_nic_has_stays_when_others_come(self):
        wish = intent("multiqueue", web=("near",))
        facts = machine(world.domain("web", vcpus=2))
        after = world.applied(planned(wish, facts), facts)
        after["libvirt"]["domains"].append(world.domain("aaa", vcpus=2))
        found = planned(intent("multiqueue", web=("near",), aaa=("near",)), after)
        assert self.queues(found) == 2 and pinning(found, "web")["emulator"] == "4,7"
        assert nic(found, "aaa")["queues"] == 1

    def test_back_to_one(self):
        facts = machine(world.domain("web", vcpus=2))
        after = world.applied(planned(intent("multiqueue", web=("near",)), facts), facts)
        wish = intent(web=("near",))
        found = planned(wish, after)
        assert found["domains"][0]["interfaces"][0]["queues"] == 1
        assert "queues" not in again(wish, found, after)["domains"][0]["interfaces"][0]

    def test_qemu_and_emulated_nics_have_no_worker(self):
        wish = intent("multiqueue", web=("near",), old=("near",))
        wish["guests"][0]["interfaces"][0]["backend"] = "qemu"
        wish["guests"][1]["interfaces"][0]["model"] = "e1000"
        found = planned(wish, machine(world.domain("web", vcpus=2), world.domain("old", vcpus=2), **WIDE))
        for name in ("web", "old"):
            assert nic(found, name)["vhost_cpus"] is nic(found, name)["queues"] is None
            assert pinning(found, name)["vhost"] == []


WIDE = {
    "cpus": {"online": "0-39", "isolated": "", "nohz_full": "", "siblings": [str(cpu) for cpu in range(40)]},
    "numa_nodes": [{"id": 0, "cpus": "0-19", "memory_mib": 9}, {"id": 1, "cpus": "20-39", "memory_mib": 9}],
}


class TestMemory:
    def memory(self, value="preferred", premise=None, **guest):
        stated = {"value": value, **({"premise": premise} if premise else {})}
        facts = machine(dict(world.domain("web"), **guest))
        found = planned(intent(rules={"memory": stated}, web=("near",)), facts)
        return pinning(found, "web").get("memory"), rule(found, "memory", "web")

    def test_preferred(self):
        assert self.memory()[0] == {"mode": "preferred", "nodes": "1"}

    def test_strict_where_it_fits(self):
        memory, outcomes = self.memory("strict")
        assert memory == {"mode": "strict", "nodes": "1"} and outcomes[0][:2] == ("applied", "strict")

    @pytest.mark.parametrize(
        ("size", "words"), [(1025, "it needs 1025 MiB, and node 1 has 1024 free"), ("unknown", "could not be read")]
    )
    def test_strict_where_it_does_not_fit_or_who_knows(self, size, words):
        memory, outcomes = self.memory("strict", memory_mib=size)
        assert memory["mode"] == "preferred" and outcomes[0][0] == "premise absent" and words in outcomes[0][2]

    def test_one_guest_takes_it_from_the_next(self):
        wish = intent(rules={"memory": "strict"}, a=("near",), b=("near",), c=("near",))
        facts = machine(*(world.domain(name) for name in "abc"))
        found = planned(wish, facts)
        assert [entry["memory"]["mode"] for entry in found["pinnings"]] == ["strict", "strict", "preferred"]

    def test_strict_stays_strict(self):
        """Its own memory is no longer free then."""
        assert self.memory("strict", memory={"mode": "strict", "nodes": "1"}, memory_mib=9999)[0]["mode"] == "strict"
        assert self.memory("preferred", memory={"mode": "strict", "nodes": "1"})[0]["mode"] == "strict"
        assert self.memory("preferred", memory={"mode": "strict", "nodes": "0"})[0]["mode"] == "preferred"

    @pytest.mark.parametrize(
        ("nodes", "words"),
        [
            ([(0, "0-3", 512), (1, "4-7", 0)], "NUMA node 1 has no memory"),
            ([(0, "0-3", 0), (1, "4-7", 512)], "all memory of this host is on NUMA node 1"),
            ([(0, "0-3", 512), (1, "4-7", "unknown")], "how much memory NUMA node 1 has could not be read"),
        ],
    )
    def test_no_premise(self, nodes, words):
        facts = machine(world.domain("web"))
        facts["numa_nodes"] = [{"id": number, "cpus": cpus, "memory_mib": size} for number, cpus, size in nodes]
        found = planned(intent(web=("near",)), facts)
        assert "memory" not in pinning(found, "web")
        ((state, _value, reason),) = rule(found, "memory", "web")
        assert state == "premise absent" and words in reason

    def test_talk_2011_needs_no_second_node(self):
        facts = machine(world.domain("web"))
        facts["numa_nodes"] = [{"id": 0, "cpus": "0-7", "memory_mib": 512}]
        found = planned(intent("talk_2011", web=("near",)), facts)
        assert pinning(found, "web")["memory"] == {"mode": "preferred", "nodes": "0"}

    def test_left_alone(self):
        assert self.memory("leave") == (None, [])
