# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupts in a MemoryHost, placed as the kernel places them, and the irqbalance that would move them."""

from __future__ import annotations

import errno
import os

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet

DEVICES = "/sys/bus/pci/devices"
CPUS = "/sys/devices/system/cpu"
DEFAULT = "/proc/irq/default_smp_affinity"
CONFIGURATION = "/etc/default/irqbalance"


def _refuse(code):
    raise OSError(code, os.strerror(code))


class MemoryIrqs:
    """The interrupt controller. ``refusals``: ``{number: errno}`` of a write; ``idle``: numbers that move only when
    they next occur; ``stubborn``: numbers that stay where they are."""

    def __init__(self, host, cpus=8, isolated="", nohz_full="", nodes=("0-3", "4-7")):
        self.host, self.tree = host, host.tree
        self.refusals, self.idle, self.stubborn = {}, set(), set()
        self.online = CpuSet(range(cpus))
        whole = str(self.online)
        for name, text in (("online", whole), ("present", whole), ("possible", whole), ("isolated", isolated)):
            self.tree.contents["%s/%s" % (CPUS, name)] = text
        self.tree.contents[CPUS + "/nohz_full"] = nohz_full or "(null)"
        for number, text in enumerate(nodes):
            self.tree.contents["/sys/devices/system/node/node%d/cpulist" % number] = text
        self.tree.contents[DEFAULT] = self.online.to_mask()
        self.tree.on_write[DEFAULT] = self._set_default

    def take_offline(self, cpus):
        self.online -= CpuSet.from_list(cpus)
        self.tree.contents[CPUS + "/online"] = str(self.online)

    def _set_default(self, mask):
        if not CpuSet.from_mask(mask) & self.online:
            _refuse(errno.EINVAL)
        self.tree.contents[DEFAULT] = mask

    def function(self, pci, driver="igb", node=1, name=None, between="", above="pci0000:40/0000:40:00.0"):
        """A PCI function, with a network device ``name``; ``between``: ``virtio1`` for a virtio NIC."""
        base = "%s/%s" % (DEVICES, pci)
        self.tree.contents[base + "/numa_node"] = str(node)
        self.tree.contents[base + "/class"] = "0x020000"
        if driver is not None:
            self.tree.symlinks[base + "/driver"] = "../../../bus/pci/drivers/" + driver
        if name is not None:
            device = "/".join(filter(None, ("../../devices", above, pci, between, "net", name)))
            self.tree.symlinks["/sys/class/net/" + name] = device
            if name not in self.host.kernel.links:
                self.host.kernel.add(name, up=True)
        return pci

    def add(self, pci, first, names, affinity=None, chip="IR-PCI-MSIX", mode=0o100644):
        """One interrupt for each name; None is one that no driver has asked for yet."""
        for number, name in enumerate(names, first):
            self.tree.contents["%s/%s/msi_irqs/%d" % (DEVICES, pci, number)] = "msix"
            self.tree.contents["/sys/kernel/irq/%d/chip_name" % number] = "%s-%s" % (chip, pci)
            self.tree.contents["/sys/kernel/irq/%d/actions" % number] = name or ""
            if name is None:
                continue
            wanted = affinity or str(self.online)
            self.tree.contents[self.at(number)] = wanted
            self.tree.contents[self.at(number, "effective_affinity_list")] = str(min(CpuSet.from_list(wanted)))
            self.tree.modes[self.at(number)] = mode
            self.tree.on_write[self.at(number)] = lambda text, number=number: self._set(number, text)

    @staticmethod
    def at(number, file="smp_affinity_list"):
        return "/proc/irq/%d/%s" % (number, file)

    def remove(self, pci, number):
        for path in list(self.tree.contents):
            if path.startswith(("/proc/irq/%d/" % number, "/sys/kernel/irq/%d/" % number)):
                del self.tree.contents[path]
        self.tree.contents.pop("%s/%s/msi_irqs/%d" % (DEVICES, pci, number), None)

    def _set(self, number, text):
        if number in self.refusals:
            _refuse(self.refusals[number])
        wanted = CpuSet.from_list(text)
        if not wanted & self.online:
            _refuse(errno.EINVAL)
        if number not in self.stubborn:
            self.tree.contents[self.at(number)] = str(wanted)
        if number not in self.idle:
            self.tree.contents[self.at(number, "effective_affinity_list")] = str(min(wanted & self.online))

    def places(self, *numbers):
        return [
            (self.tree.contents[self.at(number)], self.tree.contents[self.at(number, "effective_affinity_list")])
            for number in numbers
        ]


class MemoryIrqbalance:
    """The daemon and its unit. ``command``: the unit's; ``files``: those that it reads; ``restarts``: how often it was
    restarted; ``asked``: the text of the script that the running one asked."""

    def __init__(self, host, running=True, files=("/usr/lib/irqbalance/defaults.env", CONFIGURATION)):
        self.host, self.tree = host, host.tree
        self.command = "/usr/sbin/irqbalance $IRQBALANCE_ARGS"
        self.files, self.pid, self.restarts, self.asked, self.broken = list(files), 0, 0, None, None
        host.commands.tools["irqbalance"] = lambda argv, stdin: _refuse(errno.EPERM)
        host.commands.tools["systemctl"] = self
        self.tree.contents["/usr/local/libexec/other"] = ""
        if running:
            self.start()

    def _environment(self):
        """What plain lines of the files set; the parser that is tested elsewhere must not test itself."""
        found = {}
        for path in self.files:
            for line in self.tree.contents.get(path, "").splitlines():
                if line.strip() and line[0] not in "#;":
                    name, _equals, value = line.partition("=")
                    found[name] = value.strip('"')
        return found

    def start(self):
        self.stop()
        self.pid += 100 if self.pid else 312
        variables = self._environment()
        words = self.command.replace("$IRQBALANCE_ARGS", variables.get("IRQBALANCE_ARGS", "")).split()
        self.tree.contents["/proc/%d/cmdline" % self.pid] = "\0".join(words) + "\0"
        self.tree.contents["/proc/%d/environ" % self.pid] = "\0".join("%s=%s" % item for item in variables.items())
        scripts = [word.split("=", 1)[1] for word in words if word.startswith("--policyscript=")]
        self.asked = self.tree.contents[scripts[-1]] if scripts else None
        if scripts:
            assert self.tree.modes[scripts[-1]] & 0o100, "irqbalance runs only what is executable"

    def stop(self):
        for name in ("cmdline", "environ"):
            self.tree.contents.pop("/proc/%d/%s" % (self.pid, name), None)

    def __call__(self, argv, stdin):
        if argv[:3] == ["systemctl", "show", "irqbalance.service"]:
            alive = "/proc/%d/cmdline" % self.pid in self.tree.contents
            lines = ["LoadState=loaded", "ActiveState=%s" % ("active" if alive else "inactive")]
            lines.append("MainPID=%d" % (self.pid if alive else 0))
            lines.append(
                "ExecStart={ path=/usr/sbin/irqbalance ; argv[]=%s ; ignore_errors=no ; pid=0 ; code=(null) }"
                % self.command
            )
            lines += ["EnvironmentFiles=%s (ignore_errors=yes)" % path for path in self.files]
            return "\n".join(lines) + "\n"
        assert argv == ["systemctl", "try-restart", "irqbalance.service"], argv
        if self.broken:
            return Completed(1, "", self.broken)
        self.restarts += 1
        self.host.tree.writes.append(("irqbalance", "restarted"))
        self.start()
        return ""
