# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's NUMA nodes."""

from __future__ import annotations

import re

from ..._model.action import UNKNOWN
from ..._model.cpu_set import CpuSet

NODES = "/sys/devices/system/node"
_LINE = re.compile(r"^(?:Node \d+ )?([A-Za-z_()]+):\s*(\d+) kB", re.MULTILINE)
_SIZE = re.compile(r"^hugepages-(\d+)kB\Z", re.ASCII)
# Free, or given back by the kernel when memory is asked for
_AVAILABLE = ("MemFree", "Active(file)", "Inactive(file)", "SReclaimable")
_COUNTS = ("nr_hugepages", "free_hugepages")


def _memory(text):
    """``(total, available)`` in MiB."""
    kib = {} if text is UNKNOWN else {name: int(number) for name, number in _LINE.findall(text)}
    total = kib["MemTotal"] // 1024 if "MemTotal" in kib else UNKNOWN
    available = sum(kib.get(name, 0) for name in _AVAILABLE) // 1024 if "MemFree" in kib else UNKNOWN
    return total, available


def _hugepages(host, numbers):
    """``{node: [{size_kib, total, free}]}`` in order of size."""
    directories = {"%s/node%d/hugepages" % (NODES, number): number for number in numbers}
    pools = [
        (number, int(_SIZE.match(name).group(1)), "%s/%s/" % (path, name))
        for path, names in host.files.list_many(directories).items()
        for number in [directories[path]]
        for name in names
        if _SIZE.match(name)
    ]
    read = host.files.read_many([path + name for _number, _size, path in pools for name in _COUNTS])
    found = {number: [] for number in numbers}
    for number, size, path in sorted(pools):
        total, free = (int(read[path + name]) if read[path + name] is not UNKNOWN else UNKNOWN for name in _COUNTS)
        found[number].append({"size_kib": size, "total": total, "free": free})
    return found


def read_numa_nodes(host):
    """``[{id, cpus, memory_mib, memory_free_mib, hugepages}]`` of the nodes that are online, by number, which may have
    gaps; none on a kernel without NUMA.

    ``cpus``: a CPU list, ``""`` for a node of memory alone; ``memory_mib``: 0 for a node of CPUs alone;
    ``memory_free_mib``: free or holding nothing but what files have on disk; ``hugepages``: ``[{size_kib, total,
    free}]`` for each size.
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
    hugepages = _hugepages(host, numbers)
    found = []
    for number in numbers:
        total, available = _memory(read["%s/node%d/meminfo" % (NODES, number)])
        found.append(
            {
                "id": number,
                "cpus": read["%s/node%d/cpulist" % (NODES, number)],
                "memory_mib": total,
                "memory_free_mib": available,
                "hugepages": hugepages[number],
            }
        )
    return found
