# SPDX-License-Identifier: GPL-3.0-or-later
"""SR-IOV as wished, with every physical function resolved to its PCI address: names may change, that does not."""

from __future__ import annotations

from dataclasses import dataclass, field

DEFAULT = "default"
VFIO = "vfio-pci"


@dataclass(frozen=True)
class PfWish:
    """One physical function. None leaves a thing alone; ``up`` false leaves the link as it is. ``path``: where the user
    wrote it."""

    pci: str
    path: str
    num_vfs: object = None
    autoprobe: object = None
    up: bool = True


@dataclass(frozen=True)
class VfWish:
    """One virtual function. ``attributes``: ``{name: canonical value}`` as in :mod:`vf_attributes`; ``driver``: None,
    ``default`` or ``vfio-pci``."""

    pci: str
    index: int
    path: str
    attributes: dict = field(default_factory=dict)
    driver: object = None


@dataclass(frozen=True)
class SriovWish:
    """``notes``: what was dropped because the driver cannot do it and the user said that this is no error."""

    pfs: tuple
    vfs: tuple
    purge: bool = False
    ignore_unsupported: bool = False
    notes: tuple = ()

    def addresses(self):
        """PCI addresses of every physical function spoken of, in the user's order."""
        return tuple(dict.fromkeys([pf.pci for pf in self.pfs] + [vf.pci for vf in self.vfs]))

    def count(self, pci):
        """The wished number of VFs, or None."""
        return next((pf.num_vfs for pf in self.pfs if pf.pci == pci), None)
