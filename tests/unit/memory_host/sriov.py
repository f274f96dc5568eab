# SPDX-License-Identifier: GPL-3.0-or-later
"""An SR-IOV card in a MemoryHost: sysfs, links and the kernel's answers to writes (drivers/pci/iov.c,
drivers/pci/pci-driver.c)."""

from __future__ import annotations

import errno
import os

DEVICES = "/sys/bus/pci/devices"


def _refuse(code):
    raise OSError(code, os.strerror(code))


class MemoryCard:
    """One port. ``gives``: how many VFs the driver makes at most, without an error; ``created``: called after each
    change of the count."""

    def __init__(
        self,
        host,
        name="ens2",
        pci="0000:41:00.0",
        driver="igb",
        vf_driver="igbvf",
        device="0x10c9",
        total=7,
        speed=1000,
        mac="52:54:00:00:00:01",
        up=True,
    ):
        self.host, self.pci, self.driver, self.vf_driver, self.total = host, pci, driver, vf_driver, total
        self.gives, self.created, self.iommu, self.spoofchk = None, lambda: None, True, True
        self.tree = host.tree
        self.link = host.kernel.add(
            name, up=up, address=mac, parentbus="pci", parentdev=pci, vfinfo_list=[], inet6_addr_gen_mode="eui64"
        )
        contents = {
            "sriov_totalvfs": str(total),
            "sriov_numvfs": "0",
            "sriov_drivers_autoprobe": "1",
            "sriov_offset": "128",
            "sriov_stride": "1",
            "device": device,
            "vendor": "0x8086",
            "net/%s/mtu" % name: "1500",
            "driver_override": "(null)",
            "enable": "1",
        }
        for key, value in contents.items():
            self.tree.contents["%s/%s/%s" % (DEVICES, pci, key)] = value
        self.tree.contents["/sys/bus/pci/drivers_probe"] = ""
        self.tree.on_write["/sys/bus/pci/drivers_probe"] = lambda address: self._of(address, MemoryCard.probe)
        self.tree.symlinks["%s/%s/driver" % (DEVICES, pci)] = "../../../../bus/pci/drivers/" + driver
        self.tree.symlinks["%s/%s/iommu_group" % (DEVICES, pci)] = "../../../../kernel/iommu_groups/1"
        self.tree.symlinks["/sys/class/net/%s/device" % name] = "../../../bus/pci/devices/" + pci
        self.tree.contents["/sys/class/net/%s/speed" % name] = str(speed)
        self.tree.contents["/sys/class/net/%s/carrier" % name] = "1"
        self.tree.on_write["%s/%s/sriov_numvfs" % (DEVICES, pci)] = self._write_numvfs
        host.cards = getattr(host, "cards", []) + [self]

    @property
    def name(self):
        return self.link["ifname"]

    def at(self, key):
        return "%s/%s/%s" % (DEVICES, self.pci, key)

    def vf_pci(self, index):
        return (
            "%s:10.%d" % (self.pci.rsplit(":", 1)[0], index)
            if index < 8
            else "%s:11.%d" % (self.pci.rsplit(":", 1)[0], index - 8)
        )

    def vf_at(self, index, key):
        return "%s/%s/%s" % (DEVICES, self.vf_pci(index), key)

    def vf_name(self, index):
        return "%sv%d" % (self.name, index)

    @property
    def count(self):
        return int(self.tree.contents[self.at("sriov_numvfs")])

    def _write_numvfs(self, text):
        wished = int(text)
        if wished > self.total:
            _refuse(errno.ERANGE)
        if wished == self.count:
            return
        if wished and self.count:
            _refuse(errno.EBUSY)
        if wished:
            self.make(wished if self.gives is None else min(wished, self.gives))
        else:
            self.clear()
        self.created()

    def make(self, count):
        """VFs as the kernel makes them: with a driver when autoprobe is on."""
        self.tree.contents[self.at("sriov_numvfs")] = str(count)
        for index in range(count):
            pci = self.vf_pci(index)
            self.tree.symlinks[self.at("virtfn%d" % index)] = "../" + pci
            self.tree.symlinks["%s/%s/physfn" % (DEVICES, pci)] = "../" + self.pci
            if self.iommu:
                self.tree.symlinks["%s/%s/iommu_group" % (DEVICES, pci)] = "../../../../kernel/iommu_groups/%d" % (
                    10 + index
                )
            for key, value in (("enable", "0"), ("driver_override", "(null)"), ("device", "0x10ca")):
                self.tree.contents["%s/%s/%s" % (DEVICES, pci, key)] = value
            self.tree.on_write["%s/%s/driver_override" % (DEVICES, pci)] = lambda value, index=index: self._override(
                index, value
            )
            self.link["vfinfo_list"].append(
                {
                    "vf": index,
                    "link_type": "ether",
                    "address": "6a:00:00:00:00:%02x" % index,
                    "broadcast": "ff:ff:ff:ff:ff:ff",
                    "vlan_list": [{}],
                    "rate": {"max_tx": 0, "min_tx": 0},
                    "spoofchk": self.spoofchk,
                    "link_state": "auto",
                    "trust": False,
                }
            )
            if self.tree.contents[self.at("sriov_drivers_autoprobe")] == "1":
                self.bind(index, self.vf_driver)

    def clear(self):
        for index in range(self.count):
            self.unbind(index)
            prefix = "%s/%s/" % (DEVICES, self.vf_pci(index))
            for store in (self.tree.contents, self.tree.symlinks, self.tree.on_write):
                for path in [path for path in store if path.startswith(prefix)]:
                    del store[path]
            del self.tree.symlinks[self.at("virtfn%d" % index)]
        del self.link["vfinfo_list"][:]
        self.tree.contents[self.at("sriov_numvfs")] = "0"

    def _override(self, index, value):
        self.tree.contents[self.vf_at(index, "driver_override")] = value.strip() or "(null)"

    def bind(self, index, driver):
        pci = self.vf_pci(index)
        self.tree.symlinks["%s/%s/driver" % (DEVICES, pci)] = "../../../../bus/pci/drivers/" + driver
        unbind = "/sys/bus/pci/drivers/%s/unbind" % driver
        self.tree.contents[unbind] = ""
        self.tree.on_write[unbind] = lambda address: self._of(address, MemoryCard.unbind)
        if driver == self.vf_driver:
            info = self.link["vfinfo_list"][index]
            name = self.vf_name(index)
            drawn = info["address"] == "00:00:00:00:00:00"  # it has none of an administrator's, so the driver draws one
            address = "6a:00:00:00:00:%02x" % index if drawn else info["address"]
            self.host.kernel.add(name, address=address, parentbus="pci", parentdev=pci)
            self.tree.contents["%s/%s/net/%s/mtu" % (DEVICES, pci, name)] = "1500"
            self.tree.contents["%s/%s/enable" % (DEVICES, pci)] = "1"
        if driver == "vfio-pci":
            self.tree.contents["%s/%s/vfio-dev/vfio%d/dev" % (DEVICES, pci, index)] = "511:%d" % index

    def unbind(self, index):
        pci = self.vf_pci(index)
        self.tree.symlinks.pop("%s/%s/driver" % (DEVICES, pci), None)
        self.host.kernel.links.pop(self.vf_name(index), None)
        for path in [
            path
            for path in self.tree.contents
            if path.startswith(("%s/%s/net/" % (DEVICES, pci), "%s/%s/vfio-dev/" % (DEVICES, pci)))
        ]:
            del self.tree.contents[path]
        self.tree.contents["%s/%s/enable" % (DEVICES, pci)] = "0"

    def probe(self, index):
        override = self.tree.contents[self.vf_at(index, "driver_override")]
        if override != "(null)":
            self.bind(index, override)
        elif self.tree.contents[self.at("sriov_drivers_autoprobe")] == "1":
            self.bind(index, self.vf_driver)

    def _of(self, address, verb):
        """The write names any VF of any card, so the one that was registered last finds the right one."""
        for card in self.host.cards:
            for index in range(card.count):
                if card.vf_pci(index) == address:
                    return verb(card, index)
        return _refuse(errno.ENODEV)

    def open_by(self, index, pid, comm="qemu-system-x86", cdev=False):
        """A process that holds the VF through VFIO."""
        self.unbind(index)
        self.bind(index, "vfio-pci")
        self.tree.contents[self.vf_at(index, "enable")] = "1"
        self.tree.symlinks["/proc/%d/fd/31" % pid] = (
            "/dev/vfio/devices/vfio%d" % index if cdev else "/dev/vfio/%d" % (10 + index)
        )
        self.tree.contents["/proc/%d/comm" % pid] = comm + "\n"

    def move_away(self, index):
        """The VF's device goes into another network namespace."""
        self.tree.contents.pop("%s/net/%s/mtu" % (self.vf_at(index, "").rstrip("/"), self.vf_name(index)))
        return self.host.kernel.links.pop(self.vf_name(index))
