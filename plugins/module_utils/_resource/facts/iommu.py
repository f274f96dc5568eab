# SPDX-License-Identifier: GPL-3.0-or-later
"""The IOMMU: whether devices can be given to guests, and how their interrupts get there."""

from __future__ import annotations

from ..._model.action import UNKNOWN
from ..._model.iommu_unit import amd_posts, interrupts_remapped, vtd_posts

UNITS = "/sys/class/iommu"
INTERRUPTS = "/sys/kernel/irq"


def _remapping(host):
    """Asked of the interrupts themselves (Documentation/ABI/testing/sysfs-kernel-irq): ``/proc/interrupts`` has a
    column for every CPU."""
    numbers = host.files.listdir(INTERRUPTS)
    chips = host.files.read_many(["%s/%s/chip_name" % (INTERRUPTS, number) for number in numbers], None).values()
    if not any(chips):
        return UNKNOWN
    return interrupts_remapped(chips)


def _posting(host, units):
    """Whether every unit can post: one that cannot makes the kernel do without (drivers/iommu/intel/irq_remapping.c,
    set_irq_posting_cap)."""
    cap, features = "%s/%s/intel-iommu/cap", "%s/%s/amd-iommu/features"
    read = host.files.read_many([path % (UNITS, unit) for unit in units for path in (cap, features)], None)
    answers = []
    for unit in units:
        texts = read[cap % (UNITS, unit)], read[features % (UNITS, unit)]
        answers += [posts(text) for posts, text in zip((vtd_posts, amd_posts), texts) if text is not None]
    if None in answers or len(answers) < len(units):
        return UNKNOWN
    return bool(answers) and all(answers)


def _forbidden(host):
    """Whether the kernel's arguments have posting off (intremap=nopost)."""
    words = [word for word in host.files.read_or("/proc/cmdline", "").split() if word.startswith("intremap=")]
    return any("nopost" in word.split("=", 1)[1].split(",") for word in words)


def read_iommu(host):
    """``{enabled, units, interrupt_remapping, posted_interrupts}``.

    ``units``: the kernel's names of the IOMMUs that are in use (``dmar0``, ``ivhd1``); ``posted_interrupts``: the
    hardware can deliver a device's interrupt to a running vCPU by itself, and interrupts are remapped, without which it
    does not.
    """
    units = host.files.list_or(UNITS)
    remapped = _remapping(host)
    if units is UNKNOWN:
        return {"enabled": UNKNOWN, "units": UNKNOWN, "interrupt_remapping": remapped, "posted_interrupts": UNKNOWN}
    posting = _posting(host, units) if units else False
    if remapped is False or _forbidden(host):
        posting = False
    elif remapped is UNKNOWN and posting is True:
        posting = UNKNOWN
    return {"enabled": bool(units), "units": units, "interrupt_remapping": remapped, "posted_interrupts": posting}
