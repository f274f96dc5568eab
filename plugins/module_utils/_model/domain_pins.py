# SPDX-License-Identifier: GPL-3.0-or-later
"""What a libvirt domain's XML says about where its threads run and where its memory lies."""

from __future__ import annotations

from dataclasses import dataclass, field

from .cpu_set import CpuSet

MODES = ("strict", "preferred", "interleave", "restrictive")

# libvirt: src/util/virutil.c, virScaleInteger
_UNITS = {"b": 1, "byte": 1, "bytes": 1}
for _power, _letter in enumerate("kmgtpe", 1):
    _UNITS.update({_letter: 1024**_power, _letter + "ib": 1024**_power, _letter + "b": 1000**_power})


@dataclass(frozen=True)
class Memory:
    """The memory of the whole guest. ``nodes``: a CpuSet of NUMA nodes, empty where libvirt asks numad."""

    mode: str
    nodes: CpuSet

    def __str__(self):
        return "%s %s" % (self.mode, self.nodes or "auto")


@dataclass(frozen=True)
class DomainPins:
    """One definition of a guest.

    ``vcpus``: how many it can have, ``online`` of them at its start. ``cpuset``: where threads without a pin of their
    own run, None for everywhere. ``vcpu_pins``, ``iothread_pins``: ``{number: CpuSet}``; ``iothreads``: their numbers.
    ``emulator``: CpuSet or None. ``memory``: :class:`Memory` or None; ``memnodes``: cells of the guest that have a
    policy of their own. ``hugepages``: sizes in KiB, 0 for the host's default size. ``memory_kib``: its memory.
    """

    vcpus: int = 1
    online: int = 1
    cpuset: object = None
    vcpu_pins: dict = field(default_factory=dict)
    emulator: object = None
    iothreads: tuple = ()
    iothread_pins: dict = field(default_factory=dict)
    memory: object = None
    memnodes: tuple = ()
    hugepages: tuple = ()
    memory_kib: int = 0

    def cpus_of(self, own):
        """Where a thread with the pin ``own`` (or None) runs; None for everywhere."""
        return self.cpuset if own is None else own


def _number(text):
    return int(text) if text is not None and text.strip().isdigit() else None


def _kib(text, unit, default="KiB"):
    number = _number(text)
    if number is None:
        return 0
    scale = _UNITS.get((unit or default).lower())
    if scale is None:
        raise ValueError("unknown unit of memory %r" % unit)
    return number * scale // 1024


def _cpus(element):
    text = None if element is None else element.get("cpuset")
    return None if not text else CpuSet.from_list(text)


def _pins(root, tag, key):
    found = {}
    for pin in root.findall("cputune/" + tag):
        number, cpus = _number(pin.get(key)), _cpus(pin)
        if number is not None and cpus is not None:
            found[number] = cpus
    return found


def _iothreads(root):
    """Numbers given in ``<iothreadids>``; the rest of the count gets the lowest free ones
    (src/conf/domain_conf.c, virDomainIOThreadIDDefArrayInit)."""
    numbers = [_number(item.get("id")) for item in root.findall("iothreadids/iothread")]
    numbers = [number for number in numbers if number is not None]
    missing = (_number(root.findtext("iothreads")) or 0) - len(numbers)
    free = 1
    while missing > 0:
        if free not in numbers:
            numbers.append(free)
            missing -= 1
        free += 1
    return tuple(sorted(numbers))


def _memory(element):
    if element is None:
        return None
    nodes = element.get("nodeset")
    return Memory(element.get("mode", "strict"), CpuSet.from_list(nodes) if nodes else CpuSet())


def _hugepages(root):
    element = root.find("memoryBacking/hugepages")
    if element is None:
        return ()
    return tuple(_kib(page.get("size"), page.get("unit")) for page in element.findall("page")) or (0,)


def read_pins(root):
    """The :class:`DomainPins` of a ``<domain>`` element. Raises ValueError for what libvirt would not write."""
    vcpu = root.find("vcpu")
    vcpus = 1 if vcpu is None else _number(vcpu.text) or 1
    size = root.find("memory")
    return DomainPins(
        vcpus=vcpus,
        online=vcpus if vcpu is None else _number(vcpu.get("current")) or vcpus,
        cpuset=_cpus(vcpu),
        vcpu_pins=_pins(root, "vcpupin", "vcpu"),
        emulator=_cpus(root.find("cputune/emulatorpin")),
        iothreads=_iothreads(root),
        iothread_pins=_pins(root, "iothreadpin", "iothread"),
        memory=_memory(root.find("numatune/memory")),
        memnodes=tuple(node.get("cellid", "") for node in root.findall("numatune/memnode")),
        hugepages=_hugepages(root),
        memory_kib=0 if size is None else _kib(size.text, size.get("unit")),
    )
