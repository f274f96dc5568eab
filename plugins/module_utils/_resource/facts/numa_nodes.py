# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's NUMA nodes."""

from __future__ import annotations

import re

from ..._model.action import UNKNOWN
from ..._model.cpu_set import CpuSet

NODES = "/sys/devices/system/node"
_TOTAL = re.compile(r"MemTotal:\s*(\d+) kB")


def _memory(text):
    match = None if text is UNKNOWN else _TOTAL.search(text)
    return int(match.group(1)) // 1024 if match else UNKNOWN


def read_numa_nodes(host):
    """``[{id, cpus, memory_mib}]`` of the nodes that are online, by number, which may have gaps; none on a kernel
    without NUMA.

    ``cpus``: a CPU list, ``""`` for a node of memory alone; ``memory_mib``: 0 for a node of CPUs alone.
    """
    if not host.files.exists(NODES):
        return []
    online = host.files.read_or(NODES + "/online")
    if online is UNKNOWN:
        return UNKNOWN
    numbers = sorted(CpuSet.from_list(online))
    read = host.files.read_many(
        ["%s/node%d/%s" % (NODES, number, name) for number in numbers for name in ("cpulist", "meminfo")]
    )
    return [
        {
            "id": number,
            "cpus": read["%s/node%d/cpulist" % (NODES, number)],
            "memory_mib": _memory(read["%s/node%d/meminfo" % (NODES, number)]),
        }
        for number in numbers
    ]
