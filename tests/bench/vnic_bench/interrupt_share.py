# SPDX-License-Identifier: GPL-3.0-or-later
"""(f): which share of a busy NIC's interrupts arrives on the CPU of the vCPU that they serve: of a VF passed through, whose
vectors VFIO has, and of a macvtap with vhost, whose packets cross the queues of its port.

Raw is nothing placed, naive irqbalance alone, ours the profile best_performance with irqbalance running.
"""

from __future__ import annotations

import json

from . import wishes
from .lab import REMOTE, BenchError, Step
from .rows import row

# The port whose NUMA node the lab's firmware tells
PORT = "ens2"
NAMESPACE = "b-near"
NEIGHBOUR = "192.0.2.1"
GUESTS = {"bench-vf": "192.0.2.11", "bench-vhost": "192.0.2.12"}
TITLES = {"bench-vf": "a VF guest", "bench-vhost": "a vhost guest"}
BOOT = 180
SECONDS = 32  # irqbalance looks every 10 s
LEAD = 11
FEWEST = 100
LEAST = 0.95

# With the neighbour's VF in the port too, what reaches the macvtap has crossed the card and so raised an interrupt.
_NEIGHBOUR = """
udevadm settle
ip netns add %(ns)s
ip link set dev %(port)sv1 netns %(ns)s
ip -n %(ns)s address add %(address)s/24 dev %(port)sv1
ip -n %(ns)s link set dev %(port)sv1 up
""" % {"ns": NAMESPACE, "port": PORT, "address": NEIGHBOUR}

_SCATTER = """
cd /sys/class/net/%(port)s/device
for irq in msi_irqs/* virtfn0/msi_irqs/*; do
    cat /sys/devices/system/cpu/online >/proc/irq/${irq##*/}/smp_affinity_list
done
""" % {"port": PORT}


def inventory(placed):
    """The variables of the playbook site: ``placed`` by the profile best_performance, or only attached."""
    return {
        "vnic_install_packages": False,
        "vnic_profile": "best_performance" if placed else wishes.ATTACHED,
        "vnic_profiles": wishes.PROFILES,
        "vnic_networks": {"wire": {"uplinks": [{"device": PORT, "vfs": 2}]}},
        "vnic_guests": [
            {"name": "bench-vf", "interfaces": [{"name": "front", "network": "wire"}]},
            {"name": "bench-vhost", "interfaces": [{"name": "front", "network": "wire", "requires": ["migration"]}]},
        ],
    }


def _shell(script):
    return {"ansible.builtin.command": {"argv": ["sh", "-eu", "-c", script]}}


def _start(lab):
    """Both guests with their NICs, reached, nothing placed."""
    vfs = {"kvm.vnic.sriov": {"pfs": [{"pf": PORT, "num_vfs": 2, "autoprobe": True}]}}
    lab.play([Step("neighbour", [_shell("ip link set dev %s up" % PORT), vfs, _shell(_NEIGHBOUR)])])
    for guest, address in GUESTS.items():
        lab.ssh("lab-guest", "define", guest, "--nic", "0,%s/24" % address)
    lab.site(inventory(placed=False))
    for guest in GUESTS:
        lab.ssh("lab-guest", "start", guest)
    for guest in GUESTS:
        lab.ssh("lab-guest", "wait", guest, "--nics", "1", "--timeout", str(BOOT))


def _count(lab, say, title, lead):
    addresses = ["%s=%s" % pair for pair in GUESTS.items()]
    found = json.loads(lab.ssh("python3", REMOTE + "/share.py", NAMESPACE, str(lead), str(SECONDS), *addresses))
    for guest, seen in found.items():
        said = (title, guest, seen["arrived"], seen["irq_cpus"], seen["vcpu_cpus"])
        say("(f) %s, %s: %d interrupts, placed on CPUs %s; its vCPU ran on %s" % said)
        if seen["arrived"] < FEWEST:
            raise BenchError("%s, %s: only %d interrupts in %d s" % (title, guest, seen["arrived"], SECONDS))
    return found


def _give_back(lab, balanced):
    """What of the placement outlives guests and VFs."""
    lab.play([Step("give back", [{"kvm.vnic.irq_affinity": {"default_cpus": "all", "purge": True}}])])
    lab.ssh("ethtool", "-X", PORT, "default")
    lab.ssh("systemctl", "start" if balanced else "stop", "irqbalance")


def measure(lab, say):
    """Rows, and what must not be."""
    balanced = lab.ssh("systemctl", "is-active", "irqbalance", check=False).strip() == "active"
    lab.fixture("reset")
    try:
        say("(f) a VF guest and a vhost guest")
        _start(lab)
        lab.ssh("systemctl", "stop", "irqbalance")
        lab.play([Step("scatter", [_shell(_SCATTER)])])
        before = _count(lab, say, "nothing placed", lead=0)
        lab.ssh("systemctl", "start", "irqbalance")
        alone = _count(lab, say, "irqbalance alone", LEAD)
        lab.site(inventory(placed=True))
        after = _count(lab, say, "best_performance beside irqbalance", LEAD)
        if lab.ssh("systemctl", "is-active", "irqbalance", check=False).strip() != "active":
            raise BenchError("irqbalance did not run to the end")
    finally:
        _give_back(lab, balanced)
        lab.fixture("reset")
    return rows(after, before, alone), wrong(after)


def rows(after, before, alone):
    return [
        row(
            "(f) interrupts on the CPU of the vCPU, %s, of %d" % (TITLES[guest], after[guest]["arrived"]),
            "share",
            *(phase[guest]["share"] for phase in (after, before, alone)),
        )
        for guest in GUESTS
    ]


def wrong(after):
    return [
        "%s: %.0f %% of the interrupts arrive where its vCPU is, at least %.0f %% are due"
        % (TITLES[guest], 100 * after[guest]["share"], 100 * LEAST)
        for guest in GUESTS
        if after[guest]["share"] < LEAST
    ]
