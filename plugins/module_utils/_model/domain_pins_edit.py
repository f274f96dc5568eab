# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a domain's XML for which libvirt has no call: pins taken away, defaults, memory. All else stays."""

from __future__ import annotations

from xml.etree import ElementTree

from .interface_xml import text_of
from .interface_xml_document import parse_exactly


def _drop(root, path, keep=None):
    """Remove the elements at ``parent/child`` for which ``keep`` does not hold, and the parent when it gets empty."""
    parent_path, tag = path.split("/")
    for parent in root.findall(parent_path):
        for child in parent.findall(tag):
            if keep is None or not keep(child):
                parent.remove(child)
        if not len(parent) and not parent.attrib:
            root.remove(parent)


def _child(parent, tag):
    found = parent.find(tag)
    return ElementTree.SubElement(parent, tag) if found is None else found


def set_cpuset(root, cpus):
    """``<vcpu cpuset>``; an empty set takes it away."""
    vcpu = _child(root, "vcpu")
    vcpu.attrib.pop("cpuset", None)
    if cpus:
        vcpu.set("cpuset", str(cpus))
        if vcpu.get("placement") == "auto":  # numad would choose other CPUs than these
            vcpu.set("placement", "static")


def drop_vcpu_pin(root, number):
    _drop(root, "cputune/vcpupin", lambda pin: pin.get("vcpu") != str(number))


def drop_emulator_pin(root, _number):
    _drop(root, "cputune/emulatorpin")


def drop_iothread_pin(root, number):
    _drop(root, "cputune/iothreadpin", lambda pin: pin.get("iothread") != str(number))


def drop_memory(root, _value):
    _drop(root, "numatune/memory")


def set_hugepages(root, kib):
    """Pages of one size behind the whole of the memory; 0 takes them away."""
    _drop(root, "memoryBacking/hugepages")
    if kib:
        pages = _child(_child(root, "memoryBacking"), "hugepages")
        ElementTree.SubElement(pages, "page", size=str(kib), unit="KiB")


def edited(text, changes):
    """``text`` of a domain after every ``(function of this file, its argument)`` in ``changes``."""
    root = parse_exactly(text)
    for change, value in changes:
        change(root, value)
    return text_of(root)
