# SPDX-License-Identifier: GPL-3.0-or-later
"""Where interrupts are to arrive: the parameters checked by themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .cpu_choice import parse_cpu_choice
from .cpu_set import CpuSet
from .irq_name import MISC, QUEUES
from .irqbalance_wish import parse_balance_wish
from .vf_range import split_vf

SET, SPREAD, VCPU, NODE = "set", "spread", "vcpu", "node"
POLICIES = (SET, SPREAD, VCPU, NODE)
KEEP_OFF, LEAVE = "keep_off", "leave"
ALL, NONE = "all", "none"
FAIL, SKIP = "fail", "skip"

_NEEDS = {SET: ("cpus",), SPREAD: (), VCPU: ("guest", "vcpu"), NODE: ()}
_TAKES = {**_NEEDS, SPREAD: ("cpus",)}
_HIGHEST_QUEUE = 65535
_HIGHEST_VCPU = 65535
_INTERRUPT = re.compile("(?:%s) [0-9]{1,5}|%s(?: [0-9]{1,5})?" % ("|".join(QUEUES), MISC), re.ASCII)


@dataclass(frozen=True)
class TargetWish:
    """The interrupts of one function. ``device``: a name or PCI address, or None for VF number ``index`` of ``pf``,
    at ``pf_pci`` once a host was asked; ``queues``: None for all; ``cpus``: in the user's order, empty
    where the host tells; ``interrupts``: their names in reports, or None where queues choose."""

    path: str
    device: object
    pf: object
    index: object
    queues: object
    others: bool
    policy: str
    cpus: tuple
    guest: object
    vcpu: object
    pf_pci: object = None
    interrupts: object = None

    @property
    def where(self):
        """The path of what names the function."""
        return "%s.%s" % (self.path, "vf" if self.device is None else "device")

    @property
    def shown(self):
        return self.device if self.device is not None else "%s#%s" % (self.pf, self.index)


@dataclass(frozen=True)
class IrqWish:
    """None leaves a thing alone. ``default_cpus``: a CpuSet or ``all``; ``banned_cpus``: a CpuSet or ``none``;
    ``settings``: a BalanceWish, which then is all that is wished of irqbalance; ``skips``: whether what is not there is
    left out."""

    targets: tuple
    default_cpus: object = None
    irqbalance: str = KEEP_OFF
    banned_cpus: object = None
    purge: bool = False
    strict: bool = False
    settings: object = None
    skips: bool = False

    @property
    def concerns_irqbalance(self):
        if self.irqbalance != KEEP_OFF:
            return False
        return bool(self.targets) or self.purge or self.banned_cpus is not None or self.settings is not None


def parse_irq_wish(params, problems):
    """The :class:`IrqWish`, and ``[(problems at the place, what is written there, CPUs)]`` for a host to check."""
    given = []
    targets = []
    for index, item in enumerate(params.get("targets") or ()):
        targets += _targets(item, problems.at("targets").at(index), given)
    _refuse_doubles(targets, problems)
    default = _cpus(params, "default_cpus", ALL, problems, given)
    banned = _cpus(params, "banned_cpus", NONE, problems, given)
    irqbalance = params.get("irqbalance") or KEEP_OFF
    if irqbalance == LEAVE and banned is not None:
        problems.at("banned_cpus").add(
            params["banned_cpus"], "is a setting of irqbalance, which 'irqbalance: leave' leaves alone"
        )
    settings = parse_balance_wish(params.get("irqbalance_settings"), problems.at("irqbalance_settings"))
    if settings is not None and (irqbalance == LEAVE or banned is not None or params.get("purge")):
        problems.at("irqbalance_settings").add(
            None, "says all of irqbalance: leave out banned_cpus, purge and 'irqbalance: leave'"
        )
    wish = IrqWish(
        tuple(targets),
        default,
        irqbalance,
        banned,
        bool(params.get("purge")),
        bool(params.get("strict")),
        settings,
        params.get("missing") == SKIP,
    )
    return wish, given


def _cpus(params, name, word, problems, given):
    value = params.get(name)
    if value is None or value == word:
        return value
    cpus = problems.at(name).parse(parse_cpu_choice, value)
    if cpus is None:
        return None
    given.append((problems.at(name), value, cpus))
    return CpuSet(cpus)


def _targets(item, problems, given):
    """One :class:`TargetWish` for each function that an entry names."""
    policy = item.get("policy") or SET
    _check_policy(item, policy, problems)
    queues, interrupts = _queues(item, problems), _interrupts(item, problems)
    cpus = problems.at("cpus").parse(parse_cpu_choice, item.get("cpus")) or ()
    if cpus:
        given.append((problems.at("cpus"), item["cpus"], cpus))
    vcpu = problems.at("vcpu").whole(item.get("vcpu"), 0, _HIGHEST_VCPU, "number of a vCPU")
    found = []
    for device, pf, index in _functions(item, problems):
        others = bool(item.get("others"))
        found.append(
            TargetWish(
                problems.path,
                device,
                pf,
                index,
                queues,
                others,
                policy,
                cpus,
                item.get("guest"),
                vcpu,
                interrupts=interrupts,
            )
        )
    return found


def _functions(item, problems):
    """``(device, PF, VF's index)`` of each function that an entry names."""
    device, vf = item.get("device"), item.get("vf")
    if (device is None) == (vf is None):
        problems.add(
            device,
            "names no device, or two: give either 'device' such as \"enp59s0f0\", or 'vf' such as \"enp59s0f0#0\"",
        )
        return []
    if device is not None:
        if not device.strip():
            problems.at("device").add(device, "is empty: give a network device's name or a PCI address")
            return []
        return [(device, None, None)]
    parts = problems.at("vf").parse(split_vf, vf)
    return [] if parts is None else [(None, parts[0], index) for index in parts[1]]


def _check_policy(item, policy, problems):
    if policy not in POLICIES:
        problems.at("policy").add(policy, "is no policy: allowed are %s" % ", ".join(POLICIES))
        return
    for name in ("cpus", "guest", "vcpu"):
        value = item.get(name)
        if name in _NEEDS[policy] and (value is None or (name == "guest" and not value)):
            problems.at(name).add(value, "is needed by the policy '%s'" % policy)
        elif name not in _TAKES[policy] and value is not None:
            takes = " and ".join("'%s'" % taken for taken in _TAKES[policy]) or "nothing more"
            problems.at(name).add(value, "is not for the policy '%s', which takes %s" % (policy, takes))


def _queues(item, problems):
    value = item.get("queues")
    if value is None:
        return None
    at = problems.at("queues")
    if not value and not item.get("others"):
        at.add(value, "leaves nothing to place: name queues, leave it out for all, or set 'others'")
    at.unique(value, "queue")
    return tuple(
        queue
        for index, queue in enumerate(value)
        if at.at(index).whole(queue, 0, _HIGHEST_QUEUE, "number of a queue") is not None
    )


def _interrupts(item, problems):
    value = item.get("interrupts")
    if value is None:
        return None
    at = problems.at("interrupts")
    if not value:
        at.add(value, "names no interrupt: leave it out for all that serve queues")
    if item.get("queues") is not None or item.get("others"):
        at.add(value, "names them one by one: leave out queues and others")
    at.unique(value, "interrupt")
    for index, name in enumerate(value):
        if not isinstance(name, str) or not _INTERRUPT.fullmatch(name):
            at.at(index).add(name, "is no interrupt: allowed are names such as 'combined 0', 'rx 1', 'tx 1' or 'misc'")
    return tuple(value)


def _refuse_doubles(targets, problems):
    """What is told from the words alone; two names of one device show on the host."""
    seen = {}
    for wish in targets:
        for other in seen.get(wish.shown, ()):
            if overlap(wish, other):
                problems.at(wish.where).add(wish.shown, "is placed by %s too: let their queues differ" % other.path)
                break
        seen.setdefault(wish.shown, []).append(wish)


def overlap(one, other):
    """Whether two wishes for the same function speak of the same interrupts."""
    if one.interrupts is not None and other.interrupts is not None:
        return bool(set(one.interrupts) & set(other.interrupts))
    if one.interrupts is not None or other.interrupts is not None:
        named, rest = (one, other) if one.interrupts is not None else (other, one)
        return any(_chosen(name, rest) for name in named.interrupts)
    if one.others and other.others:
        return True
    if None in (one.queues, other.queues):
        return bool(one.queues is None or one.queues) and bool(other.queues is None or other.queues)
    return bool(set(one.queues) & set(other.queues))


def _chosen(name, wish):
    """Whether a wish that chooses by queues speaks of the interrupt ``name``."""
    kind, _blank, number = name.partition(" ")
    if kind == MISC:
        return wish.others
    return wish.queues is None or int(number or 0) in wish.queues
