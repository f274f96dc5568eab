# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules killed after each of their writes, those of the journal among them, and the run after it."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import DIRECTORY
from ansible_collections.kvm.vnic.plugins.module_utils._engine.unfinished import unfinished_run
from ansible_collections.kvm.vnic.plugins.modules import (
    bridge,
    domain_interface,
    domain_pinning,
    irq_affinity,
    macvtap,
    ovs_bridge,
    ovs_flows,
    packet_steering,
    sriov,
    tap,
    vlan,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import WEB, flow_host
from ansible_collections.kvm.vnic.tests.unit.memory_host.fuse import Fuse, Killed, set_fuse
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import BRIDGE, MACVTAP, hypervisor
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.pinned_host import hypervisor as pinned_hypervisor
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard
from ansible_collections.kvm.vnic.tests.unit.memory_host.steered_host import steered_host
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.irq_affinity_case import build
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_bridge_case import ovs_host


def with_cable(make=MemoryHost):
    host = make()
    for name in ("eth0", "eth1"):
        host.kernel.add(name, up=True, mtu=9000)
    return host


def with_card():
    host = MemoryHost()
    MemoryCard(host)
    return host


def with_guest():
    host = hypervisor()
    host.libvirt.start("web1")
    return host


FLOWS = {
    "name": "br0",
    "flows": [{"match": "arp", "actions": "NORMAL"}],
    "guest_ports": [
        {"interface_id": WEB, "guest": "web1", "flows": [{"match": "in_port={port}", "actions": "NORMAL"}]}
    ],
}
CASES = {
    "bridge": (
        bridge.main,
        with_cable,
        {
            "bridges": [{"name": "br0", "mtu": 9000, "ports": ["eth0"], "up": True}, {"name": "br1", "stp": True}],
            "allow_disruption": [],
        },
    ),
    "vlan": (vlan.main, with_cable, {"vlans": [{"lower": "eth0", "id": 5, "mtu": 1400}, {"lower": "eth1", "id": 6}]}),
    "macvtap": (
        macvtap.main,
        with_cable,
        {
            "macvtaps": [
                {"name": "mt0", "lower": "eth0", "mode": "bridge"},
                {"name": "mt1", "lower": "eth1", "mode": "vepa", "mtu": 1400},
            ]
        },
    ),
    "sriov": (
        sriov.main,
        with_card,
        {
            "pfs": [{"pf": "ens2", "num_vfs": 3}],
            "vfs": [{"vf": "ens2#0-1", "trust": True, "vlan": 5, "mac": None}, {"vf": "ens2#2", "spoofchk": False}],
        },
    ),
    "packet_steering": (
        packet_steering.main,
        steered_host,
        {
            "devices": [{"device": "ens2", "rps": "2-3", "rfs_flows": 256, "xps": ["0", "1"], "rss_queues": 1}],
            "rps_sock_flow_entries": 512,
        },
    ),
    "domain_interface": (
        domain_interface.main,
        with_guest,
        {"domains": [{"name": "web1", "interfaces": [BRIDGE, dict(MACVTAP, name="back", mac="52:54:00:00:00:ab")]}]},
    ),
    "domain_pinning": (
        domain_pinning.main,
        pinned_hypervisor,
        {"domains": [{"name": "web1", "vcpus": {"0": "4", "1": 5}, "emulator": "6-7"}]},
    ),
    "tap": (tap.main, MemoryHost, {"taps": [{"name": "tap0", "mtu": 9000}, {"name": "tap1", "multi_queue": True}]}),
    "irq_affinity": (irq_affinity.main, build, {"targets": [{"device": "ens2", "cpus": "4-7"}]}),
    "ovs_bridge": (
        ovs_bridge.main,
        ovs_host,
        {
            "bridges": [
                {"name": "br0", "ports": [{"name": "enp1s0"}, {"name": "t0", "type": "internal", "tag": 5}]},
                {"name": "br1"},
            ]
        },
    ),
    "ovs_flows": (ovs_flows.main, flow_host, {"bridges": [FLOWS]}),
}


def journal(host):
    return {path[len(DIRECTORY) + 1 :]: text for path, text in host.tree.private.items() if path.startswith(DIRECTORY)}


def unfinished(host):
    return [name for name in journal(host) if name.endswith((".open", ".failed"))]


def state(host):
    """All that lasts. The mark that a link is ours, which comes together with keeping IPv6 off it, is not in it: killed
    between making and marking it, a run leaves one that nobody can tell from a stranger's."""
    drawn = {"ifindex": 0, "ifalias": "", "address": "", "inet6_addr_gen_mode": ""}
    found = {
        "links": {name: dict(link, flags=sorted(link["flags"]), **drawn) for name, link in host.kernel.links.items()},
        "files": host.tree.contents,
        "symlinks": host.tree.symlinks,
        "guests": [(domain.name, domain.live_xml, domain.persistent_xml) for domain in host.libvirt.listed],
        "ethtool": (host.ethtool.of, host.ethtool.spread, host.ethtool.rules),
    }
    if hasattr(host, "ovs_memory"):
        found["ovs"] = sorted(
            (table, row["name"])
            for table in ("Bridge", "Port", "Interface")
            for row in host.ovs_memory.rows[table].values()
        )
    if hasattr(host, "switch"):
        found["flows"] = {name: (each.flows, each.groups) for name, each in host.switch.bridges.items()}
    return copy.deepcopy(found)


def run(case, host, **more):
    main, _make, params = CASES[case]
    return run_module(main, host, dict(params), **more)


def fault_free(case):
    """The number of writes, those of the journal among them, and the state after them."""
    host, fuse = CASES[case][1](), Fuse(100000)
    set_fuse(host, fuse)
    result = run(case, host)
    assert not result["failed"] and result["changed"], result
    assert [name.rpartition(".")[2] for name in journal(host)] == ["done"]
    return 100000 - fuse.left, state(host)


@pytest.mark.parametrize("case", CASES)
def test_killed_after_each_write_the_next_run_converges_and_ends_the_journal(case):
    total, final = fault_free(case)
    assert total >= 4  # two of the resource, and the journal's two
    for allowed in range(total):
        host = CASES[case][1]()
        set_fuse(host, Fuse(allowed))
        with pytest.raises(Killed):
            run(case, host)
        host.lock.holder = ""  # as the kernel does
        set_fuse(host, Fuse(100000))
        if hasattr(host, "ovs_memory"):
            host.ovs_memory._follow()  # ovs-vswitchd lives on
        left = unfinished(host)
        # the journal is the first to be written, and the last
        assert left == ["00000001-%s.open" % case] * (allowed > 0), allowed
        findings = unfinished_run(host)
        assert [finding.id for finding in findings] == ["unfinished_run"] * len(left)

        writes = host.writes() + host.tree.private_writes
        checked = run(case, host, check=True)
        assert host.writes() + host.tree.private_writes == writes and not checked["failed"], checked
        result = run(case, host)
        assert not result["failed"], (allowed, result)
        assert result["actions"] == checked["actions"], allowed
        for told in (checked, result):
            assert sum("did not end: it was about to change" in note for note in told["notes"]) == len(left), (
                allowed,
                told,
            )
        assert state(host) == final, allowed
        assert not unfinished(host) and unfinished_run(host) == []

        writes = host.writes() + host.tree.private_writes
        again = run(case, host)
        assert not again["failed"] and not again["changed"] and host.writes() + host.tree.private_writes == writes
        assert not any("did not end" in note for note in again["notes"])
