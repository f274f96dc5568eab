# SPDX-License-Identifier: GPL-3.0-or-later
"""The test guest as libvirt knows it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from guest_reports import console_of, log_of

BOOT = Path("/var/lib/lab-guest")
FREE_PORTS = 8
MAC = r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"
# A shorter boot, nothing else: two emulations deep every probe and every flush is slow.
KERNEL_ARGUMENTS = (
    "console=ttyS0",
    "quiet",
    "panic=1",
    "mitigations=off",
    "tsc=reliable",
    "no_timer_check",
    # The firmware names its PCI root: no look at the 247 buses that are not there, 32 places each (arch/x86/pci/legacy.c).
    "pci=lastbus=0",
    # NICs are plugged in by ACPI (drivers/pci/hotplug/acpiphp_glue.c): no interrupts for the root ports' own services.
    "pcie_ports=compat",
    # Nothing encrypts.
    "cryptomgr.notests",
    "initcall_blacklist=jent_mod_init",
)


def domain_xml(name: str, vcpus: int, memory_mib: int, nics: list[str], ping: str | None) -> str:
    """A q35 guest that boots the lab's kernel and initramfs: no disk, no NIC, empty root ports for hot-plug."""
    cmdline = [*KERNEL_ARGUMENTS, *(f"vnic.nic={spec}" for spec in nics)]
    if ping:
        cmdline.append(f"vnic.ping={ping}")
    domain = ET.Element("domain", type="kvm")
    for tag, text in (("name", name), ("vcpu", str(vcpus))):
        ET.SubElement(domain, tag).text = text
    ET.SubElement(domain, "memory", unit="MiB").text = str(memory_mib)
    system = ET.SubElement(domain, "os")
    ET.SubElement(system, "type", arch="x86_64", machine="q35").text = "hvm"
    ET.SubElement(system, "kernel").text = str(BOOT / "vmlinuz")
    ET.SubElement(system, "initrd").text = str(BOOT / "initrd")
    ET.SubElement(system, "cmdline").text = " ".join(cmdline)
    features = ET.SubElement(domain, "features")
    ET.SubElement(features, "acpi")
    ET.SubElement(features, "apic")
    ET.SubElement(domain, "cpu", mode="host-passthrough")
    for event in ("on_poweroff", "on_reboot", "on_crash"):
        ET.SubElement(domain, event).text = "destroy"
    devices = ET.SubElement(domain, "devices")
    ET.SubElement(devices, "controller", type="pci", index="0", model="pcie-root")
    for index in range(1, FREE_PORTS + 1):
        ET.SubElement(devices, "controller", type="pci", index=str(index), model="pcie-root-port")
    ET.SubElement(devices, "controller", type="usb", model="none")
    serial = ET.SubElement(devices, "serial", type="file")
    ET.SubElement(serial, "source", path=str(console_of(name)))
    ET.SubElement(serial, "target", port="0")
    # On the root bus, so that every root port stays free for a NIC.
    # Two ports, the first one libvirt's for consoles: each has two queues to set up, and the default are 31.
    ports = ET.SubElement(devices, "controller", type="virtio-serial", index="0", ports="2")
    ET.SubElement(ports, "address", type="pci", domain="0x0000", bus="0x00", slot="0x1e", function="0x0")
    channel = ET.SubElement(devices, "channel", type="file")
    ET.SubElement(channel, "source", path=str(log_of(name)))
    ET.SubElement(channel, "target", type="virtio", name="lab.report")
    ET.SubElement(devices, "memballoon", model="none")
    ET.indent(domain)
    return ET.tostring(domain, encoding="unicode")


def nic_spec(text: str) -> str:
    """``MAC,ADDRESS/PREFIX`` or ``INDEX,ADDRESS/PREFIX``, both also with ``,FALSE_MAC``; MACs in lower case as the kernel writes them."""
    where, address, *false = text.split(",") if "," in text else (text, "")
    where, false = where.lower(), [mac.lower() for mac in false]
    if (
        not re.fullmatch(f"{MAC}|[0-9]+", where)
        or not re.fullmatch(r"[0-9a-fA-F.:]+/[0-9]+", address)
        or len(false) > 1
        or not all(re.fullmatch(MAC, mac) for mac in false)
    ):
        raise ValueError(
            f"{text!r} is neither MAC,ADDRESS/PREFIX nor INDEX,ADDRESS/PREFIX, both with or without ,FALSE_MAC"
        )
    return ",".join([where, address, *false])
