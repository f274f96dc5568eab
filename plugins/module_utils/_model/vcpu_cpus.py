# SPDX-License-Identifier: GPL-3.0-or-later
"""On which of the host's CPUs a vCPU runs, by its domain's XML."""

from __future__ import annotations

from .cpu_set import CpuSet


def parse_cpuset(text):
    """The CpuSet of libvirt's notation, in which ``^3`` takes a CPU out again. Raises ValueError."""
    cpus = CpuSet()
    for part in text.split(","):
        part = part.strip()
        if part.startswith("^"):
            cpus -= CpuSet.from_list(part[1:])
        else:
            cpus |= CpuSet.from_list(part)
    return cpus


def count_of_vcpus(root):
    """How many vCPUs a ``<domain>`` can have."""
    text = root.findtext("vcpu") or ""
    return int(text) if text.strip().isdigit() else 1


def cpus_of_vcpu(root, vcpu):
    """The CPUs that vCPU number ``vcpu`` of a ``<domain>`` is pinned to, by itself or with all of its guest; None when
    it may run anywhere. Raises ValueError for a notation that is not understood."""
    for pin in root.findall("cputune/vcpupin"):
        if pin.get("vcpu") == str(vcpu) and pin.get("cpuset"):
            return parse_cpuset(pin.get("cpuset"))
    element = root.find("vcpu")
    everywhere = None if element is None else element.get("cpuset")
    return parse_cpuset(everywhere) if everywhere else None
