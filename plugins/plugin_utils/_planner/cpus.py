# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU numbers as playbooks hold them."""

from __future__ import annotations

from ...module_utils._model.cpu_set import MAX_CPUS, CpuSet


def from_numbers(value, otherwise):
    """The CpuSet of a list of numbers. Raises ValueError; ``otherwise``: what is taken too, in words."""
    if not isinstance(value, list):
        raise ValueError("%r is neither a list of CPU numbers nor %s" % (value, otherwise))
    for cpu in value:
        if isinstance(cpu, bool) or not isinstance(cpu, int) or not 0 <= cpu < MAX_CPUS:
            raise ValueError("%r is no CPU number: allowed are whole numbers from 0 to %d" % (cpu, MAX_CPUS - 1))
    return CpuSet(value)
