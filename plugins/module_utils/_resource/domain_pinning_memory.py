# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host's nodes and huge pages can hold the guests that are bound to them."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.domain_pins import Memory
from .._model.errors import Problem


def memory_refusals(desired, state):
    """A Problem for each memory policy and size of page that this host cannot have.

    Guests that move to a node in one run are counted together, each by the whole of its memory.
    """
    stock = _Stock(state)
    for wish, pinned in zip(desired.guests, state.guests):
        if isinstance(wish.memory, Memory):
            trouble = _nodes(wish.memory, state)
            if trouble:
                yield Problem("%s.memory.nodes" % wish.path, str(wish.memory.nodes), trouble)
                continue
        if wish.hugepages and wish.hugepages not in state.page_sizes:
            sizes = ", ".join(str(size) for size in sorted(state.page_sizes)) or "none"
            message = "is no size of huge page that this host offers: allowed are %s" % sizes
            yield Problem("%s.hugepages.size_kib" % wish.path, wish.hugepages, message)
            continue
        trouble = stock.take(wish, pinned)
        if trouble:
            yield Problem("%s.memory" % wish.path if trouble[0] else "%s.hugepages" % wish.path, *trouble[1])


def _nodes(memory, state):
    if state.nodes is UNKNOWN:
        return "cannot be checked: this host's NUMA nodes cannot be read"
    known = {node["id"]: node for node in state.nodes}
    absent = sorted(memory.nodes - set(known))
    if absent:
        there = ", ".join(str(number) for number in sorted(known)) or "none"
        return "cannot be had: node %s does not exist here; there are %s" % (", ".join(map(str, absent)), there)
    empty = [number for number in sorted(memory.nodes) if known[number]["memory_mib"] == 0]
    if empty:
        return "cannot be had: node %s has no memory" % ", ".join(map(str, empty))
    return None


class _Stock:
    """Memory and huge pages that are free, counted down."""

    def __init__(self, state):
        self._state = state
        self._taken = {}

    def take(self, wish, pinned):
        """None when the guest fits, else ``(whether it is for the node, (value, message))``."""
        pins = pinned.persistent or pinned.live
        memory = pins.memory if wish.memory is None else wish.memory
        pages = pins.hugepages if wish.hugepages is None else ((wish.hugepages,) if wish.hugepages else ())
        strict = isinstance(memory, Memory) and memory.mode == "strict" and wish.memory is not None
        before = pins.memory.nodes if pins.memory is not None and pins.memory.mode == "strict" else frozenset()
        if not (strict and not memory.nodes <= before) and not (wish.hugepages and pages != pins.hugepages):
            return None  # nothing new is asked of the host
        size = pages[0] if pages else None
        nodes = sorted(memory.nodes) if strict else None
        if nodes is not None and not size and self._is_there(pinned, memory.nodes):
            return None
        need, free = pins.memory_kib // 1024, self._free(nodes, size)
        if free is UNKNOWN or size == 0:
            return None
        key = (tuple(nodes or ()), size)
        left = free - self._taken.get(key, 0)
        if need > left:
            where = "node %s" % ",".join(map(str, nodes)) if nodes is not None else "this host"
            what = "in free huge pages of %d KiB" % size if size else "free or in file caches"
            message = "cannot hold guest %s: it needs %d MiB, and %s has %d MiB %s" % (
                pinned.name,
                need,
                where,
                left,
                what,
            )
            hint = "reserve more, or take mode preferred" if nodes is not None else "reserve more of them first"
            return nodes is not None, (str(memory) if nodes is not None else size, "%s; %s" % (message, hint))
        self._taken[key] = self._taken.get(key, 0) + need
        return None

    @staticmethod
    def _is_there(pinned, nodes):
        """Whether the running guest's memory lies on these nodes already, where it will be free when it starts anew."""
        memory = None if pinned.live is None else pinned.live.memory
        return memory is not None and bool(memory.nodes) and memory.nodes <= nodes

    def _free(self, nodes, size):
        if nodes is None:
            count = self._state.page_sizes.get(size, UNKNOWN)
            return UNKNOWN if count is UNKNOWN else count * size // 1024
        total = 0
        for node in self._state.nodes:
            if node["id"] not in nodes:
                continue
            if size:
                pool = next((pool for pool in node["hugepages"] if pool["size_kib"] == size), {"free": 0})
                free = UNKNOWN if pool["free"] is UNKNOWN else pool["free"] * size // 1024
            else:
                free = node["memory_free_mib"]
            if free is UNKNOWN:
                return UNKNOWN
            total += free
        return total
