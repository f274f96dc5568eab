# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as steps of a run with a checkpoint: killed after each of their writes, led back, and wished again."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import LOCK
from ansible_collections.kvm.vnic.plugins.module_utils._engine.rollback import roll_back
from ansible_collections.kvm.vnic.plugins.module_utils._engine.run_entries import entries_of
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource
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
from ansible_collections.kvm.vnic.tests.unit.memory_host.fuse import Fuse, Killed, set_fuse
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_flows_case import RECORD
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.test_journal_crashes import CASES, state

ALL = 1 << 20
KINDS = {
    "bridge": bridge.Bridge,
    "domain_interface": domain_interface.DomainInterface,
    "domain_pinning": domain_pinning.DomainPinning,
    "irq_affinity": irq_affinity.IrqAffinity,
    "macvtap": macvtap.Macvtap,
    "ovs_bridge": ovs_bridge.OvsBridge,
    "ovs_flows": ovs_flows.OvsFlows,
    "packet_steering": packet_steering.PacketSteering,
    "sriov": sriov.Sriov,
    "tap": tap.Tap,
    "vlan": vlan.Vlan,
}
# Numbers of processes, a driver's files that only take, and the device that Open vSwitch keeps for itself
PASSING = re.compile(r"/proc/\d+/(cmdline|environ|comm|stat)|.*/(un)?bind")


# Of a guest: names that libvirt draws, and threads that may run on each CPU, which cannot be told from those without a pin
DRAWN = re.compile(r'(?<=")(vnet|macvtap)\d+(?=")|<(vcpupin|emulatorpin) cpuset="0-7"[^>]*></\2>')


def _meaning(definition):
    if not definition:
        return definition
    return DRAWN.sub("", ET.canonicalize(definition)).replace("<cputune></cputune>", "")


def seen(host):
    """All that lasts, without what differs and means the same: how masks and XML are written, and numbers that are drawn."""
    found = state(host)
    found["links"].pop("ovs-system", None)
    found["files"] = {
        path: text.lstrip("0,") if path.endswith(("/rps_cpus", "/xps_cpus")) else text
        for path, text in found["files"].items()
        if not PASSING.fullmatch(path)
    }
    if '"bridges": {}' in found["files"].get(RECORD, ""):
        del found["files"][RECORD]  # one of no bridge says as much as none
    found["guests"] = [(name, *map(_meaning, forms)) for name, *forms in found["guests"]]
    return found


def open_run(host, run):
    """The checkpoint of ``run`` has the host; whoever was killed holds nothing."""
    host.step.holder = ""
    host.lock.holder = host.tree.private[LOCK] = json.dumps({"run": run})
    set_fuse(host, Fuse(ALL))
    if hasattr(host, "ovs_memory"):
        host.ovs_memory._follow()  # ovs-vswitchd lives on


def build(case):
    host = CASES[case][1]()
    open_run(host, "aa")
    return host


def step(case, host, run):
    main, _make, params = CASES[case]
    result = run_module(main, host, dict(params, checkpoint=run))
    assert not result["failed"] and result["changed"], result


def fault_free(case):
    """The state before, the number of writes, and the state after them."""
    host = build(case)
    before, fuse = seen(host), Fuse(ALL)
    set_fuse(host, fuse)
    step(case, host, "aa")
    return before, ALL - fuse.left, seen(host)


@pytest.mark.parametrize("case", [case for case in CASES if KINDS[case].undo is not Resource.undo])
def test_killed_after_each_write_and_led_back_it_is_as_before_and_runs_again(case):
    before, total, final = fault_free(case)
    for allowed in range(total + 1):
        host = build(case)
        set_fuse(host, Fuse(allowed))
        try:
            step(case, host, "aa")
            assert allowed == total
        except Killed:
            pass
        open_run(host, "aa")
        report = roll_back(host, entries_of(host, "aa"), KINDS)
        assert not report.failed, (allowed, report.lines)
        assert seen(host) == before and entries_of(host, "aa") == [], (allowed, report.lines)
        open_run(host, "bb")
        step(case, host, "bb")
        assert seen(host) == final, allowed
