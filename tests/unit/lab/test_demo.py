# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo makes of what it saw."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "lab/demo"
ATTACHMENTS = {"sriov": "vfio", "macvtap": "vhost", "bridge": "vhost", "ovs": "vhost"}


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.syspath_prepend(str(DEMO))
    import vnic_demo.failures
    import vnic_demo.report
    import vnic_demo.table

    yield vnic_demo
    for name in [name for name in sys.modules if name.split(".")[0] == "vnic_demo"]:
        del sys.modules[name]


def seen(attachment):
    return {
        "attachment": attachment,
        "backend": ATTACHMENTS[attachment],
        "model": "virtio",
        "mac": "52:54:00:00:00:0" + str(list(ATTACHMENTS).index(attachment)),
        "numa_node": 1,
        "reachable": True,
        "rtt_ms": 4.5,
        "vlan": 20,
        "spoofed": "dropped",
        "irq_cpus": "6",
        "vcpu_cpus": "6",
        "vhost_cpus": None,
        "aligned": "yes",
        "aligned_reason": "its interrupts arrive where its vCPU runs",
        "irq_share_on_target": 1.0,
        "irq_share_reason": None,
    }


def reported(demo, change=None, written=(), reached=True, **runs):
    """The report of a run in which all was well but for ``change``, done to what was observed of the guest on OVS."""
    observed = {name: {"memory_mib": {"1": 256}, "interfaces": {"front": seen(name)}} for name in ATTACHMENTS}
    if change is not None:
        change(observed["ovs"]["interfaces"])
    plan = {
        "nics": [
            {"guest": name, "name": "front", "network": "prod", "reason": "best", "rejected": []}
            for name in ATTACHMENTS
        ]
    }
    run = {"lab1": {"remote": ["task"] * 16, "changed": [], "plan": plan}}
    found = {name: {"lab1": dict(run["lab1"], **runs.get(name, {}))} for name in ("first", "started", "second")}
    report = demo.report.compose(tuple(found.values()), {"lab1": list(written)}, observed)
    answers = {name: {"front": True} for name in ATTACHMENTS}
    answers["ovs"]["front"] = reached
    demo.report.note_answers(report["hosts"]["lab1"], answers)
    return report


def test_where_all_is_well_there_is_nothing_to_tell(demo):
    assert list(demo.failures.failures(reported(demo))) == []


def nic(**fields):
    return lambda interfaces: interfaces["front"].update(fields)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (nic(reachable=False), "does not answer"),
        (lambda interfaces: interfaces.clear(), "no NIC is on ovs with vhost"),
        (nic(backend="qemu"), "no NIC is on ovs with vhost"),
        (nic(vlan=None), "is on VLAN None"),
        (nic(spoofed="forwarded"), "are forwarded"),
        (nic(aligned="no"), "is served elsewhere"),
        (nic(irq_share_on_target=0.89), "only 89 % of its interrupts"),
    ],
)
def test_what_was_promised_of_a_nic_and_not_seen_is_told(demo, change, told):
    found = list(demo.failures.failures(reported(demo, change)))
    assert found and all(line.startswith("lab1: ") for line in found) and told in " ".join(found)


def test_a_nic_without_interrupts_of_its_own_has_no_share(demo):
    assert list(demo.failures.failures(reported(demo, nic(irq_share_on_target=None, aligned=None)))) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"reached": False}, "lab1: the NIC 52:54:00:00:00:03 does not answer after the reboot"),
        ({"second": {"changed": ["Bridges"]}}, "lab1: the second run changed 1 tasks"),
        ({"written": ["/etc/libvirt/qemu/web.xml"]}, "lab1: the second run wrote: /etc/libvirt/qemu/web.xml"),
        ({"started": {"remote": ["task"] * 21}}, "lab1: 21 remote tasks, more than 20"),
    ],
)
def test_what_was_promised_of_a_host_and_not_seen_is_told(demo, given, told):
    assert list(demo.failures.failures(reported(demo, **given))) == [told]


def test_the_table_has_a_line_for_each_nic_and_says_why(demo):
    report = reported(demo, nic(reachable=False, rtt_ms=None, irq_share_on_target=None), reached=False)
    lines = demo.table.table(report).splitlines()
    assert (
        lines[0].split()
        == "guest nic network attachment backend node irq vcpu vhost aligned share ping after reboot".split()
    )
    assert lines[1].split() == "sriov front prod sriov vfio 1 6 6 - yes 100 % 4.50 ms answers".split()
    assert lines[4].split() == "ovs front prod ovs vhost 1 6 6 - yes - NO ANSWER NO ANSWER".split()
    assert "ovs/front: best" in lines and "ovs: its memory: 256 MiB on node 1" in lines
    assert demo.table.counts("lab1", report["hosts"]["lab1"]).startswith("lab1: 16 remote tasks; 0 changed")
