# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: what each NIC of the running guests really is, from libvirt, the kernel and traffic, never from a plan.

Reads ``{guest: {interface: {address, from}}}`` on standard input and prints ``{guest: {running, interfaces: {name: facts}}}``. A backend is
vhost when a vhost worker of the guest gains run time while packets cross that NIC; a worker that merely exists proves nothing.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from xml.etree import ElementTree

import libvirt

ATTACHMENTS = {"hostdev": "sriov", "direct": "macvtap", "bridge": "bridge"}
NAMESPACE = "demo-beside"
PINGS = 10
BUSY_NS_PER_PING = 10_000  # an idle worker gains nothing; one packet costs it tens of microseconds even when emulated


def read(path, default=""):
    try:
        with open(path) as stream:
            return stream.read().strip()
    except OSError:
        return default


def vhost_run_time(pid):
    """Nanoseconds that the vhost workers of a QEMU ran: its own threads, or on older kernels kernel threads named after it."""
    places = ["/proc/%d/task/%s" % (pid, task) for task in os.listdir("/proc/%d/task" % pid)]
    places += ["/proc/" + name for name in os.listdir("/proc") if name.isdigit()]
    total = 0
    for place in set(places):
        if re.match(r"vhost-%d$" % pid, read(place + "/comm")):
            total += int((read(place + "/schedstat", "0") or "0").split()[0])
    return total


def ping(place, address, count):
    argv = ["ping", "-n", "-q", "-i", "0.2", "-W", "2", "-c", str(count), address]
    if "beside" in place:
        argv = ["ip", "netns", "exec", NAMESPACE] + argv
    output = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    received = re.search(r"(\d+) received", output)
    times = re.search(r"= [\d.]+/([\d.]+)/", output)
    return int(received.group(1)) if received else 0, float(times.group(1)) if times else None


def received_by_guest(guest, mac):
    report = subprocess.run(["lab-guest", "report", guest, "--wait", "20"], capture_output=True, text=True, check=False).stdout
    try:
        nics = json.loads(report)["nics"]
    except ValueError:
        return None
    return next((nic["rx_packets"] for nic in nics if nic["mac"] == mac), None)


def pci_of(interface):
    address = interface.find("source/address")
    numbers = [int(address.get(key), 0) for key in ("domain", "bus", "slot", "function")]
    return "/sys/bus/pci/devices/%04x:%02x:%02x.%x" % tuple(numbers)


def device_path(interface):
    if interface.get("type") == "hostdev":
        return pci_of(interface)
    lower = interface.find("source").get("dev")
    return "/sys/class/net/%s/device" % lower if lower else ""


def numa_node(interface):
    node = read(device_path(interface) + "/numa_node")
    return int(node) if node and node != "-1" else None


def model_of(interface):
    model = interface.find("model")
    return model.get("type") if model is not None and interface.get("type") != "hostdev" else None


def observe(guest, pid, interface, probe):
    mac = interface.find("mac").get("address")
    before, ran_before = received_by_guest(guest, mac), vhost_run_time(pid)
    answered, rtt = ping(probe["from"], probe["address"], PINGS)
    ran = vhost_run_time(pid) - ran_before
    time.sleep(2.5)  # the guest reports its counters every other second
    after = received_by_guest(guest, mac)
    moved = before is not None and after is not None and after - before >= answered > 0
    if interface.get("type") == "hostdev":
        driver = os.path.basename(os.path.realpath(pci_of(interface) + "/driver"))
        backend = "vfio" if driver.startswith("vfio") else driver
    else:
        backend = "vhost" if ran > BUSY_NS_PER_PING * PINGS else "qemu"
    return {
        "attachment": ATTACHMENTS.get(interface.get("type"), interface.get("type")),
        "backend": backend,
        "model": model_of(interface),
        "mac": mac,
        "numa_node": numa_node(interface),
        "reachable": moved and answered >= PINGS * 0.8,
        "rtt_ms": rtt,
        "vhost_run_time_ns": ran,
    }


def main():
    connection = libvirt.open("qemu:///system")
    seen = {}
    for guest, probes in json.load(sys.stdin).items():
        domain = connection.lookupByName(guest)
        seen[guest] = {"running": bool(domain.isActive()), "interfaces": {}}
        if not domain.isActive():
            continue
        pid = int(read("/run/libvirt/qemu/%s.pid" % guest))
        interfaces = ElementTree.fromstring(domain.XMLDesc(0)).findall("devices/interface")
        named = {interface.find("alias").get("name"): interface for interface in interfaces}
        for name, probe in probes.items():
            interface = named.get("ua-" + name)
            if interface is not None:
                ping(probe["from"], probe["address"], 1)  # neighbours learn each other before the count
                seen[guest]["interfaces"][name] = observe(guest, pid, interface, probe)
    json.dump(seen, sys.stdout)


main()
