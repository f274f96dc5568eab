# SPDX-License-Identifier: GPL-3.0-or-later
"""(e): a fleet's plans on the controller, without any host: seconds, whether they grow with the hosts alone, and memory.

Each number of hosts is planned in a process of its own, so that the memory is its own too.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from .rows import row

HOSTS = 1000
FEWER = 250
GUESTS = 32
NICS = 2
LONGEST = 10.0
# Times as long for as many hosts as times more, and a half for what else the machine does
STEEPEST = 1.5

_SIBLINGS = ["%d,%d" % (core, core + 32) for core in range(32)]
_NODES = [
    {"id": 0, "cpus": "0-15,32-47", "memory_mib": 131072, "memory_free_mib": 65536},
    {"id": 1, "cpus": "16-31,48-63", "memory_mib": 131072, "memory_free_mib": 65536},
]


def intent(hosts):
    """Every guest has a VF and a macvtap."""
    networks = {
        "fast": {"uplinks": [{"device": "ens1", "vfs": 63}], "vlan": 100},
        "mgmt": {"uplinks": [{"device": "ens2"}]},
    }
    nics = [{"name": "front", "network": "fast"}, {"name": "adm", "network": "mgmt"}]
    guests = [
        {"name": "g%d-%d" % (host, number), "interfaces": [dict(nic) for nic in nics]}
        for host in range(hosts)
        for number in range(GUESTS)
    ]
    return {"networks": networks, "guests": guests}


def facts(host):
    """What host_info would say of one host on which nothing was done yet, as far as it is read."""
    return {
        "nics": [_card("ens1", "0000:01:00.0", 0, 63), _card("ens2", "0000:41:00.0", 1, None)],
        "iommu": {"enabled": True, "interrupt_remapping": True, "posted_interrupts": False},
        "virtualization": {"apicv": False},
        "vhost_net": {"zero_copy": False},
        "cpus": {"online": "0-63", "isolated": "", "nohz_full": "", "siblings": list(_SIBLINGS)},
        "numa_nodes": [dict(node) for node in _NODES],
        "ovs": {"bridges": {}},
        "libvirt": {"available": True, "domains": [_domain(host, number) for number in range(GUESTS)]},
    }


def _card(name, pci, node, vfs):
    sriov = None
    if vfs:
        sriov = {
            "total": vfs,
            "count": vfs,
            "vfs": [
                {
                    "index": at,
                    "pci": "%s10.%d" % (pci[:8], at),
                    "numa_node": node,
                    "iommu_group": at,
                    "users": [],
                    "free": True,
                }
                for at in range(vfs)
            ],
        }
    return {
        "name": name, "pci": pci, "numa_node": node, "driver": "ixgbe", "mtu": 1500, "speed_mbit": 10000, "master": None,
        "addresses": [], "management": False, "queues": {"rx": 8, "tx": 8}, "sriov": sriov,
    }  # fmt: skip


def _domain(host, number):
    return {
        "name": "g%d-%d" % (host, number), "uuid": "00000000-0000-4000-8000-%06x%06x" % (host, number), "state": "running",
        "vcpus": 1, "cpuset": None, "vcpu_pins": {}, "emulator_pin": None, "memory_mib": 1024, "interfaces": [],
    }  # fmt: skip


def run(hosts):
    """Of this process: seconds to validate once and to plan each host, and the most memory that it had in MiB."""
    from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.planner import plan
    from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate

    wish = intent(hosts)
    begun = time.perf_counter()
    valid = validate(wish)
    seconds, nics = time.perf_counter() - begun, 0
    for host in range(hosts):
        seen = facts(host)
        begun = time.perf_counter()
        found = plan(valid, seen, "hv%d" % host)
        seconds += time.perf_counter() - begun
        nics += sum(nic["aligned"] is not None for nic in found["nics"])
    if nics != hosts * GUESTS * NICS:
        raise SystemExit("%d NICs were placed instead of %d" % (nics, hosts * GUESTS * NICS))
    return {"seconds": seconds, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measure(say):
    """``{hosts: {seconds, mib}}``."""
    found = {}
    for hosts in (FEWER, HOSTS):
        say("(e) planning %d hosts" % hosts)
        done = subprocess.run(
            [sys.executable, "-m", "vnic_bench.planning", str(hosts)],
            cwd=Path(__file__).resolve().parents[1],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        found[hosts] = json.loads(done.stdout)
    return found


def rows(measured):
    each = GUESTS * NICS
    few, all_of_them = measured[FEWER], measured[HOSTS]
    return [
        row("(e) planning %d hosts x %d NICs" % (HOSTS, each), "s", ours=all_of_them["seconds"]),
        row("(e) planning %d hosts x %d NICs" % (FEWER, each), "s", ours=few["seconds"]),
        row("(e) seconds a host of %d, over those of %d" % (HOSTS, FEWER), "times", ours=_steepness(measured)),
        row("(e) peak memory, planning %d hosts" % HOSTS, "MiB", ours=all_of_them["mib"]),
    ]


def _steepness(measured):
    return (measured[HOSTS]["seconds"] / HOSTS) / (measured[FEWER]["seconds"] / FEWER)


def wrong(measured):
    """What must not be, as sentences."""
    found = []
    if measured[HOSTS]["seconds"] > LONGEST:
        found.append("planning %d hosts took %.1f s, at most %g are due" % (HOSTS, measured[HOSTS]["seconds"], LONGEST))
    if _steepness(measured) > STEEPEST:
        found.append(
            "planning a host takes %.1f times as long among %d as among %d" % (_steepness(measured), HOSTS, FEWER)
        )
    return found


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
