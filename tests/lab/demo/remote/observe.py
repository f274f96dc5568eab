# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: what each NIC of the running guests really is, from libvirt, the kernel and traffic, never from a plan.

Reads ``{guest: {interface: {address, from}}}`` on standard input and prints ``{guest: {running, memory_mib, interfaces: {name: facts}}}``. A
backend is vhost when a vhost worker of the guest gains run time while packets cross that NIC; a worker that merely exists proves nothing. Where
interrupts arrive is counted last, while all NICs have traffic and irqbalance has had the time to move them. With ``--answers`` it only pings
and prints ``{guest: {name: whether it answers}}``.
"""

from __future__ import annotations

import glob
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import libvirt
import pings
import placement
from placement import read

ATTACHMENTS = {"hostdev": "sriov", "direct": "macvtap", "bridge": "bridge"}
NAMESPACE = "demo-beside"
DATAPATH = "ovs-system"  # the kernel's device above every port of Open vSwitch (net/openvswitch/vport-netdev.c)
PINGS = 10
FEWEST_INTERRUPTS = 50
TRIES = 10
WINDOW = 32  # irqbalance looks every 10 seconds
BUSY_NS_PER_PING = 10_000  # an idle worker gains nothing; one packet costs it tens of microseconds even when emulated


def namespace(place):
    return NAMESPACE if "beside" in place else None


def ping(place, address, count):
    argv = pings.command(namespace(place), "-i", "0.2", "-W", "2", "-c", str(count), address)
    output = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    received = re.search(r"(\d+) received", output)
    times = re.search(r"= [\d.]+/([\d.]+)/", output)
    return int(received.group(1)) if received else 0, float(times.group(1)) if times else None


def received_by_guest(guest, mac):
    report = subprocess.run(
        ["lab-guest", "report", guest, "--wait", "20"], capture_output=True, text=True, check=False
    ).stdout
    try:
        nics = json.loads(report)["nics"]
    except ValueError:
        return None
    return next((nic["rx_packets"] for nic in nics if nic["mac"] == mac), None)


def numa_node(interface):
    node = read(placement.device_path(interface) + "/numa_node")
    return int(node) if node and node != "-1" else None


def attachment_of(interface):
    """What carries a NIC: libvirt says ``bridge`` for Open vSwitch, too; the kernel knows whose port the tap is."""
    kind = interface.get("type")
    if (
        kind == "bridge"
        and os.path.basename(os.path.realpath("/sys/class/net/%s/master" % tap_of(interface))) == DATAPATH
    ):
        return "ovs"
    return ATTACHMENTS.get(kind, kind)


def tap_of(interface):
    return interface.find("target").get("dev")


def answer(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False, timeout=60).stdout


def switched(interface, mac, address):
    """Of a port of Open vSwitch its VLAN, and what became of an ARP request with a source address that is not the guest's."""
    tap, false = tap_of(interface), mac[:-2] + "%02x" % (int(mac[-2:], 16) ^ 1)
    tag = answer("ovs-vsctl", "--timeout=20", "get", "Port", tap, "tag").strip()
    frame = "in_port=%s,dl_src=%s,dl_dst=ff:ff:ff:ff:ff:ff,dl_type=0x0806,arp_op=1,arp_spa=%s,arp_sha=%s" % (
        tap,
        false,
        address,
        false,
    )
    trace = answer("ovs-appctl", "--timeout=20", "ofproto/trace", interface.find("source").get("bridge"), frame)
    fate = re.search(r"^Datapath actions: (.*)$", trace, re.MULTILINE)
    spoofed = ("dropped" if fate.group(1) == "drop" else "passed") if fate else None
    return {"vlan": int(tag) if tag.isdigit() else None, "spoofed": spoofed}


def model_of(interface):
    model = interface.find("model")
    return model.get("type") if model is not None and interface.get("type") != "hostdev" else None


def observe(guest, pid, interface, probe):
    mac = interface.find("mac").get("address")
    workers = placement.vhost_workers(pid)
    before, ran_before = received_by_guest(guest, mac), placement.run_times(workers)
    answered, rtt = ping(probe["from"], probe["address"], PINGS)
    ran_after = placement.run_times(workers)
    busy = [worker for worker in workers if ran_after[worker] - ran_before[worker] > BUSY_NS_PER_PING * PINGS]
    after = received_by_guest(guest, mac)
    moved = before is not None and after is not None and after - before >= answered > 0
    if interface.get("type") == "hostdev":
        driver = os.path.basename(os.path.realpath(placement.pci_of(interface) + "/driver"))
        backend = "vfio" if driver.startswith("vfio") else driver
    else:
        backend = "vhost" if busy else "qemu"
    attachment = attachment_of(interface)
    return {
        "attachment": attachment,
        "backend": backend,
        "model": model_of(interface),
        "mac": mac,
        "numa_node": numa_node(interface),
        "reachable": moved and answered >= PINGS * 0.8,
        "rtt_ms": rtt,
        "vhost_cpus": placement.shown(placement.affinity(busy)) if busy else None,
        **(switched(interface, mac, probe["address"]) if attachment == "ovs" else {"vlan": None, "spoofed": None}),
    }


def observe_guest(domain, probes):
    """``{running, memory_mib, interfaces: {name: (its element, facts)}}``."""
    guest, seen = domain.name(), {"running": bool(domain.isActive()), "memory_mib": None, "interfaces": {}}
    if not seen["running"]:
        return seen
    pid = placement.pid_of(guest)
    seen["memory_mib"] = placement.memory_mib(pid)
    interfaces = ElementTree.fromstring(domain.XMLDesc(0)).findall("devices/interface")
    named = {interface.find("alias").get("name"): interface for interface in interfaces}
    for name, probe in probes.items():
        interface = named.get("ua-" + name)
        if interface is not None:
            ping(probe["from"], probe["address"], 1)  # neighbours learn each other before the count
            seen["interfaces"][name] = interface, observe(guest, pid, interface, probe)
    return seen


def lower_of(interface):
    """Where sysfs has the card that a NIC's packets cross, or None."""
    path = placement.device_path(interface)
    if path and os.path.isdir(path):
        return path
    bridge = interface.find("source").get("bridge")
    ports = "/sys/class/net/%s/brif" % bridge
    cards = [
        port
        for port in (os.listdir(ports) if bridge and os.path.isdir(ports) else [])
        if os.path.isdir("/sys/class/net/%s/device" % port)
    ]
    return "/sys/class/net/%s/device" % cards[0] if cards else None


def posts():
    """Whether the IOMMU delivers a VF's interrupts to running vCPUs by itself (VT-d's cap, bit 59)."""
    units = glob.glob("/sys/class/iommu/*/intel-iommu/cap")
    return (
        bool(units)
        and all(int(read(unit), 16) >> 59 & 1 for unit in units)
        and read("/sys/module/kvm_intel/parameters/enable_apicv") == "Y"
    )


def aligned(irqs, irq_cpus, vcpu_cpus, vfio):
    """``(cpu | node | no | posted | None, the reason)``."""
    if not irqs:
        return None, "no card of this host is below it, so that nothing of it raises an interrupt"
    if vfio and posts():
        return "posted", "the IOMMU posts its interrupts to the vCPU"
    if irq_cpus <= vcpu_cpus:
        return "cpu", "its interrupts arrive on the CPUs of its vCPUs"
    nodes = placement.nodes_of(irq_cpus | vcpu_cpus)
    if len(nodes) == 1:
        return "node", "its interrupts and its vCPUs are on node %d" % nodes.pop()
    return "no", "its interrupts arrive on CPUs %s, its vCPUs run on %s" % (
        placement.shown(irq_cpus),
        placement.shown(vcpu_cpus),
    )


def traffic(probes):
    """Ping every NIC at once, a window long."""
    for each in pings.begin([(namespace(probe["from"]), probe["address"]) for probe in probes], WINDOW):
        each.wait()


def place(nic, pid, interface):
    """Who serves the NIC where, before its interrupts are counted."""
    lower = lower_of(interface)
    nic["_irqs"] = irqs = placement.irqs_of(lower) if lower else []
    irq_cpus, vcpu_cpus = placement.irq_cpus(irqs), placement.vcpu_cpus(pid)
    nic["irq_cpus"] = placement.shown(irq_cpus) if irqs else None
    nic["vcpu_cpus"] = placement.shown(vcpu_cpus)
    nic["aligned"], nic["aligned_reason"] = aligned(irqs, irq_cpus, vcpu_cpus, interface.get("type") == "hostdev")
    near = {cpu for node in placement.nodes_of(vcpu_cpus) for cpu in placement.nodes()[node]}
    nic["_target"] = near if nic["aligned"] == "node" else vcpu_cpus


def count(nics, probes):
    """Which share of the interrupts that traffic causes arrives where they should."""
    before = [placement.counts(nic["_irqs"]) for nic in nics]
    traffic(probes)
    for nic, earlier in zip(nics, before):
        irqs, target = nic.pop("_irqs"), nic.pop("_target")
        share, arrived = placement.share(earlier, placement.counts(irqs), target)
        nic["irq_share_on_target"], nic["irqs_counted"], nic["irq_share_reason"] = None, arrived, None
        if not irqs:
            nic["irq_share_reason"] = nic["aligned_reason"]
        elif arrived < FEWEST_INTERRUPTS:
            nic["irq_share_reason"] = "its traffic here does not cross the card: %d interrupts in %d s" % (
                arrived,
                WINDOW,
            )
        else:
            nic["irq_share_on_target"] = round(share, 3)


def answers(wanted):
    """``{guest: {interface: whether it answers}}``, each asked for as long as a neighbour may take to be found."""
    return {
        guest: {
            name: any(ping(probe["from"], probe["address"], 3)[0] for _try in range(TRIES))
            for name, probe in probes.items()
        }
        for guest, probes in wanted.items()
    }


def main():
    if "--answers" in sys.argv[1:]:
        json.dump(answers(json.load(sys.stdin)), sys.stdout)
        return
    wanted = json.load(sys.stdin)
    connection = libvirt.open("qemu:///system")
    domains = [connection.lookupByName(guest) for guest in wanted]
    # Most of it is waiting for what guests say of themselves.
    with ThreadPoolExecutor(len(domains)) as together:
        seen = dict(zip(wanted, together.map(observe_guest, domains, wanted.values())))
    nics, busy = [], []
    for guest in wanted:
        for name, (interface, nic) in seen[guest]["interfaces"].items():
            place(nic, placement.pid_of(guest), interface)
            nics.append(nic)
            busy.append(wanted[guest][name])
            seen[guest]["interfaces"][name] = nic
    count(nics, busy)
    json.dump(seen, sys.stdout)


main()
