# SPDX-License-Identifier: GPL-3.0-or-later
"""PCI functions as sysfs shows them: physical functions, their virtual functions, and who drives each."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._model.action import UNKNOWN

DEVICES = "/sys/bus/pci/devices"
_VIRTFN = re.compile(r"^virtfn(\d+)$")


@dataclass(frozen=True)
class VirtualFunction:
    """One VF. ``driver`` and ``group`` are None when it has none; ``netdevs`` are the network devices visible in this namespace;
    ``vfio``: it is in the hands of VFIO, whatever its variant driver is called; ``enabled``: the device's enable count, or unknown."""

    pf: str
    index: int
    pci: str
    driver: object
    group: object
    netdevs: tuple
    vfio: bool
    enabled: object


def whole(text):
    """``text`` as an integer, or unknown."""
    try:
        return int(text)
    except (TypeError, ValueError):
        return UNKNOWN


class Pci:
    def __init__(self, files):
        self._files = files

    def functions(self):
        """Addresses of every PCI function."""
        return self._files.listdir(DEVICES)

    def netdevs(self, pci):
        """Names of the network devices of a function, those in other network namespaces excepted (sysfs hides them)."""
        return self._files.listdir("%s/%s/net" % (DEVICES, pci))

    def driver(self, pci):
        return self._files.link_name("%s/%s/driver" % (DEVICES, pci))

    def numa_node(self, pci):
        """The node, None where the firmware names none (-1), or unknown."""
        node = whole(self._files.read_or("%s/%s/numa_node" % (DEVICES, pci)))
        return None if node == -1 else node

    def physical_function(self, pci):
        """Address of the PF of a VF; None for anything else."""
        return self._files.link_name("%s/%s/physfn" % (DEVICES, pci))

    def total_vfs(self, pci):
        """How many VFs the function can have; None when it is no SR-IOV physical function."""
        total = self._files.read_or("%s/%s/sriov_totalvfs" % (DEVICES, pci), None)
        return None if total is None else whole(total)

    def vf_addresses(self, pci):
        """``{index: address}`` of the VFs that exist now."""
        found = {}
        for name, target in self._files.links("%s/%s" % (DEVICES, pci)).items():
            match = _VIRTFN.match(name)
            if match:
                found[int(match.group(1))] = target.rpartition("/")[2]
        return found

    def virtual_functions(self, pci):
        """Every :class:`VirtualFunction` of a PF, by index."""
        addresses = self.vf_addresses(pci)
        enables = self._files.read_many("%s/%s/enable" % (DEVICES, address) for address in addresses.values())
        return [
            VirtualFunction(
                pf=pci,
                index=index,
                pci=address,
                driver=self.driver(address),
                group=self._files.link_name("%s/%s/iommu_group" % (DEVICES, address)),
                netdevs=tuple(self.netdevs(address)),
                vfio=bool(self._files.listdir("%s/%s/vfio-dev" % (DEVICES, address))) or self.driver(address) == "vfio-pci",
                enabled=whole(enables["%s/%s/enable" % (DEVICES, address)]),
            )
            for index, address in sorted(addresses.items())
        ]
