# SPDX-License-Identifier: GPL-3.0-or-later
"""Cores and nodes out of whatever host_info tells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.fields import Problems
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.host_cpus import HostCpus
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.topology import NO_NODE, Topology
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.strategies import JUNK, cpu_facts, mutated

TWO_NODES = [{"id": 0, "cpus": "0-3", "memory_mib": 2048}, {"id": 1, "cpus": "4-7", "memory_mib": 2048}]


def cpus(online="0-7", isolated="", nohz_full="", siblings=None):
    if siblings is None:
        siblings = [str(cpu) for cpu in CpuSet.from_list(online)]
    return {"online": online, "isolated": isolated, "nohz_full": nohz_full, "siblings": siblings}


def host_cpus(raw, nodes, stated=None, spreads=False):
    problems, notes = Problems(), []
    found = HostCpus(Topology(raw, nodes), stated, spreads, problems, notes)
    problems.raise_if_any()
    return found


class TestTopology:
    def test_cores_and_nodes(self):
        found = Topology(cpus(siblings=["0,2", "1,3", "4,6", "5,7"]), TWO_NODES)
        assert [core.cpus for core in found.nodes[0].cores] == [(0, 2), (1, 3)]
        assert found.with_cpus == [0, 1] and found.notes == [] and not found.is_one_place
        assert found.node_of(5) == 1 and found.node_of(99) == NO_NODE

    def test_siblings_that_are_unknown_are_said(self):
        found = Topology(cpus(siblings="unknown"), TWO_NODES)
        assert [core.cpus for core in found.nodes[0].cores] == [(0,), (1,), (2,), (3,)]
        assert "could not be read: each is taken for a core of its own" in found.notes[0]

    def test_offline_threads_are_no_part_of_a_core(self):
        found = Topology(cpus("0-1,3", siblings=["0,2", "1,3"]), [{"id": 0, "cpus": "0-3"}])
        assert [core.cpus for core in found.nodes[0].cores] == [(0,), (1, 3)]

    def test_a_core_across_nodes_is_two(self):
        found = Topology(cpus("0-1", siblings=["0-1"]), [{"id": 0, "cpus": "0"}, {"id": 1, "cpus": "1"}])
        assert [core.cpus for node in found.nodes.values() for core in node.cores] == [(0,), (1,)]

    def test_a_cpu_that_two_nodes_claim_is_on_none(self):
        found = Topology(cpus("0-1"), [{"id": 0, "cpus": "0-1"}, {"id": 1, "cpus": "1"}])
        assert found.node_of(1) == NO_NODE and "CPUs 1 belong to no known NUMA node" in found.notes[0]

    def test_nodes_without_cpus_or_memory(self):
        nodes = [{"id": 0, "cpus": "0-1", "memory_mib": 0}, {"id": 7, "cpus": "", "memory_mib": 4096}]
        found = Topology(cpus("0-1"), nodes)
        assert found.with_cpus == [0] and found.nodes[7].memory_mib == 4096 and found.is_one_place
        assert found.notes == ["NUMA node 0 has CPUs but no memory: its guests' memory is elsewhere"]

    def test_a_kernel_without_numa_is_one_place(self):
        found = Topology(cpus("0-3"), [])
        assert found.is_one_place and found.with_cpus == [NO_NODE] and found.notes == []

    @pytest.mark.parametrize("nodes", ["unknown", None])
    def test_unknown_nodes_are_not_one_place(self, nodes):
        found = Topology(cpus("0-3"), nodes)
        assert not found.is_one_place and found.notes == [
            "NUMA nodes could not be read: nothing is said about distance"
        ]

    @pytest.mark.parametrize("raw", [None, "unknown", {}, {"online": "unknown"}, {"online": ""}, {"online": "x"}])
    def test_without_cpus_there_is_nothing(self, raw):
        found = Topology(raw, TWO_NODES)
        assert found.online is None and found.nodes == {} and found.with_cpus == []

    def test_unreadable_isolation_is_said(self):
        assert "whether CPUs are isolated could not be read" in Topology(cpus(isolated="unknown"), TWO_NODES).notes[0]

    @settings(max_examples=60)
    @given(cpu_facts(), st.data())
    def test_every_cpu_is_in_one_core_and_the_order_is_nothing(self, facts, data):
        raw, nodes = facts
        found = Topology(raw, nodes)
        threads = [cpu for node in found.nodes.values() for core in node.cores for cpu in core.cpus]
        assert sorted(threads) == sorted(found.online) and len(set(threads)) == len(threads)
        for node in found.nodes.values():
            assert node.cpus == {cpu for core in node.cores for cpu in core.cpus}
        if isinstance(raw["siblings"], list):
            raw = dict(raw, siblings=data.draw(st.permutations(raw["siblings"])))
        other = Topology(raw, data.draw(st.permutations(nodes)) if isinstance(nodes, list) else nodes)
        assert other.nodes == found.nodes and other.notes == found.notes

    @settings(max_examples=100)
    @given(mutated(cpu_facts().map(list), JUNK))
    def test_any_facts_are_read(self, facts):
        Topology(facts[0], facts[-1])


@pytest.mark.parametrize("count", [1, 2, 3, 64, 255, 1024, 2048])
@pytest.mark.parametrize("threads", [1, 2])
def test_from_one_cpu_to_2048(count, threads):
    """Siblings as large machines number them: the second threads after all the first ones."""
    half = max(count // threads, 1)
    siblings = [
        ",".join(str(core + half * at) for at in range(threads) if core + half * at < count) for core in range(half)
    ]
    size = max(count // 4, 1)
    nodes = [
        {"id": 3 * at, "cpus": "%d-%d" % (at * size, min(count, (at + 1) * size) - 1), "memory_mib": 1}
        for at in range((count + size - 1) // size)
    ]
    found = host_cpus(cpus("0-%d" % (count - 1), siblings=siblings), nodes)
    assert found.housekeeping and len(found.topology.online) == count
    for node in found.topology.with_cpus:
        assert found.near(node) <= found.of(node) and found.pool(node)


class TestHousekeeping:
    def test_the_first_core_of_each_node(self):
        found = host_cpus(cpus(siblings=["0,2", "1,3", "4,6", "5,7"]), TWO_NODES)
        assert found.housekeeping == {0, 2, 4, 6} and found.near(1) == {4, 6}
        assert [core.cpus for core in found.cores[1]] == [(5, 7)]
        assert found.pool(0) == {1, 3}

    def test_nodes_without_cpus_have_none(self):
        found = host_cpus(cpus("0-1"), [{"id": 0, "cpus": "0-1"}, {"id": 1, "cpus": ""}])
        assert found.housekeeping == {0} and found.near(1) == {0}

    @pytest.mark.parametrize("how", ["isolated", "nohz_full"])
    def test_what_the_host_does_not_isolate(self, how):
        found = host_cpus(cpus(**{how: "1-3,5-7"}), TWO_NODES)
        assert found.housekeeping == {0, 4} and [core.first for core in found.cores[0]] == [1, 2, 3]
        # Isolated CPUs are not shared: the scheduler balances nothing there.
        assert found.pool(0) == {0}

    def test_a_host_that_isolates_everything_isolates_nothing(self):
        assert host_cpus(cpus(isolated="0-7"), TWO_NODES).housekeeping == {0, 4}

    def test_what_the_inventory_states(self):
        found = host_cpus(cpus(), TWO_NODES, stated=CpuSet([0, 1]))
        assert found.housekeeping == {0, 1} and [core.first for core in found.cores[0]] == [2, 3]
        assert [core.first for core in found.cores[1]] == [4, 5, 6, 7] and found.near(1) == {0, 1}

    def test_one_thread_of_a_core_keeps_guests_off_the_core(self):
        found = host_cpus(cpus(siblings=["0,2", "1,3", "4,6", "5,7"]), TWO_NODES, stated=CpuSet([3]))
        assert [core.cpus for core in found.cores[0]] == [(0, 2)]

    def test_cores_for_interrupts_where_they_are_spread(self):
        nodes = [{"id": 0, "cpus": "0-16"}, {"id": 1, "cpus": "17-20"}]
        found = host_cpus(cpus("0-20"), nodes, spreads=True)
        assert found.interrupts(0) == {1, 2} and len(found.cores[0]) == 14 and found.pool(0) == set(range(3, 17))
        # Three cores beside the host's are too few to give one away.
        assert found.interrupts(1) == {17}
        assert host_cpus(cpus("0-20"), nodes).interrupts(0) == {0}

    @pytest.mark.parametrize("online", ["0", "0-1"])
    def test_one_cpu_is_everything(self, online):
        found = host_cpus(cpus(online), [{"id": 0, "cpus": online}])
        assert found.housekeeping and found.pool(0)
        assert not (online == "0" and found.cores[0])

    @settings(max_examples=100)
    @given(cpu_facts(), st.booleans())
    def test_never_empty_and_never_a_guests(self, facts, spreads):
        found = host_cpus(*facts, spreads=spreads)
        usable = {cpu for cores in found.cores.values() for core in cores for cpu in core.cpus}
        assert found.housekeeping and found.housekeeping <= found.topology.online
        assert not usable & found.housekeeping
        for node in found.topology.with_cpus:
            assert found.near(node) and found.interrupts(node) and found.pool(node)
            assert not found.cores[node] or len(found.pool(node)) > 1 or found.isolates
            if spreads:
                assert not found.interrupts(node) & usable
