# SPDX-License-Identifier: GPL-3.0-or-later
"""What shares an IOMMU group with a function that a guest is to get: VFIO gives a group whole or not at all.

It does not where the host drives another member, bridges and what keeps its hands off excepted (Documentation/driver-api/
vfio.rst; drivers/iommu/iommu.c, iommu_group_claim_dma_owner; portdrv and pci-stub set driver_managed_dma).
"""

from __future__ import annotations

from dataclasses import dataclass

from .._host.pci import DEVICES
from .._model.action import UNKNOWN

GROUPS = "/sys/kernel/iommu_groups"
_BRIDGE = "0x0604"
_HANDS_OFF = ("pcieport", "pci-stub")


@dataclass(frozen=True)
class Member:
    """``driver``: None where it has none; ``vfio``: it waits for a guest, or a guest has it."""

    pci: str
    driver: object
    vfio: bool

    @property
    def in_the_way(self):
        """Whether VFIO refuses the group because of it."""
        return self.driver is not None and not self.vfio

    def __str__(self):
        return "%s (%s)" % (self.pci, "driver %s" % self.driver if self.driver else "without a driver")


def others_of(host, groups):
    """``{group: [Member]}`` of what is no bridge, of groups with more than one such member; ``groups``: names."""
    listed = host.files.list_many("%s/%s/devices" % (GROUPS, group) for group in groups)
    members = {path.split("/")[-2]: names for path, names in listed.items() if names is not UNKNOWN and len(names) > 1}
    classes = host.files.read_many("%s/%s/class" % (DEVICES, pci) for names in members.values() for pci in names)
    found = {}
    for group, names in members.items():
        cards = [pci for pci in sorted(names) if not _is_bridge(classes["%s/%s/class" % (DEVICES, pci)])]
        if len(cards) > 1:
            found[group] = [_member(host, pci) for pci in cards]
    return found


def _is_bridge(kind):
    return kind is not UNKNOWN and kind.startswith(_BRIDGE)


def _member(host, pci):
    driver = host.pci.driver(pci)
    if driver in _HANDS_OFF:
        driver = None
    return Member(pci, driver, driver is not None and ("vfio" in driver or bool(host.pci.vfio_devices(pci))))
