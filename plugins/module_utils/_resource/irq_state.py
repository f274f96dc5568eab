# SPDX-License-Identifier: GPL-3.0-or-later
"""The interrupts that a wish speaks of, where they go, and what else decides that on this host."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .._model.action import UNKNOWN
from .._model.cpu_set import CpuSet
from .._model.irq_wish import NODE, VCPU
from .device_irqs import AFFINITY, Functions, cpus, read_functions
from .irq_placement import Placements
from .irq_validate import cpu_lists
from .irqbalance import read_irqbalance
from .tuned import NO_TUNED, read_tuned

DEFAULT_AFFINITY = "/proc/irq/default_smp_affinity"
_NODE_CPUS = "/sys/devices/system/node/node%d/cpulist"


@dataclass(frozen=True)
class Surroundings:
    """What places depend on: ``online``, ``kept_free``: the isolated CPUs and those without a tick; ``possible``: all
    that this kernel can have; ``nodes``: ``{NUMA node: CpuSet}``; ``vcpus``: ``{(guest, vCPU): CpuSet or text saying
    why not}``."""

    online: object
    kept_free: CpuSet
    possible: object
    nodes: dict
    vcpus: dict


@dataclass(frozen=True)
class IrqState:
    """``placements``: what each interrupt is and should be; ``default_affinity``: for new interrupts, or unknown;
    ``balance``: irqbalance, None where nothing depends on it; ``managed``: numbers of interrupts that the kernel
    lets nobody place."""

    around: Surroundings
    placements: Placements
    default_affinity: object = UNKNOWN
    balance: object = None
    tuned: object = NO_TUNED
    managed: frozenset = field(default_factory=frozenset)


def observe(host, desired):
    functions, found, absent = Functions(host), {}, {}
    for wish in desired.targets:
        key = (wish.device, wish.pf_pci, wish.index)
        if key in found or key in absent:
            continue
        try:
            pci = functions.of_device(wish.device) if wish.device else functions.of_vf(wish.pf_pci, wish.index)
            if pci is None:
                raise ValueError("does not exist on this host: make it first, with kvm.vnic.sriov")
            found[key] = pci
        except ValueError as error:
            absent[key] = str(error)
    read = read_functions(host, found.values())
    around = _surroundings(host, desired, read.values())
    placements = Placements()
    for wish in desired.targets:
        key = (wish.device, wish.pf_pci, wish.index)
        if key in absent:
            placements.lacks(wish.where, wish.shown, absent[key])
        else:
            placements.place(wish, read[found[key]], around)
    state = IrqState(around, placements)
    if desired.default_cpus is not None:
        state = replace(state, default_affinity=_mask(host.files.read_or(DEFAULT_AFFINITY)))
    if desired.targets or desired.concerns_irqbalance:
        state = replace(state, balance=read_irqbalance(host))
    if desired.concerns_irqbalance and state.balance.installed:
        state = replace(state, tuned=read_tuned(host))
    return replace(state, managed=_managed(host, placements.differing()))


def _mask(text):
    if text is UNKNOWN:
        return UNKNOWN
    try:
        return CpuSet.from_mask(text)
    except ValueError:
        return UNKNOWN


def _surroundings(host, desired, functions):
    read = cpu_lists(host, ("online", "isolated", "nohz_full", "possible"))
    free = [read[name] for name in ("isolated", "nohz_full") if read[name] is not UNKNOWN]
    nodes = {}
    if any(wish.policy == NODE for wish in desired.targets):
        numbers = {function.node for function in functions if isinstance(function.node, int)}
        texts = host.files.read_many([_NODE_CPUS % number for number in numbers])
        nodes = {number: cpus(texts[_NODE_CPUS % number]) for number in numbers}
    wanted = {(wish.guest, wish.vcpu) for wish in desired.targets if wish.policy == VCPU}
    return Surroundings(read["online"], CpuSet().union(*free), read["possible"], nodes, _vcpus(host, wanted))


def _vcpus(host, wanted):
    if not wanted:
        return {}
    from .guest_vcpus import find_vcpus  # with it comes all that reads a guest's XML

    return find_vcpus(host.libvirt.domains(), wanted)


def _managed(host, placements):
    """Since Linux 6.11 the kernel's own interrupts have no writable file (kernel/irq/proc.c, register_irq_proc); before
    that only a write tells."""
    found = set()
    for placement in placements:
        status = host.files.stat(AFFINITY % placement.irq.number)
        if status is not None and not status["mode"] & 0o200:
            found.add(placement.irq.number)
    return frozenset(found)
