# SPDX-License-Identifier: GPL-3.0-or-later
"""What an IOMMU's registers and the interrupts' chips tell of remapping."""

from __future__ import annotations

# Prefix of the interrupts below a remapping unit (drivers/iommu/intel/irq_remapping.c, drivers/iommu/amd/iommu.c)
_REMAPPED = "IR-"
_VTD_POSTED = 59  # drivers/iommu/intel/iommu.h, cap_pi_support
_AMD_GUEST_APIC = 7  # drivers/iommu/amd/amd_iommu_types.h, FEATURE_GA
_AMD_GUEST_VAPIC_SHIFT = 21  # FEATURE_GAM_VAPIC


def _register(text):
    """The number in ``f00f4a`` or ``25bf732fa2295afe:1d``, or None."""
    try:
        return int(str(text).split(":", 1)[0], 16)
    except ValueError:
        return None


def vtd_posts(cap):
    """Whether a VT-d unit whose capability register reads ``cap`` can post interrupts; None when that is no register's
    content."""
    value = _register(cap)
    return None if value is None else bool(value >> _VTD_POSTED & 1)


def amd_posts(features):
    """Whether an AMD unit whose extended features read ``features`` can post interrupts to a virtual APIC; None as
    above."""
    value = _register(features)
    return None if value is None else bool(value >> _AMD_GUEST_APIC & 1 and value >> _AMD_GUEST_VAPIC_SHIFT & 1)


def interrupts_remapped(chips):
    """Whether any of the interrupt chips' names is that of a remapped one."""
    return any(isinstance(chip, str) and chip.startswith(_REMAPPED) for chip in chips)
