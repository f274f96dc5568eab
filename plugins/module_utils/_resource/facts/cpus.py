# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's CPUs."""

from __future__ import annotations

from ..._model.action import UNKNOWN
from ..._model.cpu_set import CpuSet

CPUS = "/sys/devices/system/cpu"


def _cpu_list(text):
    """A list as the kernel prints it, in its shortest form; nohz_full without any is ``(null)`` (drivers/base/cpu.c,
    print_cpus_nohz_full)."""
    if text is UNKNOWN:
        return UNKNOWN
    try:
        return str(CpuSet.from_list("" if text == "(null)" else text))
    except ValueError:
        return UNKNOWN


def _siblings(host, online):
    """Lists of the hardware threads that share a core, each core once. An offline CPU has no topology."""
    if online is UNKNOWN:
        return UNKNOWN
    paths = ["%s/cpu%d/topology/thread_siblings_list" % (CPUS, cpu) for cpu in sorted(CpuSet.from_list(online))]
    cores = {}
    for text in host.files.read_many(paths).values():
        core = _cpu_list(text)
        if core is UNKNOWN:
            return UNKNOWN
        cores[core] = None
    return list(cores)


def read_cpus(host):
    """``{online, isolated, nohz_full, siblings}``: CPU lists as text (``"0-3,8"``, ``""`` for none); ``siblings``: one
    for each core."""
    names = ("online", "isolated", "nohz_full")
    read = host.files.read_many(["%s/%s" % (CPUS, name) for name in names])
    found = {name: _cpu_list(read["%s/%s" % (CPUS, name)]) for name in names}
    for name in ("isolated", "nohz_full"):
        if found[name] is UNKNOWN and not host.files.exists("%s/%s" % (CPUS, name)):
            found[name] = ""  # this kernel cannot do it
    found["siblings"] = _siblings(host, found["online"])
    return found
