# SPDX-License-Identifier: GPL-3.0-or-later
"""PCI functions as sysfs shows them: physical functions, their virtual functions, and who drives each."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass

from .._model.action import UNKNOWN
from .._model.errors import InFlight

DEVICES = "/sys/bus/pci/devices"
_VIRTFN = re.compile(r"virtfn(\d+)")


@dataclass(frozen=True)
class VirtualFunction:
    """One VF. ``driver`` and ``group`` are None when it has none; ``netdevs`` are the network devices visible in this
    namespace; ``vfio``: it is in the hands of VFIO, whatever its variant driver is called; ``enabled``: the device's
    enable count, or unknown."""

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

    def physical_functions(self):
        """``{address: total}`` of every function that can have VFs; ``total`` is unknown where it cannot be read."""
        found = {}
        paths = ["%s/%s/sriov_totalvfs" % (DEVICES, pci) for pci in self.functions()]
        for path, total in self._files.read_many(paths, None).items():
            if total is not None:
                found[path.split("/")[-2]] = whole(total)
        return found

    def device_ids(self, pcis):
        """``{address: device id such as "0x10c9", or unknown}``."""
        read = self._files.read_many(["%s/%s/device" % (DEVICES, pci) for pci in pcis])
        return {path.split("/")[-2]: device for path, device in read.items()}

    def iommu_group(self, pci):
        """Number of the IOMMU group as text, or None."""
        return self._files.link_name("%s/%s/iommu_group" % (DEVICES, pci))

    def vfio_devices(self, pci):
        """Names of the function's VFIO character devices (``vfio3``), which exist beside the group's."""
        return self._files.listdir("%s/%s/vfio-dev" % (DEVICES, pci))

    def num_vfs(self, pci):
        """How many VFs are enabled, or unknown.

        Raises InFlight when the read does not return: it waits for the device's lock, which a write to the same file
        holds all the while (drivers/pci/iov.c, sriov_numvfs_show).
        """
        path = "%s/%s/sriov_numvfs" % (DEVICES, pci)
        try:
            return whole(self._files.read(path))
        except OSError as error:
            if error.errno == errno.ETIMEDOUT:
                raise InFlight(
                    "read %s" % path, "another change of this card's VFs has not returned yet: wait until it has"
                ) from None
            return UNKNOWN

    def set_num_vfs(self, pci, count, timeout):
        self._files.write("%s/%s/sriov_numvfs" % (DEVICES, pci), count, timeout)

    def autoprobe(self, pci):
        """Whether VFs get their driver by themselves, or unknown."""
        return {"0": False, "1": True}.get(
            self._files.read_or("%s/%s/sriov_drivers_autoprobe" % (DEVICES, pci), ""), UNKNOWN
        )

    def set_autoprobe(self, pci, on):
        self._files.write("%s/%s/sriov_drivers_autoprobe" % (DEVICES, pci), "1" if on else "0")

    def driver_overrides(self, pcis):
        """``{address: name of the one driver that may bind, or None}``.

        Raises InFlight when the reads do not return: they wait for a device's lock (drivers/pci/pci-sysfs.c,
        driver_override_show), which a driver that does not let go of the device holds.
        """
        paths = ["%s/%s/driver_override" % (DEVICES, pci) for pci in pcis]
        read = self._files.read_many(paths, None)
        if paths and not any(text is not None for text in read.values()) and self._files.exists(paths[0]):
            raise InFlight("read %s" % paths[0], "a driver has not let go of one of these functions: wait until it has")
        return {path.split("/")[-2]: None if name in (None, "", "(null)") else name for path, name in read.items()}

    def rebind(self, pci, override):
        """Let the function go and have it probed again, by the driver ``override`` alone or, with None, by whichever
        fits.

        Neither unbinds nor probes by itself: driver_override (Documentation/ABI/testing/sysfs-bus-pci).
        """
        # cut off between two writes, neither order leaves what looks as wished already
        if override:
            self._files.write("%s/%s/driver_override" % (DEVICES, pci), override)
        if self.driver(pci) is not None:
            self._files.write("%s/%s/driver/unbind" % (DEVICES, pci), pci)
        if not override:
            self._files.write("%s/%s/driver_override" % (DEVICES, pci), "\n")
        self._files.write("/sys/bus/pci/drivers_probe", pci)

    def future_vf_address(self, pci, index):
        """Where a VF that does not exist will be, or None when that cannot be told.

        First VF Offset and VF Stride count routing identifiers, which are bus and devfn (drivers/pci/iov.c,
        pci_iov_virtfn_bus and pci_iov_virtfn_devfn).
        """
        read = self._files.read_many("%s/%s/%s" % (DEVICES, pci, name) for name in ("sriov_offset", "sriov_stride"))
        offset, stride = (whole(text) for text in read.values())
        if offset is UNKNOWN or stride is UNKNOWN:
            return None
        domain, bus, rest = pci.split(":")
        slot, function = rest.split(".")
        identifier = (int(bus, 16) << 8 | int(slot, 16) << 3 | int(function)) + offset + stride * index
        return "%s:%02x:%02x.%d" % (domain, identifier >> 8, identifier >> 3 & 31, identifier & 7)

    def vf_addresses(self, pci):
        """``{index: address}`` of the VFs that exist now."""
        found = {}
        for name, target in self._files.links("%s/%s" % (DEVICES, pci)).items():
            match = _VIRTFN.fullmatch(name)
            if match:
                found[int(match.group(1))] = target.rpartition("/")[2]
        return found

    def virtual_functions(self, pci):
        """Every :class:`VirtualFunction` of a PF, by index."""
        addresses = self.vf_addresses(pci)
        enables = self._files.read_many("%s/%s/enable" % (DEVICES, address) for address in addresses.values())
        return [
            self._virtual_function(pci, index, address, whole(enables["%s/%s/enable" % (DEVICES, address)]))
            for index, address in sorted(addresses.items())
        ]

    def _virtual_function(self, pf, index, pci, enabled):
        links = self._files.links("%s/%s" % (DEVICES, pci))  # all of them at once: hosts have hundreds of VFs
        driver, group = (
            links[name].rpartition("/")[2] if name in links else None for name in ("driver", "iommu_group")
        )
        netdevs = tuple(self.netdevs(pci))
        vfio = driver == "vfio-pci" or (driver is not None and not netdevs and bool(self.vfio_devices(pci)))
        return VirtualFunction(pf, index, pci, driver, group, netdevs, vfio, enabled)
