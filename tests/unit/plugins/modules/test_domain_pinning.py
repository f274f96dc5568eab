# SPDX-License-Identifier: GPL-3.0-or-later
"""What domain_pinning makes of a guest: both definitions, its workers, and what has to wait."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_pins import Memory
from ansible_collections.kvm.vnic.tests.unit.memory_host.pinned_host import (
    UUID1,
    allowed,
    define,
    fields,
    hypervisor,
    pin,
    pins,
    run,
)

UUID2 = "00000000-0000-4000-8000-000000000002"
WISH = {
    "vcpus": {"0": "4", "1": 5},
    "emulator": "6-7",
    "vhost": [{"interface": "front", "queue": 0, "cpus": "6"}, {"interface": "front", "queue": 1, "cpus": "7"}],
}


def cpus(text):
    return CpuSet.from_list(text)


def without(text, *tags):
    """The XML without the elements of these tags, in canonical form."""
    root = ElementTree.fromstring(text)
    for tag in tags:
        for element in root.findall(tag):
            root.remove(element)
    return ElementTree.canonicalize(ElementTree.tostring(root, encoding="unicode"))


def test_a_running_guest_is_pinned_in_both_definitions_and_its_workers_each():
    host = hypervisor()
    before = host.libvirt.get("web1")
    result = pin(host, **WISH)
    assert not result["failed"], result
    assert fields(result) == [
        ("web1", "persistent.vcpus.0", "none", "4"),
        ("web1", "persistent.vcpus.1", "none", "5"),
        ("web1", "persistent.emulator", "none", "6-7"),
        ("web1", "live.vcpus.0", "none", "4"),
        ("web1", "live.vcpus.1", "none", "5"),
        ("web1", "live.emulator", "none", "6-7"),
        ("web1/front", "live.vhost.0", "0-7", "6"),
        ("web1/front", "live.vhost.1", "0-7", "7"),
    ]
    for scope in ("live", "persistent"):
        found = pins(host, scope)
        assert found.vcpu_pins == {0: cpus("4"), 1: cpus("5")} and found.emulator == cpus("6-7")
        assert without(getattr(host.libvirt.get("web1"), scope + "_xml"), "cputune") == without(
            getattr(before, scope + "_xml")
        )
    assert [allowed(host, tid) for tid in (4721, 4722, 4723)] == ["6", "7", "0-7"]
    assert result["pending"] == []


def test_a_second_run_writes_nothing():
    host = hypervisor()
    wish = dict(WISH, memory={"mode": "preferred", "nodes": "1"}, hugepages={"size_kib": 2048}, vcpu_default="4-7")
    pin(host, **wish)
    done = list(host.writes())
    result = pin(host, **wish)
    assert result["changed"] is False and result["actions"] == [] and host.writes() == done
    assert sorted(entry["field"] for entry in result["pending"]) == ["hugepages", "memory", "vcpu_default"]


def test_check_mode_foresees_and_writes_nothing():
    host = hypervisor()
    foreseen = pin(host, check=True, diff=True, **WISH)
    assert host.writes() == [] and foreseen["changed"] is True
    assert '"web1 persistent.emulator": "6-7"' in foreseen["diff"]["after"]
    assert pin(host, **WISH)["actions"] == foreseen["actions"]


def test_the_diff_shows_both_definitions():
    diff = pin(hypervisor(), diff=True, **WISH)["diff"]
    assert '"emulator": null' in diff["before"] and '"emulator": "6-7"' in diff["after"]


def test_the_result_tells_where_everything_runs():
    host = hypervisor()
    found = pin(host, memory={"mode": "strict", "nodes": "1"}, **WISH)["domains"]
    assert found == [
        {
            "name": "web1",
            "uuid": UUID1,
            "running": True,
            "vcpus": {"0": "4", "1": "5"},
            "vcpu_default": None,
            "emulator": "6-7",
            "iothreads": {},
            "memory": None,  # as it runs
            "hugepages": None,
            "vhost": [
                {"interface": "front", "queue": 0, "tid": 4721, "kind": "thread", "cpus": "6", "how": "order"},
                {"interface": "front", "queue": 1, "tid": 4722, "kind": "thread", "cpus": "7", "how": "order"},
                {"interface": "back", "queue": 0, "tid": 4723, "kind": "thread", "cpus": "0-7", "how": "order"},
            ],
        }
    ]


def test_a_guest_that_is_off_gets_its_definition_and_a_note_on_its_workers():
    host = hypervisor(running=False)
    result = pin(host, **WISH)
    assert [field for _target, field, _before, _after in fields(result)] == [
        "persistent.vcpus.0",
        "persistent.vcpus.1",
        "persistent.emulator",
    ]
    assert "web1 is off" in result["notes"][0] and "emulator's CPUs" in result["notes"][0]
    assert result["domains"][0]["running"] is False and result["domains"][0]["vhost"] == []


def test_what_is_not_listed_stays():
    host = hypervisor(
        extra="<cputune><shares>7</shares><vcpupin vcpu='1' cpuset='2'/><emulatorpin cpuset='0-1'/></cputune>"
    )
    assert [action["field"] for action in pin(host, vcpus={"0": "4"})["actions"]] == [
        "persistent.vcpus.0",
        "live.vcpus.0",
    ]
    for scope in ("persistent", "live"):
        found = pins(host, scope)
        assert found.vcpu_pins == {0: cpus("4"), 1: cpus("2")} and found.emulator == cpus("0-1")
    assert "<shares>7</shares>" in host.libvirt.get("web1").persistent_xml


def test_only_the_definition_that_differs_is_changed():
    host = hypervisor()
    host.libvirt.pin_vcpu(UUID1, 0, cpus("4"), live=False, config=True)
    host.libvirt.writes.clear()
    pin(host, vcpus={"0": "4"})
    assert host.libvirt.writes == [("pin_vcpu", "web1", "live", (0, "4"))]


def test_a_list_of_vcpus_leaves_out_what_is_null():
    host = hypervisor()
    pin(host, vcpus=[None, "5"])
    assert pins(host, "persistent").vcpu_pins == {1: cpus("5")}


def test_none_takes_pins_away_and_keeps_the_rest():
    host = hypervisor()
    pin(host, memory={"mode": "preferred", "nodes": 1}, hugepages={"size_kib": 2048}, vcpu_default="4-7", **WISH)
    host.libvirt.writes.clear()
    result = pin(
        host,
        vcpus=["none", "none"],
        vcpu_default="none",
        emulator="none",
        vhost=[{"interface": "front", "cpus": "none"}],
        memory={"mode": "none"},
        hugepages={"size_kib": 0},
    )
    assert not result["failed"], result
    # one definition for all of it
    assert [write[0] for write in host.libvirt.writes if write[2] == "config"] == ["define"]
    found = pins(host, "persistent")
    assert (found.vcpu_pins, found.cpuset, found.emulator, found.memory, found.hugepages) == ({}, None, None, None, ())
    root = ElementTree.fromstring(host.libvirt.get("web1").persistent_xml)
    assert [root.find(tag) for tag in ("cputune", "numatune", "memoryBacking")] == [None] * 3
    assert root.find("vcpu").attrib == {"placement": "static"} and len(root.findall("devices/interface")) == 2
    assert pins(host, "live").vcpu_pins == {0: cpus("0-7"), 1: cpus("0-7")}
    assert [allowed(host, tid) for tid in (4721, 4722)] == ["0-7", "0-7"]
    assert pin(host, vcpus=["none", "none"], emulator="none")["changed"] is False


def test_none_of_a_running_guest_means_its_default():
    host = hypervisor()
    for scope in ("live_xml", "persistent_xml"):
        text = getattr(host.libvirt.get("web1"), scope).replace("<vcpu ", "<vcpu cpuset='2-3' ")
        host.libvirt.put("web1", **{scope: text})
    pin(host, vcpus={"0": "4"})
    pin(host, vcpus={"0": "none"})
    assert pins(host, "live").vcpu_pins == {0: cpus("2-3")} and pins(host, "persistent").vcpu_pins == {}
    assert pin(host, vcpus={"0": "none", "1": "none"})["changed"] is False


def test_io_threads():
    host = hypervisor(extra="<iothreads>2</iothreads><iothreadids><iothread id='5'/></iothreadids>")
    result = pin(host, iothreads={"1": "2", "5": "3"})
    assert not result["failed"], result
    assert pins(host, "live").iothread_pins == pins(host, "persistent").iothread_pins == {1: cpus("2"), 5: cpus("3")}
    assert result["domains"][0]["iothreads"] == {"1": "2", "5": "3"}


def test_threads_that_only_the_definition_has_are_waited_for():
    host = hypervisor()
    text = host.libvirt.get("web1").persistent_xml
    host.libvirt.put("web1", persistent_xml=text.replace(">2</vcpu>", ">4</vcpu><iothreads>1</iothreads>"))
    result = pin(host, vcpus={"3": "4"}, iothreads={"1": "5"})
    assert [action["field"] for action in result["actions"]] == ["persistent.vcpus.3", "persistent.iothreads.1"]
    assert [(entry["field"], entry["until"]) for entry in result["pending"]] == [
        ("vcpus.3", "guest_start"),
        ("iothreads.1", "guest_start"),
    ]


def test_memory_of_a_running_guest_waits_and_its_definition_does_not():
    host = hypervisor()
    result = pin(host, memory={"mode": "preferred", "nodes": "1"})
    assert fields(result) == [("web1", "persistent.memory", "none", "preferred 1")]
    assert pins(host, "persistent").memory == Memory("preferred", cpus("1"))
    assert [(entry["field"], entry["current"], entry["wanted"]) for entry in result["pending"]] == [
        ("memory", "none", "preferred 1")
    ]
    host.libvirt.stop("web1")
    host.libvirt.start("web1")
    assert pin(host, memory={"mode": "preferred", "nodes": "1"})["pending"] == []


def test_nodes_of_another_guest_wait():
    host = hypervisor(extra="<numatune><memory mode='interleave' nodeset='0'/></numatune>")
    result = pin(host, memory={"mode": "interleave", "nodes": "0-1"})
    assert [action["field"] for action in result["actions"]] == ["persistent.memory"]
    assert [entry["field"] for entry in result["pending"]] == ["memory"]


def test_nodes_of_a_guest_that_was_started_restrictive_change_at_once():
    host = hypervisor(extra="<numatune><memory mode='restrictive' nodeset='0'/></numatune>")
    result = pin(host, memory={"mode": "restrictive", "nodes": "0-1"})
    assert [action["field"] for action in result["actions"]] == ["persistent.memory", "live.memory"]
    assert pins(host, "live").memory == Memory("restrictive", cpus("0-1")) and result["pending"] == []


def test_the_policy_of_a_cell_is_left_alone_and_told():
    extra = "<numatune><memory mode='strict' nodeset='0'/><memnode cellid='0' mode='strict' nodeset='1'/></numatune>"
    host = hypervisor(extra=extra)
    result = pin(host, memory={"mode": "none"})
    assert "<memnode" in host.libvirt.get("web1").persistent_xml and "cells 0" in result["notes"][0]


def test_huge_pages_are_written_to_the_definition():
    host = hypervisor(extra="<memoryBacking><nosharepages/></memoryBacking>")
    result = pin(host, hugepages={"size_kib": 2048})
    assert fields(result) == [("web1", "persistent.hugepages", 0, 2048)]
    assert pins(host, "persistent").hugepages == (2048,)
    assert "<nosharepages" in host.libvirt.get("web1").persistent_xml
    assert result["pending"][0]["field"] == "hugepages"


def test_several_guests_by_uuid_and_name():
    host = hypervisor()
    define(host, "web2", UUID2, 5000)
    run(host, {"name": "web1", "emulator": "1"}, {"uuid": UUID2.upper(), "emulator": "2"})
    assert pins(host, "live").emulator == cpus("1") and pins(host, "live", "web2").emulator == cpus("2")
    assert run(host)["changed"] is False


@pytest.mark.parametrize("wish", [{"memory": {"mode": "strict", "nodes": "1"}}, {"vcpu_default": "1"}])
def test_a_transient_guest_keeps_nothing(wish):
    host = hypervisor()
    host.libvirt.put("web1", persistent_xml=None)
    result = pin(host, **wish)
    assert result["failed"] and "transient" in result["msg"] and result["error_kind"] == "value"
    assert pin(host, emulator="2")["changed"] is True
