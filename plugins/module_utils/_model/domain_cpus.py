# SPDX-License-Identifier: GPL-3.0-or-later
"""What a libvirt domain's XML says about its vCPUs and where they may run."""

from __future__ import annotations


def _count(element):
    for text in (element.get("current"), element.text):
        if text is not None and text.strip().isdigit():
            return int(text)
    return None


def read_cpus(root):
    """``{vcpus, cpuset, vcpu_pins, emulator_pin}`` of a ``<domain>`` element.

    ``vcpus``: how many are online; ``cpuset``: where those without a pin of their own run, None for everywhere;
    ``vcpu_pins``: ``{vCPU's number as text: CPU list}``; ``emulator_pin``: CPU list or None. Lists are as the XML has
    them.
    """
    vcpu = root.find("vcpu")
    emulator = root.find("cputune/emulatorpin")
    return {
        "vcpus": 1 if vcpu is None else _count(vcpu) or 1,
        "cpuset": None if vcpu is None else vcpu.get("cpuset"),
        "vcpu_pins": {pin.get("vcpu", ""): pin.get("cpuset", "") for pin in root.findall("cputune/vcpupin")},
        "emulator_pin": None if emulator is None else emulator.get("cpuset"),
    }
