# SPDX-License-Identifier: GPL-3.0-or-later
"""On which node each guest's memory is to lie."""

from __future__ import annotations

from .rules import NEAR_MEMORY
from .topology import NO_NODE

PREFERRED, STRICT = "preferred", "strict"


class GuestMemory:
    """Policies as the module domain_pinning takes them; what it says of each rule goes to ``report``."""

    def __init__(self, topology, profile, report):
        self._nodes = topology.nodes
        self._rule, self._report = profile.rules["memory"], report
        self._free = {number: node.free_mib for number, node in topology.nodes.items()}
        self._with_memory = [number for number, node in topology.nodes.items() if node.memory_mib != 0]

    def place(self, seats):
        """In order of name; those that are strict already before those that ask for it."""
        if self._rule["value"] == "leave":
            return
        for seat in seats:
            lacking = self._lacking(seat)
            if lacking is not None:
                absent = self._rule["premise"] == NEAR_MEMORY
                (self._report.absent if absent else self._report.not_applicable)("memory", seat.name, lacking)
                continue
            mode = self._mode(seat)
            seat.memory = {"mode": mode, "nodes": str(seat.node)}
            self._report.applied("memory", seat.name, mode)

    def _lacking(self, seat):
        """Why no node can be named, or none needs to be; None where one is."""
        if seat.node is None or seat.node == NO_NODE:
            return "%s is on no single NUMA node that is known" % seat.name
        if self._nodes[seat.node].memory_mib == 0:
            return "NUMA node %d has no memory" % seat.node
        if self._nodes[seat.node].memory_mib is None:
            return "how much memory NUMA node %d has could not be read" % seat.node
        if len(self._with_memory) == 1 and self._rule["premise"] == NEAR_MEMORY:
            return "all memory of this host is on NUMA node %d" % seat.node
        return None

    def _mode(self, seat):
        """``strict`` where it was so already, or where the rule asks for it and the node's free memory holds it."""
        if seat.domain.memory == (STRICT, str(seat.node)):
            return STRICT
        if self._rule["value"] == PREFERRED:
            return PREFERRED
        free, needed = self._free[seat.node], seat.domain.memory_mib
        if free is None or needed is None:
            self._report.absent("memory", seat.name, "whether node %d holds it could not be read" % seat.node)
            return PREFERRED
        if needed > free:
            self._report.absent(
                "memory", seat.name, "it needs %d MiB, and node %d has %d free" % (needed, seat.node, free)
            )
            return PREFERRED
        self._free[seat.node] = free - needed
        return STRICT
