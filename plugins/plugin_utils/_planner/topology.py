# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's cores and the NUMA nodes that they are on. A node's number may be anything; -1 is no node: where nobody
told one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...module_utils._model import reading
from ...module_utils._model.cpu_set import CpuSet

NO_NODE = -1


@dataclass(frozen=True)
class Core:
    """Hardware threads that share one core, in order, all online."""

    cpus: tuple

    @property
    def first(self):
        return self.cpus[0]


@dataclass(frozen=True)
class Node:
    """``cores`` in order; ``memory_mib`` and ``free_mib``: None when unknown."""

    id: int
    cpus: CpuSet
    cores: tuple
    memory_mib: object
    free_mib: object


class Topology:
    """``online``: a CpuSet, or None where the host did not tell; ``nodes``: ``{id: Node}`` in order of id, nodes of
    memory alone among them; ``with_cpus``: ids of the others; ``notes``: sentences on what is not known.
    """

    def __init__(self, raw_cpus, raw_nodes):
        raw_cpus = reading.mapping(raw_cpus)
        self.notes = []
        self._node_of, memory = _read_nodes(raw_nodes)
        self.online = reading.cpus(raw_cpus.get("online")) or None
        self.has_numa = isinstance(raw_nodes, list)
        self.isolated, self.with_cpus = CpuSet(), []
        self.nodes, self._nodes_of = {}, {}
        if self.online is None:
            return
        self.isolated = self._isolated(raw_cpus)
        cores = {}
        for core in self._cores(raw_cpus.get("siblings")):
            cores.setdefault(self.node_of(core[0]), []).append(Core(core))
        for node in sorted(set(cores) | set(memory)):
            total, free = memory.get(node, (None, None))
            own = tuple(sorted(cores.get(node, ()), key=lambda core: core.cpus))
            self.nodes[node] = Node(node, CpuSet(cpu for core in own for cpu in core.cpus), own, total, free)
        self.with_cpus = [number for number, node in self.nodes.items() if node.cores]
        self._tell_the_unknown()

    @property
    def is_one_place(self):
        """Whether everything is equally near: all CPUs on one node, or a kernel without NUMA."""
        return self.has_numa and len(self.with_cpus) == 1

    def node_of(self, cpu):
        """The node of a CPU; -1 when nobody told one, or two were told."""
        node = self._node_of.get(cpu)
        return NO_NODE if node is None else node

    def nodes_of(self, cpus):
        """The nodes that a CpuSet lies on. The same few sets are asked for again and again."""
        if cpus not in self._nodes_of:
            self._nodes_of[cpus] = frozenset(map(self.node_of, cpus))
        return self._nodes_of[cpus]

    def known_node_of(self, cpu):
        """As :meth:`node_of`, but None for none."""
        return self._node_of.get(cpu)

    def _isolated(self, raw):
        found = CpuSet()
        for name in ("isolated", "nohz_full"):
            cpus = reading.cpus(raw.get(name))
            if cpus is None:
                self.notes.append("whether CPUs are %s could not be read: none is taken to be" % name)
            else:
                found |= cpus
        return found & self.online

    def _cores(self, raw):
        """Tuples of CPUs. A CPU that nobody tells of is a core of its own, and so are threads on different nodes."""
        given = None
        if isinstance(raw, list):
            given = sorted({tuple(sorted(reading.cpus(words) or ())) for words in raw})
        if given is None:
            self.notes.append(
                "which CPUs share a core could not be read: each is taken for a core of its own, so that two guests "
                "may share one"
            )
        taken, found = set(), []
        for threads in given or ():
            by_node = {}
            for cpu in threads:
                if cpu in self.online and cpu not in taken:
                    taken.add(cpu)
                    by_node.setdefault(self.node_of(cpu), []).append(cpu)
            found += [tuple(core) for core in by_node.values()]
        return found + [(cpu,) for cpu in self.online if cpu not in taken]

    def _tell_the_unknown(self):
        if not self.has_numa:
            self.notes.append("NUMA nodes could not be read: nothing is said about distance")
        elif NO_NODE in self.nodes and len(self.nodes) > 1:
            self.notes.append(
                "CPUs %s belong to no known NUMA node: nothing is said about their distance" % self.nodes[NO_NODE].cpus
            )
        for number, node in self.nodes.items():
            if number != NO_NODE and node.cores and node.memory_mib == 0:
                self.notes.append("NUMA node %d has CPUs but no memory: its guests' memory is elsewhere" % number)


def _read_nodes(raw):
    """``({cpu: node}, {node: (memory, free memory)})``; a CPU in two nodes is in none."""
    cpus, memory = {}, {}
    for entry in reading.mappings(raw):
        node, found = reading.whole(entry.get("id")), reading.cpus(entry.get("cpus", ""))
        if node is None or found is None:
            continue
        memory[node] = (reading.whole(entry.get("memory_mib")), reading.whole(entry.get("memory_free_mib")))
        for cpu in found:
            cpus[cpu] = node if cpus.get(cpu, node) == node else None
    return cpus, memory
