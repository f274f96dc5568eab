# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: which share of the interrupts of a guest's only NIC arrives where the guest's only vCPU is.

share.py NAMESPACE LEAD SECONDS GUEST=ADDRESS...

Pings all guests from NAMESPACE at once, LEAD seconds uncounted and then SECONDS counted, and prints ``{guest: {share,
arrived, vcpu_cpus, irq_cpus}}``. The vCPU may move, so that the count is taken ten times a second: what arrived since the
last time counts as on target when it did so on the CPU on which the vCPU's thread ran last.
"""

from __future__ import annotations

import json
import sys
import time
from xml.etree import ElementTree

import placement

TICK = 0.1


def followed(samples):
    """``(share, arrived)`` over successive ``(CPU of the vCPU, {CPU: interrupts})``; no share of nothing."""
    hits, everything = 0.0, 0
    for (_cpu, before), (cpu, after) in zip(samples, samples[1:]):
        part, arrived = placement.share(before, after, {cpu})
        if part is not None:
            hits += part * arrived
            everything += arrived
    return (hits / everything if everything else None), everything


class Watched:
    def __init__(self, connection, guest):
        definition = ElementTree.fromstring(connection.lookupByName(guest).XMLDesc(0))
        (interface,) = definition.findall("devices/interface")
        (thread,) = placement.vcpus(placement.pid_of(guest))
        self._stat = "/proc/%d/task/%d/stat" % (placement.pid_of(guest), thread)
        self._irqs = placement.irqs_of(placement.device_path(interface))
        self._samples = []

    def look(self):
        self._samples.append((placement.last_cpu(placement.read(self._stat)), placement.counts(self._irqs)))

    def report(self):
        part, arrived = followed(self._samples)
        return {
            "share": part,
            "arrived": arrived,
            "vcpu_cpus": placement.shown({cpu for cpu, _counts in self._samples}),
            "irq_cpus": placement.shown(placement.irq_cpus(self._irqs)),
        }


def main(namespace, lead, seconds, *guests):
    import libvirt
    import pings

    connection = libvirt.open("qemu:///system")
    addresses = dict(guest.split("=") for guest in guests)
    watched = {guest: Watched(connection, guest) for guest in addresses}
    # A little longer than is counted
    running = pings.begin([(namespace, address) for address in addresses.values()], int(lead) + int(seconds) + 2)
    time.sleep(1 + int(lead))
    end = time.monotonic() + int(seconds)
    while time.monotonic() < end:
        for each in watched.values():
            each.look()
        time.sleep(TICK)
    for each in running:
        each.wait()
    print(json.dumps({guest: each.report() for guest, each in watched.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
