# SPDX-License-Identifier: GPL-3.0-or-later
"""Which CPUs are the host's own, which may be a guest's, and which the guests share where there are too few."""

from __future__ import annotations

from functools import lru_cache

from ...module_utils._model.cpu_set import CpuSet

# A node with at least so many cores beside the housekeeping one gives some of them to interrupts that are spread.
_LEAST_FOR_INTERRUPTS = 4
_ONE_IN = 8


def union(sets):
    return CpuSet(frozenset().union(*sets))


@lru_cache(maxsize=4096)
def listed(cpus):
    """The CPU list of a CpuSet as text."""
    return str(cpus)


class HostCpus:
    """``housekeeping``: never empty. ``stated``: what the inventory says, or None; ``spreads``: whether the profile
    spreads interrupts. All answers follow from the host's topology alone, so that they stay when guests come and go.
    """

    def __init__(self, topology, stated, spreads, problems, notes):
        self.topology = topology
        self.isolates = bool(topology.isolated) and topology.isolated != topology.online
        self.housekeeping = self._housekeeping(stated, problems, notes)
        self._interrupts, self.cores = {}, {}
        for number in topology.with_cpus:
            usable = [core for core in topology.nodes[number].cores if self._usable(core)]
            reserved = max(1, len(usable) // _ONE_IN) if spreads and len(usable) >= _LEAST_FOR_INTERRUPTS else 0
            self._interrupts[number] = CpuSet(core.first for core in usable[:reserved])
            self.cores[number] = usable[reserved:]
        self._pools = {number: self._pool(number) for number in topology.with_cpus}
        for number, pool in self._pools.items():
            if len(pool) == 1 and not pool & self.housekeeping:
                self.cores[number] = []

    def _housekeeping(self, stated, problems, notes):
        topology = self.topology
        if stated is not None:
            online = stated & topology.online
            here = problems.at("vnic_housekeeping_cpus")
            if not online:
                here.add(str(stated), "are not online on this host: online are %s" % topology.online)
            elif online & topology.isolated:
                here.add(
                    str(stated),
                    "are isolated on this host as far as %s: the scheduler balances nothing there; leave those to the "
                    "guests" % (online & topology.isolated),
                )
            elif online != stated:
                notes.append("of vnic_housekeeping_cpus, %s are not online here" % (stated - online))
            return online or topology.online
        if self.isolates:
            return topology.online - topology.isolated
        return CpuSet(cpu for number in topology.with_cpus for cpu in topology.nodes[number].cores[0].cpus)

    def _usable(self, core):
        if any(cpu in self.housekeeping for cpu in core.cpus):
            return False
        return not self.isolates or all(cpu in self.topology.isolated for cpu in core.cpus)

    def of(self, node):
        """All CPUs of a node."""
        return self.topology.nodes[node].cpus

    def near(self, node):
        """The housekeeping CPUs of a node, or all of them where it has none."""
        own = self.housekeeping & self.of(node) if node in self.topology.nodes else CpuSet()
        return own or self.housekeeping

    def interrupts(self, node):
        """Where a node's interrupts are spread."""
        return self._interrupts.get(node) or self.near(node)

    def pool(self, node):
        """What guests of a node share. Isolated CPUs are none of it: the scheduler moves nobody from one of them to
        another (kernel-parameters, isolcpus).
        """
        return self._pools[node]

    def capacity(self, node):
        """The most vCPUs that one guest may have there without two of them on one CPU."""
        return max(len(self.pool(node)), len(self.cores[node]))

    def _pool(self, node):
        if self.isolates:
            return self.near(node)
        own = CpuSet(cpu for core in self.cores[node] for cpu in core.cpus)
        if len(own) > 1:
            return own
        # One CPU that is shared would look like somebody's own in the next run.
        return (own | (self.housekeeping & self.of(node))) or self.of(node)
