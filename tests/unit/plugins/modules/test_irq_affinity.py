# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupts before and after, what was written, and what was not."""

from __future__ import annotations

import errno

import pytest

from ansible_collections.kvm.vnic.plugins.modules import irq_affinity
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.irq_affinity_case import (
    PF,
    VF,
    affinities,
    build,
    fields,
    run,
    with_vf,
)

DEFAULT = "/proc/irq/default_smp_affinity"
GUEST = (
    "<domain><name>web1</name><vcpu placement='static' cpuset='1-4,^3'>3</vcpu>"
    "<cputune><vcpupin vcpu='0' cpuset='%s'/></cputune></domain>"
)


@pytest.fixture
def host():
    return build(irqbalance=False)


def test_set_gives_every_queue_all_the_cpus_and_leaves_the_rest_alone(host):
    checked = run(host, {"device": "ens2", "cpus": "4-5"}, check=True)
    assert host.writes() == []
    assert fields(checked) == [("ens2", "combined %d" % queue, "0-7", "4-5") for queue in range(4)]
    result = run(host, {"device": "ens2", "cpus": "4-5"})
    assert not result["failed"] and result["actions"] == checked["actions"]
    assert affinities(host) == [(number, "4-5") for number in (49, 50, 51, 52)]
    assert host.irqs.places(48, 49, 50, 51, 52) == [("0-7", "0")] + [("4-5", "4")] * 4
    again = run(host, {"device": "ens2", "cpus": "4-5"})
    assert not again["changed"] and again["pending"] == [] and len(host.writes()) == 4


def test_spread_gives_each_queue_one_cpu_in_the_users_order_and_begins_anew(host):
    result = run(host, {"device": "ens2", "policy": "spread", "cpus": [6, "4-5"]})
    assert not result["failed"]
    assert affinities(host) == [(49, "6"), (50, "4"), (51, "5"), (52, "6")]
    assert [(irq["irq"], irq["queue"], irq["wanted"], irq["effective"]) for irq in result["irqs"]] == [
        (49, 0, "6", "6"),
        (50, 1, "4", "4"),
        (51, 2, "5", "5"),
        (52, 3, "6", "6"),
    ]
    assert result["irqs"][0]["pci"] == PF and result["unmanageable"] == 0


def test_spread_without_cpus_takes_those_that_run_anything(host):
    run(host, {"device": "ens2", "policy": "spread"})
    assert affinities(host) == [(49, "0"), (50, "1"), (51, "2"), (52, "3")]
    again = run(host, {"device": "ens2", "policy": "spread"})
    assert not again["changed"] and len(affinities(host)) == 4
    host = build(irqbalance=False, isolated="0,2", nohz_full="3")
    host.irqs.take_offline("4")
    run(host, {"device": "ens2", "policy": "spread"})
    assert affinities(host) == [(49, "1"), (50, "5"), (51, "6"), (52, "7")]


@pytest.mark.parametrize("faulty", ["isolated", "unreadable"])
def test_spread_without_cpus_where_there_are_none_to_take(faulty):
    host = build(irqbalance=False, isolated="0-7" if faulty == "isolated" else "")
    if faulty == "unreadable":
        host.tree.contents["/sys/devices/system/cpu/online"] = "?"
    result = run(host, {"device": "ens2", "policy": "spread"})
    assert result["failed"] and result["error_kind"] == "unsupported" and "give 'cpus'" in result["msg"]
    assert host.writes() == []


def test_spread_counts_the_queues_that_are_chosen(host):
    run(host, {"device": "ens2", "policy": "spread", "cpus": "4-7", "queues": [3, 1]})
    assert affinities(host) == [(50, "5"), (52, "4")]


def test_others_are_placed_when_asked_for(host):
    run(host, {"device": "ens2", "policy": "spread", "cpus": "4,6", "queues": [0], "others": True})
    assert affinities(host) == [(49, "4"), (48, "4,6")]
    run(host, {"device": "ens2", "cpus": 7, "queues": [], "others": True})
    assert affinities(host)[2:] == [(48, "7")]


def test_the_node_without_its_isolated_cpus_and_those_without_a_tick():
    host = build(irqbalance=False, isolated="5", nohz_full="6")
    assert not run(host, {"device": PF, "policy": "node"})["failed"]
    assert {value for _number, value in affinities(host)} == {"4,7"}


@pytest.mark.parametrize("node, word", [(-1, "numa_node is -1"), (7, "cannot be read"), ("x", "cannot be read")])
def test_an_unknown_node_is_never_guessed(host, node, word):
    host.irqs.function(PF, node=node)
    result = run(host, {"device": "ens2", "policy": "node"})
    assert result["failed"] and result["error_kind"] == "unsupported" and host.writes() == []
    assert word in result["msg"] and "targets[0]" in result["msg"] and "ens2" in result["msg"]


def test_a_node_of_isolated_cpus_or_of_memory_alone_has_no_place():
    for more in ({"isolated": "4-7"}, {"nodes": ("0-7", "")}):
        host = build(irqbalance=False, **more)
        result = run(host, {"device": "ens2", "policy": "node"})
        assert result["error_kind"] == "unsupported" and "has no CPU for interrupts" in result["msg"]
        assert host.writes() == []


def test_a_vcpus_cpus_by_the_running_definition(host):
    uuid = "8096d8cc-0416-4346-9615-5869ae4aaa10"
    host.libvirt.define("web1", uuid, live_xml=GUEST % 6, persistent_xml=GUEST % 7)
    target = {"device": "ens2", "policy": "vcpu", "guest": "web1", "vcpu": 0, "queues": [0]}
    run(host, target)
    assert affinities(host) == [(49, "6")]
    host.libvirt.put("web1", live_xml=None)
    run(host, dict(target, guest=uuid))
    run(host, dict(target, vcpu=2))  # not pinned by itself: the whole guest is
    assert affinities(host)[1:] == [(49, "7"), (49, "1-2,4")]


def test_a_virtio_nics_interrupts_are_its_pci_functions(host):
    result = run(host, {"device": "enp0s2", "cpus": 2})
    assert fields(result) == [("enp0s2", "rx 0", "0-7", "2"), ("enp0s2", "tx 0", "0-7", "2")]
    assert affinities(host) == [(37, "2"), (38, "2")]


def test_a_vf_is_told_by_its_own_interrupts_though_names_are_alike(host):
    with_vf(host, names=("ens2-rx-0", "ens2-tx-0", "ens2"))
    result = run(host, {"vf": "ens2#0", "cpus": 5}, {"device": "ens2", "cpus": 4, "queues": [0]})
    assert fields(result) == [
        ("ens2#0", "rx 0", "0-7", "5"),
        ("ens2#0", "tx 0", "0-7", "5"),
        ("ens2", "combined 0", "0-7", "4"),
    ]
    assert affinities(host) == [(60, "5"), (61, "5"), (49, "4")]


def test_a_vf_in_a_guests_hands_shows_vectors(host):
    with_vf(host, "vfio-pci", ["vfio-msix[%d](%s)" % (vector, VF) for vector in range(3)])
    result = run(host, {"vf": PF + "#0", "cpus": 6, "queues": [0, 1]})
    assert fields(result) == [("ens2#0", "vector 0", "0-7", "6"), ("ens2#0", "vector 1", "0-7", "6")]
    assert result["irqs"][1]["role"] == "vector"


@pytest.mark.parametrize("driver", ["vfio-pci", None])
def test_a_vf_that_waits_for_its_guest_is_pending(host, driver):
    with_vf(host, driver or "igbvf", ())
    if driver is None:
        host.card.unbind(0)
    result = run(host, {"vf": "ens2#0", "policy": "spread", "cpus": "6-7"})
    assert not result["failed"] and not result["changed"] and result["irqs"] == []
    (pending,) = result["pending"]
    assert (pending["target"], pending["wanted"], pending["until"]) == ("ens2#0", "6-7", "guest_start")


def test_a_device_that_is_down_is_pending(host):
    host.irqs.function("0000:01:00.0", name="enp1s0", node=-1)
    host.irqs.add("0000:01:00.0", 39, [None] * 3)
    result = run(host, {"device": "enp1s0", "cpus": 1})
    assert not result["failed"] and host.writes() == []
    (pending,) = result["pending"]
    assert pending["until"] == "driver_probe" and "brought up" in pending["reason"] and "igb" in pending["reason"]


def test_what_a_driver_let_go_of_is_nobodys(host):
    """After ``ip link set down`` /proc/irq/N stays, with nobody's name in it."""
    host.tree.contents["/sys/kernel/irq/52/actions"] = ""
    run(host, {"device": "ens2", "cpus": 4, "others": True})
    assert affinities(host) == [(49, "4"), (50, "4"), (51, "4"), (48, "4")]
    for number in (48, 49, 50, 51):
        host.tree.contents["/sys/kernel/irq/%d/actions" % number] = ""
    result = run(host, {"device": "ens2", "cpus": 5})
    assert not result["changed"] and [pending["until"] for pending in result["pending"]] == ["driver_probe"]


def test_new_interrupts_get_the_housekeeping_cpus(host):
    checked = run(host, check=True, default_cpus="0-3")
    assert fields(checked) == [("default_smp_affinity", "cpus", "0-7", "0-3")] and host.writes() == []
    assert run(host, default_cpus="0-3")["actions"] == checked["actions"]
    assert host.tree.writes == [(DEFAULT, "f")]
    assert not run(host, default_cpus=[0, 1, 2, 3])["changed"]
    assert fields(run(host, default_cpus="all")) == [("default_smp_affinity", "cpus", "0-3", "0-7")]
    assert host.tree.contents[DEFAULT] == "ff" and not run(host, default_cpus="all")["changed"]


def test_what_is_omitted_is_left_alone(host):
    result = run(host)
    assert not result["changed"] and host.writes() == [] and host.commands.calls == []


def test_isolated_cpus_are_a_note():
    host = build(irqbalance=False, isolated="6-7")
    result = run(host, {"device": "ens2", "cpus": "5-6"}, default_cpus="0-6")
    assert not result["failed"]
    assert any("CPUs 6," in note and "isolated" in note for note in result["notes"])
    assert any(note.startswith("default_cpus has the isolated CPUs 6") for note in result["notes"])
    assert run(host, {"device": "ens2", "cpus": 5})["notes"] == []


@pytest.mark.parametrize("code", [errno.EPERM, errno.EIO])
def test_a_managed_interrupt_is_counted_and_the_others_are_done(host, code):
    host.irqs.refusals[50] = code
    result = run(host, {"device": "ens2", "cpus": 4})
    assert not result["failed"] and result["unmanageable"] == 1
    assert [irq["irq"] for irq in result["irqs"] if irq["managed"]] == [50]
    assert any("ens2 combined 1" in note and errno.errorcode[code] in note for note in result["notes"])
    assert host.irqs.places(49, 50, 51, 52) == [("4", "4"), ("0-7", "0"), ("4", "4"), ("4", "4")]
    assert [number for number, _value in affinities(host)] == [49, 50, 51, 52]  # tried once
    strict = run(host, {"device": "ens2", "cpus": 4}, strict=True)
    assert strict["failed"] and strict["error_kind"] == "unsupported"
    assert len(strict["results"]) == 1 and "combined 1" in strict["msg"]


def test_a_managed_interrupt_that_shows_as_such_is_not_even_tried(host):
    host.tree.modes["/proc/irq/50/smp_affinity_list"] = 0o100444
    result = run(host, {"device": "ens2", "cpus": 4})
    assert [number for number, _value in affinities(host)] == [49, 51, 52]
    assert result["unmanageable"] == 1 and "unmanageable" in result["notes"][0]
    again = run(host, {"device": "ens2", "cpus": 4})
    assert not again["changed"] and again["unmanageable"] == 1
    strict = run(host, {"device": "ens2", "cpus": 5}, strict=True)
    assert strict["error_kind"] == "unsupported" and "combined 1" in strict["msg"]
    assert len(host.writes()) == 3


@pytest.mark.parametrize(
    "code, word",
    [
        (errno.ENOSPC, "no interrupt vector is left"),
        (errno.EINVAL, "none of these CPUs is online"),
        (errno.EOVERFLOW, "beyond those that this kernel knows"),
        (errno.EACCES, "takes root"),
    ],
)
def test_an_interrupt_that_cannot_go_there_fails_and_the_others_are_done(host, code, word):
    host.irqs.refusals[50] = code
    result = run(host, {"device": "ens2", "cpus": 4}, default_cpus="0-3")
    assert result["failed"] and result["error_kind"] == "apply"
    assert errno.errorcode[code] in result["msg"] and word in result["msg"] and "it arrives on CPU 0" in result["msg"]
    assert "4 other steps were done, 0 not attempted" in result["msg"]
    assert [entry["status"] for entry in result["results"]] == ["done", "failed", "done", "done", "done"]
    assert host.irqs.places(49, 51, 52) == [("4", "4")] * 3 and host.tree.contents[DEFAULT] == "f"


def vanish(host, number, new=None):
    """The driver is reset while the first of its interrupts is written."""

    def reset(text):
        host.irqs.remove(PF, number)
        if new is not None:
            host.irqs.add(PF, new, ["ens2-TxRx-1"])
        host.tree.on_write[host.irqs.at(49)] = lambda text: host.irqs._set(49, text)
        host.irqs._set(49, text)

    host.tree.on_write[host.irqs.at(49)] = reset


def test_an_interrupt_that_vanishes_is_found_under_its_new_number(host):
    vanish(host, 50, 70)
    result = run(host, {"device": "ens2", "cpus": 4}, back=False)
    assert not result["failed"], result
    assert affinities(host) == [(49, "4"), (51, "4"), (52, "4"), (70, "4")]
    assert [irq["irq"] for irq in result["irqs"]] == [49, 51, 52, 70]
    assert not run(host, {"device": "ens2", "cpus": 4})["changed"]


def test_an_interrupt_that_vanishes_for_good_is_reported_and_the_others_are_done(host):
    vanish(host, 50)
    result = run(host, {"device": "ens2", "cpus": 4})
    assert result["failed"] and "interrupt 50 is gone" in result["msg"] and "run again" in result["msg"]
    assert affinities(host) == [(49, "4"), (51, "4"), (52, "4")]


def test_it_must_arrive_where_it_may_go(host):
    """A remapped interrupt moves at once; one that does not is an error, however well the write went."""
    host.irqs.idle.add(51)
    result = run(host, {"device": "ens2", "cpus": 4})
    assert result["failed"] and result["error_kind"] == "verification"
    assert "combined 2" in result["msg"] and "found '0'" in result["msg"]
    assert not host.tree.writes[4:]


def test_a_setting_that_does_not_stay_is_an_error(host):
    host.irqs.stubborn.add(51)
    result = run(host, {"device": "ens2", "cpus": 4})
    assert result["error_kind"] == "verification" and "ens2 combined 2: wished '4', found '0-7'" in result["msg"]


def test_without_remapping_it_moves_when_it_next_occurs():
    host = build(irqbalance=False)
    host.irqs.add(PF, 49, ["ens2-TxRx-0"], chip="PCI-MSI")
    host.irqs.idle.add(49)
    result = run(host, {"device": "ens2", "cpus": 4, "queues": [0]})
    assert not result["failed"] and result["changed"]
    (pending,) = result["pending"]
    assert (pending["field"], pending["current"], pending["wanted"]) == ("combined 0", "0", "4")
    assert pending["until"] == "next_interrupt"
    again = run(host, {"device": "ens2", "cpus": 4, "queues": [0]})
    assert not again["changed"] and again["pending"] == result["pending"] and len(host.writes()) == 1


def test_the_diff_shows_where_they_went(host):
    params = {"targets": [{"device": "ens2", "cpus": 4, "queues": [0]}], "default_cpus": "0-3"}
    diff = run_module(irq_affinity.main, host, params, diff=True)["diff"]
    assert '"ens2 combined 0": "0-7"' in diff["before"] and '"ens2 combined 0": "4"' in diff["after"]
    assert '"default_smp_affinity": "0-3"' in diff["after"]


def test_reads_do_not_grow_with_the_interrupts(host):
    def calls():
        counted, call = [], host.files.worker.call

        def count(operation, *arguments, **more):
            counted.append(operation)
            host.files.worker.call = call  # in memory, the reading of many is one by one
            try:
                return call(operation, *arguments, **more)
            finally:
                host.files.worker.call = count

        host.files.worker.call = count
        assert not run(host, {"device": "ens2", "cpus": "0-7"}, check=True)["changed"]
        host.files.worker.call = call
        return len(counted)

    few = calls()
    host.irqs.add(PF, 100, ["ens2-TxRx-%d" % queue for queue in range(4, 200)])
    assert calls() == few < 20
