# SPDX-License-Identifier: GPL-3.0-or-later
"""A hypervisor whose files are a real tree, laid out as sysfs lays it out and read through the real file worker."""

from __future__ import annotations

import os

from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files
from ansible_collections.kvm.vnic.plugins.module_utils._host.ovs import Ovs
from ansible_collections.kvm.vnic.plugins.module_utils._host.pci import Pci
from ansible_collections.kvm.vnic.plugins.module_utils._host.threads import Threads

from .host import MemoryHost


class DiskHost(MemoryHost):
    """``put`` and ``link`` make files; programs, links and libvirt are those of MemoryHost."""

    def __init__(self, root):
        super().__init__()
        self._root = str(root)
        self.files = Files(self._root)
        self.ovs = Ovs(self.commands, self.files)
        self.pci = Pci(self.files)
        self.threads = Threads(self.files)

    def put(self, path, text=""):
        real = self._root + path
        os.makedirs(os.path.dirname(real), exist_ok=True)
        with open(real, "w") as stream:
            stream.write(text + "\n")
        return real

    def directory(self, path):
        os.makedirs(self._root + path, exist_ok=True)

    def link(self, path, target):
        """A symbolic link to the absolute ``target``, written as a relative one, as in sysfs."""
        os.makedirs(os.path.dirname(self._root + path), exist_ok=True)
        os.symlink(os.path.relpath(target, os.path.dirname(path)), self._root + path)

    def snapshot(self):
        """``{path: content, or target}`` of the whole tree."""
        found = {}
        for directory, _directories, names in os.walk(self._root):
            for name in names:
                path = os.path.join(directory, name)
                if os.path.islink(path):
                    found[path] = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path) as stream:
                        found[path] = (stream.read(), os.stat(path).st_mtime_ns)
        return found


class Function:
    """A PCI function. ``above``: the path below ``/sys/devices`` that it hangs on."""

    def __init__(self, host, pci, driver, node=-1, above="pci0000:00", group=None):
        self.host, self.pci, self.above = host, pci, above
        self.path = "/sys/devices/%s/%s" % (above, pci)
        host.put(self.path + "/numa_node", str(node))
        host.put(self.path + "/irq", "0")
        host.put(self.path + "/class", "0x020000")
        host.put(self.path + "/enable", "0" if driver is None else "1")
        host.link("/sys/bus/pci/devices/" + pci, self.path)
        if driver:
            host.directory("/sys/bus/pci/drivers/" + driver)
            host.link(self.path + "/driver", "/sys/bus/pci/drivers/" + driver)
        if group is not None:
            host.link(self.path + "/iommu_group", "/sys/kernel/iommu_groups/%d" % group)

    def netdev(self, name, queues=1, masks="00", speed=None, up=True, between="", **more):
        """Its network device; ``between``: ``virtio1`` for a virtio function."""
        device = "/".join(filter(None, (self.path, between)))
        if between:
            self.host.directory("/sys/bus/virtio/drivers/virtio_net")
            self.host.link(device + "/driver", "/sys/bus/virtio/drivers/virtio_net")
        else:
            more = dict({"parentbus": "pci", "parentdev": self.pci}, **more)
        self.host.kernel.add(name, up=up, **more)
        add_queues(self.host, device + "/net/" + name, queues, masks)
        self.host.link("%s/net/%s/device" % (device, name), device)
        self.host.link("/sys/class/net/" + name, "%s/net/%s" % (device, name))
        if speed is not None:
            self.host.put("%s/net/%s/speed" % (device, name), str(speed))
        return self

    def interrupts(self, numbers, names=(), affinity="0-7"):
        """Its MSIs; those with a name are asked for by a driver, and arrive on the first CPU of ``affinity``."""
        for index, number in enumerate(numbers):
            name = names[index] if index < len(names) else ""
            self.host.put("%s/msi_irqs/%d" % (self.path, number), "msix")
            self.host.put("/sys/kernel/irq/%d/chip_name" % number, "IR-PCI-MSIX-" + self.pci)
            self.host.put("/sys/kernel/irq/%d/actions" % number, name)
            if name:
                self.host.put("/proc/irq/%d/smp_affinity_list" % number, affinity)
                self.host.put("/proc/irq/%d/effective_affinity_list" % number, affinity.split("-", 1)[0])
        return self

    def virtual_functions(self, name, count, total, driver="igbvf", group=100):
        """``count`` VFs of this function, whose network device is ``name``; those driven by igbvf have one too."""
        self.host.put(self.path + "/sriov_totalvfs", str(total))
        self.host.put(self.path + "/sriov_numvfs", str(count))
        self.host.put(self.path + "/sriov_drivers_autoprobe", "1")
        shown = self.host.kernel.links[name].setdefault("vfinfo_list", [])
        with open(self.host._root + self.path + "/numa_node") as stream:
            node = int(stream.read())
        domain, bus = self.pci[:4], int(self.pci[5:7], 16)
        for index in range(count):
            place = 0x80 + index  # the first VF's offset on the emulated card; the rest goes on to the next bus
            pci = "%s:%02x:%02x.%d" % (domain, bus + place // 256, place % 256 // 8, place % 8)
            function = Function(self.host, pci, driver, node, self.above, group + index)
            self.host.link(function.path + "/physfn", self.path)
            self.host.link("%s/virtfn%d" % (self.path, index), function.path)
            shown.append({"vf": index, "address": "02:00:00:00:%02x:%02x" % divmod(index, 256), "vlan_list": [{}]})
            if driver == "igbvf":
                function.netdev("%sv%d" % (name, index), up=False)
            elif driver == "vfio-pci":
                self.host.put("%s/vfio-dev/vfio%d/dev" % (function.path, index), "511:0")
        return self


def add_queues(host, path, count, masks="00"):
    for queue in range(count):
        host.put("%s/queues/rx-%d/rps_cpus" % (path, queue), masks)
        host.put("%s/queues/rx-%d/rps_flow_cnt" % (path, queue), "0")
        host.put("%s/queues/tx-%d/traffic_class" % (path, queue))
        if count > 1:
            host.put("%s/queues/tx-%d/xps_cpus" % (path, queue), masks)


def add_virtual(host, name, kind, data=None, **more):
    """A device without hardware."""
    host.kernel.add(name, kind, data, **more)
    add_queues(host, "/sys/devices/virtual/net/" + name, 1)
    host.link("/sys/class/net/" + name, "/sys/devices/virtual/net/" + name)


def add_cpus(host, flags, vendor, online="0-7", cpus=range(8), threads=1, vmx_flags=None):
    """``cpus``: those that exist; an offline one has no topology. ``threads``: CPUs a core, numbered side by side."""
    block = "processor\t: 0\nvendor_id\t: %s\nflags\t\t: fpu %s\n" % (vendor, flags)
    if vmx_flags is not None:
        block += "vmx flags\t: %s\n" % vmx_flags
    host.put("/proc/cpuinfo", block + "\n" + block)
    root = "/sys/devices/system/cpu"
    host.put(root + "/online", online)
    host.put(root + "/isolated", "")
    host.put(root + "/nohz_full", "  (null)")
    for cpu in cpus:
        first = cpu // threads * threads
        siblings = str(first) if threads == 1 else "%d-%d" % (first, first + threads - 1)
        host.put("%s/cpu%d/topology/thread_siblings_list" % (root, cpu), siblings)


def add_node(host, number, cpus, kib):
    host.put("/sys/devices/system/node/node%d/cpulist" % number, cpus)
    host.put(
        "/sys/devices/system/node/node%d/meminfo" % number,
        "Node %d MemTotal:       %d kB\nNode %d MemFree: 1 kB" % (number, kib, number),
    )
