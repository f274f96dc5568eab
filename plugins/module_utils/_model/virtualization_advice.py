# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hypervisor lacks for its guests' speed, and how to turn it on."""

from __future__ import annotations

from dataclasses import dataclass

from .cpu_info import NONE


@dataclass(frozen=True)
class _Maker:
    """One maker's names. ``setting`` and ``iommu``: what firmware calls them; ``paging_parameter`` is the CPU's flag
    too."""

    extension: str
    setting: str
    module: str
    paging: str
    paging_parameter: str
    delivery: str
    delivery_parameter: str
    iommu: str
    iommu_argument: str


_INTEL = _Maker(
    extension="VT-x",
    setting="Intel Virtualization Technology (VT-x, VMX)",
    module="kvm_intel",
    paging="EPT",
    paging_parameter="ept",
    delivery="APICv",
    delivery_parameter="enable_apicv",
    iommu="VT-d",
    iommu_argument=" and add the kernel argument intel_iommu=on",
)
_AMD = _Maker(
    extension="AMD-V",
    setting="SVM Mode",
    module="kvm_amd",
    paging="NPT",
    paging_parameter="npt",
    delivery="AVIC",
    delivery_parameter="avic",
    iommu="AMD-Vi, IOMMU",
    iommu_argument="",  # on by default (Documentation/admin-guide/kernel-parameters.txt, amd_iommu)
)


def _no_extension(maker, found):
    if found["kvm_device"] is True:
        return (
            "The CPU shows the kernel no %s, and KVM runs all the same: in software, which is slow." % maker.extension
        )
    return (
        "The CPU shows the kernel no %s, so that KVM cannot run: turn on '%s' in the firmware's CPU settings. "
        "In a virtual machine, its own hypervisor must pass it on: %s.nested=1 there, and CPU mode host-passthrough."
    ) % (maker.extension, maker.setting, maker.module)


def _no_paging(maker, cpu):
    if maker.paging_parameter not in cpu.flags:
        return (
            "The CPU has no %s: guests' page tables are shadowed in software, and nothing turns it on." % maker.paging
        )
    return (
        "%s is off although the CPU has it: remove %s=0 from the options of %s in /etc/modprobe.d "
        "and from the kernel's arguments, and load the module anew."
    ) % (maker.paging, maker.paging_parameter, maker.module)


def _no_delivery(maker, cpu):
    if cpu.delivers_interrupts is False:
        return "The CPU has no %s: every interrupt for a guest makes it exit, and nothing turns it on." % maker.delivery
    return (
        "%s is off: 'options %s %s=1' in /etc/modprobe.d turns it on where the CPU has it, "
        "once the module is loaded anew."
    ) % (maker.delivery, maker.module, maker.delivery_parameter)


def _cpu(maker, cpu, loaded, found):
    if cpu.extension == NONE:
        yield _no_extension(maker, found)
        return
    if not loaded:
        yield (
            "The module %s is not loaded: run 'modprobe %s'. If that answers 'Operation not supported', "
            "the firmware has '%s' locked off."
        ) % (maker.module, maker.module, maker.setting)
    elif found["kvm_device"] is False:
        yield (
            "The module %s is loaded and /dev/kvm is missing: udev must make it; in a container, pass the device in."
        ) % maker.module
    if found["nested_paging"] is False:
        yield _no_paging(maker, cpu)
    if loaded and found["apicv"] is False:
        yield _no_delivery(maker, cpu)


def _iommu(maker, iommu, words):
    if iommu["enabled"] is False:
        off = [word for word in words if word in ("intel_iommu=off", "amd_iommu=off", "iommu=off")]
        how = "turn on '%s' in the firmware%s" % (maker.iommu, maker.iommu_argument)
        if off:
            how = "remove the kernel argument %s" % " ".join(off)
        yield "No IOMMU is in use, so that no device and no virtual function can be given to a guest: %s." % how
    elif iommu["enabled"] is True and iommu["interrupt_remapping"] is False:
        off = [word for word in words if word in ("intremap=off", "nointremap")]
        how = "turn on interrupt remapping (x2APIC) in the firmware"
        if off:
            how = "remove the kernel argument %s" % " ".join(off)
        # drivers/vfio/vfio_iommu_type1.c, vfio_iommu_type1_attach_group
        yield "Interrupts are not remapped, so that VFIO gives no device to a guest: %s." % how
    elif iommu["enabled"] is True and iommu["posted_interrupts"] is False:
        off = [word for word in words if word.startswith("intremap=") and "nopost" in word]
        how = "the kernel argument %s has that off" % off[0] if off else "the IOMMU cannot, and nothing turns it on"
        yield "Interrupts of a device that a guest was given are not posted to it but pass through KVM: %s." % how


def advice(cpu, loaded, found, iommu, words):
    """Sentences on what is missing; none when nothing is.

    ``cpu``: CpuInfo, or None when it could not be read; ``loaded``: whether KVM's module for it is; ``found``: what
    host_info says of virtualization; ``iommu``: what it says of the IOMMU; ``words``: the kernel's arguments.
    """
    maker = _AMD if cpu is not None and cpu.amd else _INTEL
    sentences = [] if cpu is None else list(_cpu(maker, cpu, loaded, found))
    return sentences + list(_iommu(maker, iommu, words))
