# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a guest's threads are to run and its memory to lie: the parameters checked by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from .cpu_set import CpuSet
from .definition_scope import BOTH, LIVE, SCOPES, unique_by_scope
from .domain_interface_guest import parse_uuid
from .domain_interface_wish import MAX_QUEUES, one_of, parse_opaque, truth, unknown_keys
from .domain_pins import MODES, Memory
from .names import parse_nic_name

NO_PIN = "none"
MEMORY_MODES = MODES + (NO_PIN,)
# include/libvirt/libvirt-domain.h has unsigned int for vCPUs; no machine type of QEMU's takes as many as this.
MAX_NUMBER = 65535
_MAX_PAGE_KIB = 1 << 40


@dataclass(frozen=True)
class VhostWish:
    """``queue`` None: every queue of the NIC. ``cpus`` empty: no pin of its own, it follows the emulator. ``required``:
    whether a worker that cannot be told is an error."""

    interface: str
    queue: object
    cpus: CpuSet
    path: str
    required: bool = True


@dataclass(frozen=True)
class PinningWish:
    """One guest. None leaves a thing alone, an empty CpuSet takes a pin away; ``memory``: :class:`Memory` or
    ``"none"``; ``hugepages``: KiB, 0 for none; ``scope``: the definition that this is about (definition_scope)."""

    name: object
    uuid: object
    path: str
    vcpus: dict = field(default_factory=dict)
    vcpu_default: object = None
    emulator: object = None
    iothreads: dict = field(default_factory=dict)
    vhost: tuple = ()
    memory: object = None
    hugepages: object = None
    scope: str = BOTH

    def cpu_lists(self):
        """``(path, CpuSet)`` of every list given."""
        found = [("vcpus.%d" % number, cpus) for number, cpus in self.vcpus.items()]
        found += [("vcpu_default", self.vcpu_default), ("emulator", self.emulator)]
        found += [("iothreads.%d" % number, cpus) for number, cpus in self.iothreads.items()]
        found = [("%s.%s" % (self.path, name), cpus) for name, cpus in found]
        found += [("%s.cpus" % wish.path, wish.cpus) for wish in self.vhost]
        return [(path, cpus) for path, cpus in found if cpus]


@dataclass(frozen=True)
class PinningWishes:
    guests: tuple


def parse_numbers(value, what="CPU list"):
    """A set of numbers: text in the kernel's list form, or one number. Raises ValueError for what YAML made of an
    unquoted list."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        kind = "truth value" if isinstance(value, bool) else type(value).__name__
        raise ValueError("is no %s, but a %s: quote it, for example '2-3,8'" % (what, kind))
    if isinstance(value, str) and not value.strip():
        raise ValueError("is empty: give a %s such as '2-3,8'" % what)
    try:
        found = CpuSet.from_list(value)
    except ValueError as error:
        raise ValueError(str(error)[len("%r " % (value,)) :].replace("CPU list", what)) from None
    if not found:
        raise ValueError("is empty: give a %s such as '2-3,8'" % what)
    return found


def parse_cpus(value):
    """A CPU list, or ``none`` for an empty set."""
    if value == NO_PIN:
        return CpuSet()
    if isinstance(value, str) and not value.strip():
        raise ValueError("is empty: give CPUs such as '2-3,8', or 'none' to take the pin away")
    return parse_numbers(value)


def _numbered(value, what, problems):
    """``{number: CpuSet}`` of a dictionary by number, or of a list by position in which null leaves one alone."""
    if value is None:
        return {}
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        problems.add(value, "is neither a dictionary of CPU lists by number of the %s nor a list of them" % what)
        return {}
    found = {}
    for key, item in value.items():
        at = problems.at(str(key))
        text = str(key)
        if isinstance(key, bool) or not (text.isascii() and text.isdigit() and int(text) <= MAX_NUMBER):
            at.add(key, "is no number of a %s" % what)
            continue
        if int(text) in found:
            at.add(key, "occurs twice: each %s may be listed once" % what)
        cpus = at.parse(parse_cpus, item)
        if cpus is not None:
            found[int(text)] = cpus
    return found


def _vhost(items, problems):
    wishes, seen = [], {}
    for index, item in enumerate(items or ()):
        at = problems.at(index)
        unknown_keys(item, ("interface", "queue", "cpus", "required"), at)
        name = at.at("interface").parse(parse_nic_name, item.get("interface"))
        queue = at.at("queue").whole(item.get("queue"), 0, MAX_QUEUES - 1, "queue number")
        cpus = at.at("cpus").parse(parse_cpus, item.get("cpus"))
        for key in ("interface", "cpus"):
            if item.get(key) is None:
                at.at(key).add(None, "is missing")
        for other, path in seen.get(name, ()):
            if None in (other, queue) or other == queue:
                at.add(name, "has that queue already in %s: each queue may be listed once" % path)
                break
        seen.setdefault(name, []).append((item.get("queue"), at.path))
        required = truth(item.get("required"), at.at("required"))
        wishes.append(VhostWish(name, queue, cpus, at.path, required is not False))
    return tuple(wishes)


def _memory(value, problems):
    if value is None:
        return None
    unknown_keys(value, ("mode", "nodes"), problems)
    mode = one_of(value.get("mode"), MEMORY_MODES, "memory mode", problems.at("mode"))
    nodes = problems.at("nodes").parse(lambda text: parse_numbers(text, "list of NUMA nodes"), value.get("nodes"))
    if value.get("mode") is None:
        problems.at("mode").add(None, "is missing: allowed are %s" % ", ".join(MEMORY_MODES))
    if mode == NO_PIN:
        if value.get("nodes") is not None:
            problems.at("nodes").add(value["nodes"], "does not go with mode none, which takes the policy away")
        return NO_PIN
    if value.get("nodes") is None:
        problems.at("nodes").add(None, "is missing: mode %s needs the nodes" % mode)
    elif mode == "preferred" and nodes is not None and len(nodes) > 1:
        # libvirt: src/util/virnuma.c, virNumaSetupMemoryPolicy; newer ones take several on a new libnuma only
        problems.at("nodes").add(value["nodes"], "is more than one: mode preferred takes a single node")
    return None if mode is None or nodes is None else Memory(mode, nodes)


def _hugepages(value, problems):
    if value is None:
        return None
    unknown_keys(value, ("size_kib",), problems)
    if value.get("size_kib") is None:
        problems.at("size_kib").add(None, "is missing: give a size in KiB, or 0 for no huge pages")
    return problems.at("size_kib").whole(value.get("size_kib"), 0, _MAX_PAGE_KIB, "size of a page in KiB")


def _parse_guest(item, problems):
    name = problems.at("name").parse(parse_opaque, item.get("name"))
    uuid = problems.at("uuid").parse(parse_uuid, item.get("uuid"))
    if item.get("name") is None and item.get("uuid") is None:
        problems.add(None, "names no guest: give name, uuid or both")
    scope = one_of(item.get("scope") or BOTH, SCOPES, "scope", problems.at("scope")) or BOTH
    for key in ("vcpu_default", "hugepages") if scope == LIVE else ():
        if item.get(key) is not None:
            problems.at(key).add(
                item[key], "does not go with scope live: a running guest keeps what it was started with"
            )
    return PinningWish(
        name,
        uuid,
        problems.path,
        _numbered(item.get("vcpus"), "vCPU", problems.at("vcpus")),
        problems.at("vcpu_default").parse(parse_cpus, item.get("vcpu_default")),
        problems.at("emulator").parse(parse_cpus, item.get("emulator")),
        _numbered(item.get("iothreads"), "IO thread", problems.at("iothreads")),
        _vhost(item.get("vhost"), problems.at("vhost")),
        _memory(item.get("memory"), problems.at("memory")),
        _hugepages(item.get("hugepages"), problems.at("hugepages")),
        scope,
    )


def parse_pinning(items, problems):
    """A :class:`PinningWish` for each list item, with every problem recorded in ``problems``."""
    guests = tuple(_parse_guest(item, problems.at(index)) for index, item in enumerate(items))
    unique_by_scope(guests, problems)
    return guests
