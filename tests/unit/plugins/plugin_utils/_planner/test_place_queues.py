# SPDX-License-Identifier: GPL-3.0-or-later
"""How many queues NICs get and where the guests' memory lies."""

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
)
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import planned

WIDE = {
    "cpus": {"online": "0-39", "isolated": "", "nohz_full": "", "siblings": [str(cpu) for cpu in range(40)]},
    "numa_nodes": [{"id": 0, "cpus": "0-19", "memory_mib": 9}, {"id": 1, "cpus": "20-39", "memory_mib": 9}],
}


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
