# SPDX-License-Identifier: GPL-3.0-or-later
"""From a user's parameters to a wish whose CPUs this host has and has online."""

from __future__ import annotations

from dataclasses import replace

from .._model.action import UNKNOWN
from .._model.cpu_set import CpuSet
from .._model.fields import Problems
from .._model.irq_wish import parse_irq_wish
from .._model.sriov_selector import parse_pf
from .sriov_functions import PhysicalFunctions

_CPUS = "/sys/devices/system/cpu"


def cpu_lists(host, names):
    """``{name: CpuSet}`` of files below /sys/devices/system/cpu, unknown for what is no list; nohz_full without any is
    ``(null)`` (drivers/base/cpu.c, print_cpus_nohz_full)."""
    read = host.files.read_many(["%s/%s" % (_CPUS, name) for name in names], "")
    found = {}
    for name in names:
        text = read["%s/%s" % (_CPUS, name)]
        try:
            found[name] = CpuSet.from_list("" if text == "(null)" else text)
        except ValueError:
            found[name] = UNKNOWN
    return found


def validate(params, host):
    """The IrqWish. Raises InvalidInput with every problem."""
    problems = Problems()
    wish, given = parse_irq_wish(params, problems)
    if not wish.skips:
        _check_cpus(given, host)
    targets = _check_functions(wish.targets, host, problems)
    problems.raise_if_any()
    return replace(wish, targets=tuple(targets))


def _check_cpus(given, host):
    if not given:
        return
    read = cpu_lists(host, ("present", "online"))
    present, online = read["present"], read["online"]
    for at, value, cpus in given:
        wished = CpuSet(cpus)
        if present and wished - present:
            at.add(value, "names CPU %s, which this host does not have: it has %s" % (wished - present, present))
        elif online and wished - online:
            at.add(
                value,
                "names CPU %s, which is offline: bring it up, or choose from those that are online, %s"
                % (wished - online, online),
            )


def _check_functions(targets, host, problems):
    """``targets`` with the PF of each VF found."""
    if all(wish.device is not None for wish in targets):
        return targets
    functions, found, seen = PhysicalFunctions(host), [], {}
    for wish in targets:
        if wish.device is not None:
            found.append(wish)
            continue
        at = problems.at(wish.where)
        if wish.pf not in seen:
            seen[wish.pf] = at.parse(lambda text: functions.find(parse_pf(text)), wish.pf)
        pci = seen[wish.pf]
        if pci is None:
            continue
        function = functions.get(pci)
        if function.total is not UNKNOWN and wish.index >= function.total:
            at.add(wish.shown, "goes beyond what %s can have: allowed are 0 to %d" % (wish.pf, function.total - 1))
        found.append(replace(wish, pf=function.name, pf_pci=pci))
    return found
