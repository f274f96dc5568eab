# SPDX-License-Identifier: GPL-3.0-or-later
"""What the CPUs do for KVM, and whether KVM uses it."""

from __future__ import annotations

from ..._model.action import UNKNOWN
from ..._model.cpu_info import NONE, parse_cpu_info
from ..._model.virtualization_advice import advice
from .iommu import read_iommu

_SWITCH = {"Y": True, "1": True, "N": False, "0": False}

# by extension: module, its parameter for nested paging, the CPU's flag for that, its parameter for virtual interrupt
# delivery
_KVM = {
    "vmx": ("kvm_intel", "ept", "ept", "enable_apicv"),
    "svm": ("kvm_amd", "npt", "npt", "avic"),
}


def _nested_paging(parameter, loaded, flagged):
    """KVM's own word where it is loaded, else what it will find in the CPU."""
    return _SWITCH.get(parameter, UNKNOWN) if loaded else flagged


def read_virtualization(host):
    """``{extension, nested_paging, apicv, kvm_device, explanation}``.

    ``extension``: ``vmx``, ``svm`` or ``none``; ``nested_paging``: EPT or NPT; ``apicv``: APICv or AVIC is active;
    ``kvm_device``: ``/dev/kvm`` is there and KVM answers behind it; ``explanation``: sentences on what is missing and
    how to turn it on.
    """
    text = host.files.read_or("/proc/cpuinfo")
    iommu = read_iommu(host)
    found = {"extension": UNKNOWN, "nested_paging": UNKNOWN, "apicv": UNKNOWN}
    cpu, loaded = None, UNKNOWN
    if text is not UNKNOWN:
        cpu = parse_cpu_info(text)
        found = {"extension": cpu.extension, "nested_paging": False, "apicv": False}
        if cpu.extension != NONE:
            module, paging, flag, delivery = _KVM[cpu.extension]
            loaded = host.files.exists("/sys/module/" + module)
            parameters = "/sys/module/%s/parameters/" % module
            read = host.files.read_many([parameters + paging, parameters + delivery])
            found["nested_paging"] = _nested_paging(read[parameters + paging], loaded, flag in cpu.flags)
            found["apicv"] = _SWITCH.get(read[parameters + delivery], UNKNOWN) if loaded else False
    # The node alone proves nothing: it is made at boot, so that opening it loads the module
    # (kmod-static-nodes.service).
    found["kvm_device"] = host.files.exists("/dev/kvm") and host.files.exists("/sys/class/misc/kvm")
    command_line = host.files.read_or("/proc/cmdline", "").split()
    found["explanation"] = advice(cpu, loaded, found, iommu, command_line)
    return found
