# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is wrong with a wish, all at once, before anything is written."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.plugins.modules.irq_affinity_case import (
    PF,
    build,
    fields,
    refused,
    run,
    with_vf,
)

ENS2 = {"device": "ens2", "cpus": "4"}


@pytest.fixture
def host():
    return build(irqbalance=False)


@pytest.mark.parametrize(
    "cpus, word",
    [
        ("", "names no CPU"),
        (" ", "names no CPU"),
        ([], "names no CPU"),
        ("4,,5", "empty part"),
        ("0-3:2", "no CPU list"),
        ("7-4", "backwards"),
        ("4,4", "names CPU 4 twice"),
        (["4-5", 5], "names CPU 5 twice"),
        ("ff", "mask"),
        ("0xf0", "mask"),
        ("f,00000000", "no CPU list"),
        ("0-9999", "beyond the kernel's"),
        (99999, "no CPU number"),
        (-1, "no CPU number"),
        (0.2, "in quotes"),
        (True, "holds True"),
        ([True], "holds True"),
        ([1.5], "holds 1.5"),
        ({"a": 1}, "holds"),
        ("2024-01-01", "no CPU list"),
        ("4\n", "names no CPU"),
        ("٤", "no CPU list"),
        ("8", "names CPU 8, which this host does not have: it has 0-7"),
        ("6-9", "names CPU 8-9, which this host does not have"),
    ],
)
def test_cpus(host, cpus, word):
    problems = refused(host, {"device": "ens2", "cpus": cpus})
    assert [path for path, _message in problems] == ["targets[0].cpus"]
    assert word in problems[0][1]


def test_cpus_that_are_offline(host):
    host.irqs.take_offline("5-6")
    ((path, message),) = refused(host, {"device": "ens2", "cpus": "4-7"})
    assert path == "targets[0].cpus" and "names CPU 5-6, which is offline" in message and "0-4,7" in message
    assert refused(host, default_cpus=5)[0][0] == "default_cpus"
    assert refused(host, banned_cpus=[6])[0][0] == "banned_cpus"


@pytest.mark.parametrize("cpus", [4, "4", [4], ["4"], "4-4", " 4 "])
def test_one_cpu_in_every_spelling(host, cpus):
    assert fields(run(host, {"device": "ens2", "cpus": cpus, "queues": [0]}, check=True))[0][3] == "4"


@pytest.mark.parametrize(
    "target, path, word",
    [
        ({"cpus": 4}, "targets[0]", "either 'device'"),
        ({"device": "ens2", "vf": "ens2#0", "cpus": 4}, "targets[0]", "either 'device'"),
        ({"device": " ", "cpus": 4}, "targets[0].device", "is empty"),
        ({"device": "ens2"}, "targets[0].cpus", "is needed by the policy 'set'"),
        ({"device": "ens2", "policy": "spread", "cpus": []}, "targets[0].cpus", "names no CPU"),
        ({"device": "ens2", "policy": "node", "cpus": 4}, "targets[0].cpus", "takes nothing more"),
        ({"device": "ens2", "cpus": 4, "guest": "web1"}, "targets[0].guest", "takes 'cpus'"),
        ({"device": "ens2", "cpus": 4, "vcpu": 0}, "targets[0].vcpu", "takes 'cpus'"),
        ({"device": "ens2", "policy": "vcpu", "guest": "web1"}, "targets[0].vcpu", "is needed"),
        ({"device": "ens2", "policy": "vcpu", "vcpu": 0}, "targets[0].guest", "is needed"),
        ({"device": "ens2", "policy": "vcpu", "guest": "web1", "vcpu": -1}, "targets[0].vcpu", "0 to 65535"),
        ({"device": "ens2", "cpus": 4, "queues": [0, 0]}, "targets[0].queues[1]", "twice"),
        ({"device": "ens2", "cpus": 4, "queues": [-1]}, "targets[0].queues[0]", "0 to 65535"),
        ({"device": "ens2", "cpus": 4, "queues": []}, "targets[0].queues", "nothing to place"),
        ({"device": "ens2", "cpus": 4, "queues": [3, 4, 9]}, "targets[0].queues", "no queues of ens2, which has 0-3"),
        ({"device": "nosuch", "cpus": 4}, "targets[0].device", "no network device of this host"),
        ({"device": "../../etc", "cpus": 4}, "targets[0].device", "no network device of this host"),
        ({"device": "0000:99:00.0", "cpus": 4}, "targets[0].device", "no PCI function of this host"),
        ({"vf": "ens2", "cpus": 4}, "targets[0].vf", "names no virtual function"),
        ({"vf": "nosuch#0", "cpus": 4}, "targets[0].vf", "no network device of this host"),
        ({"vf": "ens2#7", "cpus": 4}, "targets[0].vf", "allowed are 0 to 6"),
        ({"vf": "ens2#3", "cpus": 4}, "targets[0].vf", "does not exist on this host"),
        ({"vf": "ens2#0-", "cpus": 4}, "targets[0].vf", "no VF index"),
    ],
)
def test_targets(host, target, path, word):
    problems = refused(host, target)
    assert [found for found, _message in problems] == [path]
    assert word in problems[0][1]


def test_all_at_once(host):
    problems = refused(
        host,
        {"device": "ens2", "cpus": "ff"},
        {"vf": "nosuch#0", "policy": "node", "cpus": 9},
        default_cpus="",
        banned_cpus=1.5,
        irqbalance="leave",
    )
    assert [path for path, _message in problems] == [
        "targets[0].cpus",
        "targets[1].cpus",
        "default_cpus",
        "banned_cpus",
        "targets[1].cpus",
        "targets[1].vf",
    ]


def test_irqbalance_cannot_be_left_alone_and_told(host):
    assert "leaves alone" in refused(host, banned_cpus=1, irqbalance="leave")[0][1]


@pytest.mark.parametrize(
    "other",
    [
        {"device": "ens2", "cpus": 5},
        {"device": "ens2", "cpus": 5, "queues": [2]},
        {"device": PF, "cpus": 5, "queues": [2]},
    ],
)
def test_an_interrupt_is_placed_once(host, other):
    problems = refused(host, ENS2, other)
    assert {path for path, _message in problems} == {"targets[1].device"}
    assert "targets[0]" in problems[0][1]


@pytest.mark.parametrize(
    "one, other, overlap",
    [
        ({}, {}, True),
        ({"queues": [0]}, {}, True),
        ({"queues": [0, 1]}, {"queues": [1]}, True),
        ({"queues": [0]}, {"queues": [1]}, False),
        ({}, {"queues": [], "others": True}, False),
        ({"others": True}, {"queues": [], "others": True}, True),
    ],
)
def test_also_while_a_device_is_down(host, one, other, overlap):
    host.irqs.function("0000:01:00.0", name="enp1s0")
    host.irqs.add("0000:01:00.0", 39, [None] * 3)
    targets = [dict(target, device="enp1s0", cpus=1) for target in (one, other)]
    if overlap:
        assert [path for path, _message in refused(host, *targets)] == ["targets[1].device"]
    else:
        assert len(run(host, *targets)["pending"]) == 2


def test_a_device_may_be_listed_with_other_queues(host):
    targets = [dict(ENS2, queues=[0]), {"device": "ens2", "cpus": 5, "queues": [1]}]
    targets.append({"device": "ens2", "cpus": 6, "queues": [], "others": True})
    assert [field[3] for field in fields(run(host, *targets))] == ["4", "5", "6"]


def test_a_device_of_software_has_no_interrupts(host):
    host.kernel.add("br0", "bridge")
    host.tree.symlinks["/sys/class/net/br0"] = "../../devices/virtual/net/br0"
    ((path, message),) = refused(host, {"device": "br0", "cpus": 4})
    assert path == "targets[0].device" and "software alone" in message


def test_a_device_on_another_bus_is_not_guessed(host):
    host.tree.symlinks["/sys/class/net/usb0"] = "../../devices/pci0000:00/0000:00:14.0/usb1/1-1/net/usb0"
    assert "on no PCI function" in refused(host, {"device": "usb0", "cpus": 4})[0][1]


def test_a_function_without_msis_is_named(host):
    host.irqs.function("0000:05:00.0", "e100", name="eth5")
    ((path, message),) = refused(host, {"device": "eth5", "cpus": 4})
    assert path == "targets[0].device" and "0000:05:00.0/msi_irqs is empty" in message and "e100" in message


def test_a_device_by_another_of_its_names(host):
    host.kernel.links["ens2"]["altnames"] = ["enx525400000001"]
    assert len(run(host, {"device": "enx525400000001", "cpus": 4}, check=True)["actions"]) == 4


def test_a_device_none_of_whose_interrupts_names_a_queue(host):
    host.irqs.function("0000:06:00.0", "odd", name="eth6")
    host.irqs.add("0000:06:00.0", 80, ["odd-a", "odd-b"])
    ((path, message),) = refused(host, {"device": "eth6", "cpus": 4})
    assert path == "targets[0].device" and "odd-a, odd-b" in message and "'others'" in message
    result = run(host, {"device": "eth6", "cpus": 4, "others": True})
    assert [field[1] for field in fields(result)] == ["misc 0", "misc 1"]


@pytest.mark.parametrize(
    "guest, vcpu, word",
    [
        ("nosuch", 0, "no guest of this host"),
        ("web1", 2, "has no vCPU 2: it has 2"),
        ("web1", 1, "pinned nowhere"),
        ("odd", 0, "not understood"),
        ("broken", 0, "not understood"),
    ],
)
def test_a_vcpu_that_has_no_place(host, guest, vcpu, word):
    xml = "<domain><vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='%s'/></cputune></domain>"
    host.libvirt.define("web1", "1", persistent_xml=xml % 5)
    host.libvirt.define("odd", "2", persistent_xml=xml % "x")
    host.libvirt.define("broken", "3", persistent_xml="<domain>")
    ((path, message),) = refused(host, {"device": "ens2", "policy": "vcpu", "guest": guest, "vcpu": vcpu})
    assert path == "targets[0].guest" and word in message


def test_a_vcpu_whose_cpus_are_offline(host):
    host.irqs.take_offline("5")
    xml = "<domain><vcpu cpuset='5'>1</vcpu></domain>"
    host.libvirt.define("web1", "1", persistent_xml=xml)
    result = run(host, {"device": "ens2", "policy": "vcpu", "guest": "web1", "vcpu": 0})
    assert result["error_kind"] == "unsupported" and "none of the CPUs 5" in result["msg"] and host.writes() == []


def test_libvirt_that_does_not_answer_is_no_unpinned_guest(host):
    host.libvirt.running = False
    result = run(host, {"device": "ens2", "policy": "vcpu", "guest": "web1", "vcpu": 0})
    assert result["error_kind"] == "apply" and "connect" in result["msg"] and host.writes() == []


def test_what_an_earlier_step_makes_is_a_note_in_check_mode(host):
    result = run(host, {"vf": "ens2#3", "cpus": 4}, ENS2, check=True)
    assert not result["failed"] and len(result["actions"]) == 4
    assert any("known after apply" in note and "ens2#3" in note for note in result["notes"])


def test_several_vfs_in_one_entry(host):
    with_vf(host)
    assert "does not exist" in refused(host, {"vf": "ens2#0-1", "cpus": 4})[0][1]
