# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hypervisor lacks for its guests' speed, and how to turn it on."""

from __future__ import annotations

from .cpu_info import NONE

_NAMES = {
    # AMD?: extension, firmware's name for it, KVM's module, nested paging and its parameter, interrupt delivery and its parameter, IOMMU
    False: ("VT-x", "Intel Virtualization Technology (VT-x, VMX)", "kvm_intel", "EPT", "ept", "APICv", "enable_apicv", "VT-d"),
    True: ("AMD-V", "SVM Mode", "kvm_amd", "NPT", "npt", "AVIC", "avic", "AMD-Vi, IOMMU"),
}


def _cpu(cpu, loaded, found):
    extension, setting, module, paging, paging_parameter, delivery, delivery_parameter, _iommu = _NAMES[cpu.amd]
    if cpu.extension == NONE:
        if found["kvm_device"] is True:
            yield "The CPU shows the kernel no %s, and KVM runs all the same: in software, which is slow." % extension
            return
        yield (
            "The CPU shows the kernel no %s, so that KVM cannot run: turn on '%s' in the firmware's CPU settings. In a virtual machine, its own "
            "hypervisor must pass it on: %s.nested=1 there, and the CPU mode host-passthrough." % (extension, setting, module)
        )
        return
    if not loaded:
        yield (
            "The module %s is not loaded: run 'modprobe %s'. If that answers 'Operation not supported', the firmware has '%s' locked off."
            % (module, module, setting)
        )
    elif found["kvm_device"] is False:
        yield "The module %s is loaded and /dev/kvm is missing: udev must make it; in a container, pass the device in." % module
    if found["nested_paging"] is False:
        if paging_parameter in cpu.flags:
            yield (
                "%s is off although the CPU has it: remove %s=0 from the options of %s in /etc/modprobe.d and from the kernel's arguments, and "
                "load the module anew." % (paging, paging_parameter, module)
            )
        else:
            yield "The CPU has no %s: guests' page tables are shadowed in software, and nothing turns it on." % paging
    if loaded and found["apicv"] is False:
        if cpu.delivers_interrupts is False:
            yield "The CPU has no %s: every interrupt for a guest makes it exit, and nothing turns it on." % delivery
        else:
            yield "%s is off: 'options %s %s=1' in /etc/modprobe.d turns it on where the CPU has it, once the module is loaded anew." % (
                delivery,
                module,
                delivery_parameter,
            )


def _iommu(amd, iommu, words):
    name = _NAMES[amd][-1]
    if iommu["enabled"] is False:
        off = [word for word in words if word in ("intel_iommu=off", "amd_iommu=off", "iommu=off")]
        if off:
            how = "remove the kernel argument %s" % " ".join(off)
        elif amd:
            how = "turn on '%s' in the firmware" % name
        else:
            how = "turn on '%s' in the firmware, and add the kernel argument intel_iommu=on" % name
        yield "No IOMMU is in use, so that no device and no virtual function can be given to a guest: %s." % how
    elif iommu["enabled"] is True and iommu["interrupt_remapping"] is False:
        off = [word for word in words if word in ("intremap=off", "nointremap")]
        how = "remove the kernel argument %s" % " ".join(off) if off else "turn on interrupt remapping (x2APIC) in the firmware"
        yield (
            "Interrupts are not remapped, so that VFIO refuses to give devices to guests (drivers/vfio/vfio_iommu_type1.c): %s." % how
        )
    elif iommu["enabled"] is True and iommu["posted_interrupts"] is False:
        off = [word for word in words if word.startswith("intremap=") and "nopost" in word]
        how = "the kernel argument %s has them off" % off[0] if off else "the IOMMU has none, and nothing turns them on"
        yield "Interrupts of a passed-through device are not posted to its guest but pass through KVM: %s." % how


def advice(cpu, loaded, found, iommu, words):
    """Sentences on what is missing.

    ``cpu``: CpuInfo, or None when it could not be read; ``loaded``: whether KVM's module for it is; ``found``: what host_info says of
    virtualization; ``iommu``: what it says of the IOMMU; ``words``: the kernel's arguments.
    """
    sentences = [] if cpu is None else list(_cpu(cpu, loaded, found))
    return sentences + list(_iommu(cpu is not None and cpu.amd, iommu, words))
