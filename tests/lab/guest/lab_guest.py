# SPDX-License-Identifier: GPL-3.0-or-later
"""lab-guest: small KVM guests without a NIC, and what they say about the NICs they are given."""
from __future__ import annotations

import argparse
import json
import re
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import libvirt

BOOT = Path("/var/lib/lab-guest")
LOGS = Path("/var/log/lab-guests")
FREE_PORTS = 8
# A shorter boot, nothing else: two emulations deep every probe and every flush is slow.
KERNEL_ARGUMENTS = ("console=ttyS0", "quiet", "panic=1", "mitigations=off", "tsc=reliable", "no_timer_check")


class GuestError(Exception):
    """Something to tell without a traceback."""


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
    ports = ET.SubElement(devices, "controller", type="virtio-serial", index="0")
    ET.SubElement(ports, "address", type="pci", domain="0x0000", bus="0x00", slot="0x1e", function="0x0")
    channel = ET.SubElement(devices, "channel", type="file")
    ET.SubElement(channel, "source", path=str(log_of(name)))
    ET.SubElement(channel, "target", type="virtio", name="lab.report")
    ET.SubElement(devices, "memballoon", model="none")
    ET.indent(domain)
    return ET.tostring(domain, encoding="unicode")


def log_of(name: str) -> Path:
    """The guest's reports, a JSON object a line."""
    return LOGS / f"{name}.log"


def console_of(name: str) -> Path:
    """The guest's serial console: silent unless its kernel complains."""
    return LOGS / f"{name}.console"


def nic_spec(text: str) -> str:
    """``MAC,ADDRESS/PREFIX`` or ``INDEX,ADDRESS/PREFIX``; MACs in lower case as the kernel writes them."""
    where, comma, address = text.partition(",")
    where = where.lower()
    if not comma or not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}|[0-9]+", where) \
            or not re.fullmatch(r"[0-9a-fA-F.:]+/[0-9]+", address):
        raise argparse.ArgumentTypeError(f"{text!r} is neither MAC,ADDRESS/PREFIX nor INDEX,ADDRESS/PREFIX")
    return f"{where},{address}"


def reports(text: str) -> list[dict]:
    """The complete reports in a log, oldest first; anything else and half lines are passed over."""
    found = []
    for line in text.splitlines():
        start = line.find('{"report":')
        if start < 0:
            continue
        try:
            found.append(json.loads(line[start:]))
        except ValueError:
            continue
    return found


def read_log(name: str, offset: int = 0) -> tuple[str, int]:
    """Text from ``offset`` on and the end's offset; from the beginning when the file was started anew."""
    try:
        with log_of(name).open("rb") as source:
            size = source.seek(0, 2)
            source.seek(offset if offset <= size else 0)
            return source.read().decode("utf-8", "replace"), size
    except FileNotFoundError:
        return "", 0


def latest(name: str, seconds: float, good: Callable[[dict], bool]) -> dict | None:
    """The newest report; with ``seconds`` one made from now on that is ``good``, or None when the time is over."""
    text, size = read_log(name)
    if seconds <= 0:
        known = reports(text)
        return known[-1] if known and good(known[-1]) else None
    # From the last line break on: a report being written now is a new one.
    size -= len(text) - (text.rfind("\n") + 1)
    deadline = time.monotonic() + seconds
    while True:
        text, end = read_log(name, size)
        found = [report for report in reports(text) if good(report)]
        if found:
            return found[-1]
        if time.monotonic() > deadline:
            return None
        if end < size:
            size = 0
        time.sleep(0.3)


def has_nics(count: int) -> Callable[[dict], bool]:
    """Whether a report shows exactly that many NICs, each with carrier and an address."""
    def good(report: dict) -> bool:
        nics = report["nics"]
        return len(nics) == count and all(nic["carrier"] and nic["addresses"] for nic in nics)
    return good


def domain(name: str) -> libvirt.virDomain:
    try:
        return libvirt.open("qemu:///system").lookupByName(name)
    except libvirt.libvirtError as error:
        raise GuestError(str(error)) from error


def define(options: argparse.Namespace) -> None:
    xml = domain_xml(options.name, options.vcpus, options.memory, options.nic, options.ping)
    if options.xml:
        print(xml)
        return
    LOGS.mkdir(exist_ok=True)
    libvirt.open("qemu:///system").defineXML(xml)


def start(options: argparse.Namespace) -> None:
    guest = domain(options.name)
    if not guest.isActive():
        # The last run's reports are not this one's.
        log_of(options.name).unlink(missing_ok=True)
        guest.create()


def stop(options: argparse.Namespace) -> None:
    guest = domain(options.name)
    if guest.isActive():
        guest.destroy()


def undefine(options: argparse.Namespace) -> None:
    guest = domain(options.name)
    if guest.isActive():
        raise GuestError(f"{options.name} is running: lab-guest stop {options.name}")
    guest.undefine()
    log_of(options.name).unlink(missing_ok=True)
    console_of(options.name).unlink(missing_ok=True)


def report(options: argparse.Namespace) -> None:
    found = latest(options.name, options.wait, lambda _report: True)
    if found is None:
        raise GuestError(f"{options.name}: no report" + (f" within {options.wait:g} s" if options.wait else ""))
    print(json.dumps(found))


def wait(options: argparse.Namespace) -> None:
    good = has_nics(options.nics)
    # What it said last may be what is waited for.
    found = latest(options.name, 0, good) or latest(options.name, options.timeout, good)
    if found is None:
        last = latest(options.name, 0, lambda _report: True)
        raise GuestError(f"{options.name}: not {options.nics} NICs with carrier and address within "
                         f"{options.timeout:g} s; last report: {json.dumps(last)}")
    print(json.dumps(found))


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lab-guest", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)

    def command(run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(run.__name__, help=text)
        one.add_argument("name")
        one.set_defaults(run=run)
        return one

    new = command(define, "define a guest without any NIC")
    new.add_argument("--vcpus", type=int, default=1)
    new.add_argument("--memory", type=int, default=256, metavar="MIB")
    new.add_argument("--nic", type=nic_spec, action="append", default=[], metavar="MAC|INDEX,ADDRESS/PREFIX",
                     help="address of the NIC with that MAC, or that appears as the INDEXth (from 0); repeatable")
    new.add_argument("--ping", metavar="ADDRESS", help="ping it once a second and count")
    new.add_argument("--xml", action="store_true", help="print the XML instead of defining")
    command(start, "start it")
    command(stop, "end it at once")
    command(undefine, "forget it")
    one = command(report, "print its latest report")
    one.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="a report made from now on")
    one = command(wait, "until its NICs are up, then print the report")
    one.add_argument("--nics", type=int, required=True, help="exactly that many, each with carrier and address")
    one.add_argument("--timeout", type=float, default=120, metavar="SECONDS")
    return top


def main() -> int:
    options = parser().parse_args()
    try:
        options.run(options)
    except (GuestError, libvirt.libvirtError) as error:
        print(f"lab-guest: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
