# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as an administrator reads it: nodes, CPUs, who has them, and the rules."""

from __future__ import annotations

import copy
import json

import pytest

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.drawing import drawing
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.text import plan_text
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.placed import intent, machine
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.test_place import THREADED
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import planned


def test_a_box_for_each_node_and_a_row_for_each_cpu():
    facts = machine(world.domain("web", vcpus=2), world.domain("db"))
    found = planned(intent("multiqueue", web=("near",), db=("far",)), facts)
    assert drawing(found) == [
        "+-- NUMA node 0: CPUs 0-3, 2048 MiB, card ens1",
        "|  0  housekeeping; interrupts of ens1",
        "|  1  db vCPU 0",
        "|  2  vhost of db/n0",
        "|  3  free",
        "+--",
        "+-- NUMA node 1: CPUs 4-7, 2048 MiB, card ens2",
        "|  4  housekeeping; vhost of web/n0 queue 1; interrupts of ens2",
        "|  5  web vCPU 0",
        "|  6  web vCPU 1",
        "|  7  vhost of web/n0 queue 0",
        "+--",
    ]


def test_threads_that_stay_idle():
    found = planned(intent(web=("near",)), machine(world.domain("web", vcpus=2), **THREADED))
    assert drawing(found)[-8:] == [
        "|  5   web vCPU 0; interrupts of ens2",
        "|  6   web vCPU 1",
        "|  7   free",
        "|  12  housekeeping",
        "|  13  vhost of web/n0",
        "|  14  idle, its core's other thread is a guest's",
        "|  15  free",
        "+--",
    ]


def test_what_is_shared_isolated_and_unknown():
    wish = intent(**dict.fromkeys(("a", "b", "c", "d", "e"), ("near",)))
    found = planned(
        wish, machine(*(world.domain(name, vcpus=2) for name in "abcde"), cards=[world.card(numa_node=None)])
    )
    assert "|  1-3  shared by a, c, e; vhost of a/n0, c/n0, e/n0" in drawing(found)
    assert drawing(found)[-1] == "NUMA node unknown: ens2"
    facts = machine(world.domain("a"))
    facts["cpus"]["isolated"] = "6-7"
    assert "|  7    vhost of a/n0; isolated" in drawing(planned(intent(a=("near",)), facts))


def test_nothing_known_nothing_drawn():
    assert drawing(planned(intent(a=("near",)), machine(world.domain("a"), cpus="unknown"))) == []


def test_2048_cpus_are_few_lines():
    facts = machine(world.domain("a", vcpus=4))
    facts["cpus"] = {"online": "0-2047", "isolated": "", "nohz_full": "",
                     "siblings": ["%d,%d" % (cpu, cpu + 1024) for cpu in range(1024)]}  # fmt: skip
    facts["numa_nodes"] = [
        {
            "id": node,
            "cpus": "%d-%d,%d-%d" % (node * 256, node * 256 + 255, node * 256 + 1024, node * 256 + 1279),
            "memory_mib": 9,
        }
        for node in range(4)
    ]
    assert len(drawing(planned(intent(a=("near",)), facts))) < 40


class TestText:
    def found(self, count=30):
        names = ["guest%02d" % number for number in range(count)]
        wish = intent(**dict.fromkeys(names, ("near",)))
        return planned(wish, machine(*map(world.domain, names)))

    def test_thirty_nics_are_readable(self):
        told = plan_text(self.found()).split("\n")
        assert len(told) < 30 * 6 + 60 and max(map(len, told)) < 400
        assert any("shared by guest00, guest01, guest02 and 27 more" in line for line in told)

    def test_each_nic_says_where_and_by_which_rules(self):
        told = plan_text(self.found(1))
        assert (
            "      where: interrupts on 5, vCPUs on 5, vhost on 6; on one CPU: the interrupt arrives on the CPU of vCPU 0\n"
            "      rules: queues 1, vhost_cpu beside, memory preferred, vcpu_cpu own_core\n"
        ) in told

    def test_each_rule_is_told_once_with_premise_and_source(self):
        told = plan_text(self.found()).split("\n")
        rules = told[told.index("  rules:") + 1 :]
        assert [line for line in rules if line.startswith("      host_rss off, applied for ens2: flows of one guest")]
        at = next(index for index, line in enumerate(rules) if line.startswith("      host_rss"))
        assert (
            rules[at + 1]
            == "          premise: the uplink runs at 10 Gb/s at most, and every guest NIC on it has a single queue"
        )
        assert rules[at + 2].startswith("          source: the 2011 talk")
        assert sum("source: " in line for line in rules) == len({line.split()[0] for line in rules if line[6] != " "})

    def test_what_lacks_its_premise_says_so(self):
        told = plan_text(planned(intent(a=("near",)), machine(world.domain("a"), cards=[world.card(speed_mbit=25000)])))
        assert "host_rss off, premise absent for ens2: ens2 runs at 25000 Mb/s" in told

    @pytest.mark.parametrize("name", ["\u202eevil", "tab\u2028le", "a" * 5000, "\x1b[2J"])
    def test_names_do_nothing_to_a_terminal(self, name):
        found = json.loads(json.dumps(self.found(1)).replace("guest00", "guest" + json.dumps(name)[1:-1]))
        told = plan_text(found)
        assert not any(char in told for char in "\u202e\u2028\x1b\r") and max(map(len, told.split("\n"))) < 1000

    def test_the_plan_is_not_changed_by_telling(self):
        found = self.found(2)
        before = copy.deepcopy(found)
        plan_text(found)
        assert found == before
