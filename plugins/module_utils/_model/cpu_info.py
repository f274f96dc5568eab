# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``/proc/cpuinfo`` says about virtualisation."""

from __future__ import annotations

from dataclasses import dataclass

VMX = "vmx"
SVM = "svm"
NONE = "none"


@dataclass(frozen=True)
class CpuInfo:
    """``vendor``: as the CPU calls itself, or None; ``flags``: those of the first CPU; ``vmx_flags``: what its VT-x
    has, None where the kernel does not list that (arch/x86/kernel/cpu/proc.c, since Linux 5.6)."""

    vendor: object
    flags: frozenset
    vmx_flags: object = None

    @property
    def extension(self):
        """``vmx`` (Intel's VT-x), ``svm`` (AMD-V) or ``none``.

        The kernel takes the flag away where the firmware locked VT-x off (arch/x86/kernel/cpu/feat_ctl.c,
        init_ia32_feat_ctl).
        """
        return next((name for name in (VMX, SVM) if name in self.flags), NONE)

    @property
    def amd(self):
        return self.extension == SVM or self.vendor in ("AuthenticAMD", "HygonGenuine")

    @property
    def delivers_interrupts(self):
        """Whether the CPU itself has APICv or AVIC; None where the kernel does not tell."""
        if self.amd:
            return "avic" in self.flags
        return None if self.vmx_flags is None else "apicv" in self.vmx_flags


def parse_cpu_info(text):
    """The :class:`CpuInfo` of the first processor; the others of a machine that KVM runs on are alike."""
    vendor, flags, vmx_flags = None, frozenset(), None
    for line in text.split("\n\n", 1)[0].splitlines():
        name, colon, value = line.partition(":")
        if not colon:
            continue
        if name.strip() == "vendor_id":
            vendor = value.strip()
        elif name.strip() == "flags":
            flags = frozenset(value.split())
        elif name.strip() == "vmx flags":
            vmx_flags = frozenset(value.split())
    return CpuInfo(vendor, flags, vmx_flags)
