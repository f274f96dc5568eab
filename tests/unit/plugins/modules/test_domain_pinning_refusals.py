# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input is refused before any write, all of it at once, naming path, value and what is allowed."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import nic_xml
from ansible_collections.kvm.vnic.tests.unit.memory_host.pinned_host import (
    BACK,
    FRONT,
    define,
    hypervisor,
    pin,
    pins,
    run,
)

UUID2 = "00000000-0000-4000-8000-000000000002"
OTHERS = (
    nic_xml(FRONT, 1, "hostdev", "<source/>", "ua-vf", None, "")
    + nic_xml(BACK, 2, alias="ua-old", model="e1000", more="")
    + nic_xml("52:54:00:00:00:03", 3, alias="ua-slow", more="<driver name='qemu'/>")
)


def refused(host, wish, *words):
    result = pin(host, **wish)
    assert result["failed"] and result["error_kind"] == "value", result
    for word in words:
        assert word in result["msg"], result["msg"]
    assert host.writes() == []
    return result


@pytest.mark.parametrize(
    "wish, words",
    [
        ({"vcpus": {"2": "4"}}, ("domains[0].vcpus.2", "it has 2")),
        ({"vcpus": {"0": "9"}}, ("domains[0].vcpus.0", "CPU 9 does not exist", "online are 0-7")),
        ({"vcpus": ["none", "4,8-9"]}, ("domains[0].vcpus.1", "CPU 9 does not exist", "CPU 8 is offline")),
        ({"emulator": "0-9999"}, ("domains[0].emulator", "beyond the kernel's 8192")),
        ({"emulator": ""}, ("domains[0].emulator", "is empty")),
        ({"vcpu_default": ","}, ("domains[0].vcpu_default", "is empty")),
        ({"emulator": 0.2}, ("domains[0].emulator", "0.2", "quote it")),
        ({"emulator": True}, ("domains[0].emulator", "truth value")),
        ({"emulator": ["4"]}, ("domains[0].emulator", "but a list")),
        ({"emulator": -1}, ("domains[0].emulator", "no CPU list")),
        ({"emulator": "2024-01-01"}, ("domains[0].emulator", "no CPU list")),
        ({"emulator": "ff"}, ("domains[0].emulator", "numbers and ranges")),
        ({"emulator": "0-3:2"}, ("domains[0].emulator", "no CPU list")),
        ({"emulator": "{{ cpus }}"}, ("domains[0].emulator", "no CPU list")),
        ({"vcpus": "0-3"}, ("domains[0].vcpus", "by number of the vCPU")),
        ({"vcpus": {"a": "1"}}, ("domains[0].vcpus.a", "no number of a vCPU")),
        ({"vcpus": {"0": "1", "00": "2"}}, ("domains[0].vcpus.00", "occurs twice")),
        ({"vcpus": {"0": {"cpus": 1}}}, ("domains[0].vcpus.0", "but a dict")),
        ({"iothreads": {"1": "2"}}, ("domains[0].iothreads.1", "it has none")),
        ({"vhost": [{"interface": "frnt", "cpus": "1"}]}, ("domains[0].vhost[0].interface", "frnt", "back, front")),
        ({"vhost": [{"interface": "a/b", "cpus": "1"}]}, ("domains[0].vhost[0].interface", "no NIC name")),
        ({"vhost": [{"interface": "front", "queue": 2, "cpus": "1"}]}, ("domains[0].vhost[0].queue", "it has 2")),
        ({"vhost": [{"interface": "front", "queue": -1, "cpus": "1"}]}, ("domains[0].vhost[0].queue", "0 to 255")),
        ({"vhost": [{"interface": "front", "cpus": 1.5}]}, ("domains[0].vhost[0].cpus", "quote it")),
        (
            {"vhost": [{"interface": "front", "cpus": "1"}, {"interface": "front", "queue": 1, "cpus": "2"}]},
            ("domains[0].vhost[1]", "already in domains[0].vhost[0]"),
        ),
        (
            {"emulator": "6-7", "vhost": [{"interface": "front", "cpus": "5-6"}]},
            ("domains[0].vhost[0].cpus", "emulator's CPUs 6-7 by 5"),
        ),
        ({"memory": {"mode": "preferred", "nodes": "7"}}, ("domains[0].memory.nodes", "node 7", "there are 0, 1")),
        ({"memory": {"mode": "preferred", "nodes": "0-1"}}, ("domains[0].memory.nodes", "single node")),
        ({"memory": {"mode": "strict"}}, ("domains[0].memory.nodes", "is missing")),
        ({"memory": {"mode": "strict", "nodes": 1.0}}, ("domains[0].memory.nodes", "no list of NUMA nodes")),
        ({"memory": {"mode": "strict", "nodes": ""}}, ("domains[0].memory.nodes", "is empty")),
        ({"memory": {"mode": "none", "nodes": "1"}}, ("domains[0].memory.nodes", "takes the policy away")),
        ({"hugepages": {"size_kib": 4096}}, ("domains[0].hugepages.size_kib", "allowed are 2048")),
        ({"hugepages": {"size_kib": -1}}, ("domains[0].hugepages.size_kib", "whole numbers from 0")),
        ({"uuid": "x"}, ("domains[0].uuid", "32 hexadecimal")),
    ],
)
def test_bad_input(wish, words):
    refused(hypervisor(), wish, *words)


def test_everything_at_once():
    wish = {
        "vcpus": {"5": "9"},
        "emulator": "8",
        "vhost": [{"interface": "front", "queue": 5, "cpus": "1"}],
        "memory": {"mode": "strict", "nodes": "5"},
        "hugepages": {"size_kib": 4096},
    }
    problems = refused(hypervisor(), wish)["problems"]
    assert sorted(problem["path"] for problem in problems) == [
        "domains[0].emulator",
        "domains[0].memory.nodes",
        "domains[0].vcpus.5",
        "domains[0].vcpus.5",
        "domains[0].vhost[0].cpus",
        "domains[0].vhost[0].queue",
    ]
    del wish["memory"]
    assert "domains[0].hugepages.size_kib" in refused(hypervisor(), wish)["msg"]


@pytest.mark.parametrize("name", ["$(id)", "..", "-rf", "'\"<&", "{{ lookup('pipe','id') }}", "\u202eabc", "x" * 5000])
def test_guests_may_have_any_name(name):
    """libvirt's own files are named by it."""
    host = hypervisor()
    define(host, name, UUID2, 5000)
    assert not run(host, {"name": name, "vcpus": {"0": "4"}})["failed"]
    assert pins(host, "live", name).vcpu_pins[0] == {4} and not pins(host, "live").vcpu_pins
    assert not run(host, {"name": name, "vcpus": {"0": "4"}})["changed"]


def test_a_guest_that_is_not_there_and_what_there_is():
    host = hypervisor()
    define(host, "web2", UUID2, 5000)
    result = run(host, {"name": "web3", "emulator": "1"})
    assert result["error_kind"] == "value" and "domains[0].name" in result["msg"]
    assert "defined are web1, web2" in result["msg"]
    assert "names no guest" in run(host, {"emulator": "1"})["msg"]
    assert "listed once" in run(host, {"name": "web1"}, {"name": "web1"})["msg"]


def test_a_nic_that_an_earlier_step_makes_is_a_note_in_check_mode():
    result = pin(hypervisor(), check=True, vhost=[{"interface": "new", "cpus": "1"}], vcpus={"0": "1"})
    assert not result["failed"] and "known after apply: domains[0].vhost[0].interface" in result["notes"][0]
    assert len(result["actions"]) == 2


@pytest.mark.parametrize(
    "name, words",
    [("vf", "drives itself"), ("old", "model e1000"), ("slow", "backend qemu")],
)
def test_a_nic_without_vhost(name, words):
    refused(hypervisor(interfaces=OTHERS, workers=0), {"vhost": [{"interface": name, "cpus": "1"}]}, words)


def test_workers_stay_within_the_emulators_cpus_as_they_are():
    wish = {"vhost": [{"interface": "front", "cpus": "5"}]}
    tune = "<cputune><emulatorpin cpuset='6-7'/></cputune>"
    refused(hypervisor(extra=tune), wish, "emulator's CPUs 6-7 by 5", "say emulator")
    refused(hypervisor(extra=tune, running=False), wish, "emulator's CPUs 6-7 by 5")
    assert not pin(hypervisor(extra=tune), emulator="none", **wish)["failed"]
    host = hypervisor()
    for scope in ("live_xml", "persistent_xml"):
        text = getattr(host.libvirt.get("web1"), scope).replace("<vcpu ", "<vcpu cpuset='6-7' ")
        host.libvirt.put("web1", **{scope: text})
    refused(host, wish, "emulator's CPUs 6-7 by 5")


def node_of(host, number, free, file_caches=0):
    host.tree.contents["/sys/devices/system/node/node%d/meminfo" % number] = (
        "Node 1 MemTotal: 2097152 kB\nNode 1 MemFree: %d kB\nNode 1 Inactive(file): %d kB\nNode 1 SReclaimable: 0 kB\n"
        % (free * 1024, file_caches * 1024)
    )


STRICT = {"memory": {"mode": "strict", "nodes": "1"}}


def test_strict_on_a_node_that_cannot_hold_the_guest_is_refused_with_numbers():
    host = hypervisor(running=False)
    node_of(host, 1, 700, 323)
    refused(host, STRICT, "domains[0].memory", "needs 1024 MiB, and node 1 has 1023 MiB", "mode preferred")
    node_of(host, 1, 700, 324)
    assert not pin(host, **STRICT)["failed"]
    node_of(host, 1, 0)
    assert pin(host, **STRICT)["changed"] is False  # nothing new is asked for


def test_guests_that_are_bound_in_one_run_are_counted_together():
    host = hypervisor(running=False)
    define(host, "web2", UUID2, 5000, running=False)
    node_of(host, 1, 1500)
    result = run(host, dict(STRICT, name="web1"), dict(STRICT, name="web2"))
    assert "domains[1].memory" in result["msg"] and "node 1 has 476 MiB" in result["msg"]
    assert "domains[0]" not in result["msg"]


def test_a_running_guest_that_lies_there_already_fits():
    there = "<numatune><memory mode='preferred' nodeset='1'/></numatune>"
    host = hypervisor(extra=there)
    node_of(host, 1, 10)
    assert not pin(host, **STRICT)["failed"]
    # its huge pages it does not have yet
    refused(
        hypervisor(extra=there), dict(STRICT, hugepages={"size_kib": 2048}), "node 1 has 512 MiB in free huge pages"
    )


def test_a_node_without_memory():
    host = hypervisor()
    host.tree.contents["/sys/devices/system/node/node1/meminfo"] = "Node 1 MemTotal: 0 kB\nNode 1 MemFree: 0 kB\n"
    refused(host, {"memory": {"mode": "preferred", "nodes": "1"}}, "node 1 has no memory")


def test_huge_pages_must_be_there_on_the_node_or_anywhere():
    host = hypervisor(running=False)
    pages = "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages"
    wish = dict(STRICT, hugepages={"size_kib": 2048})
    refused(host, wish, "needs 1024 MiB, and node 1 has 512 MiB in free huge pages of 2048 KiB")
    host.tree.contents[pages] = "512"
    assert not pin(host, **wish)["failed"]
    host = hypervisor(running=False)
    host.tree.contents["/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"] = "511"
    refused(host, {"hugepages": {"size_kib": 2048}}, "domains[0].hugepages", "this host has 1022 MiB")


def test_a_host_without_nodes_or_huge_pages():
    host = hypervisor()
    for path in [path for path in host.tree.contents if "/node/" in path or "/mm/" in path]:
        del host.tree.contents[path]
    refused(host, {"memory": {"mode": "preferred", "nodes": "0"}}, "there are none")
    refused(host, {"hugepages": {"size_kib": 2048}}, "allowed are none")


def test_cpus_that_cannot_be_read_are_not_guessed():
    host = hypervisor()
    del host.tree.contents["/sys/devices/system/cpu/online"]
    assert pin(host, emulator="1")["error_kind"] == "unsupported"


@pytest.mark.parametrize(
    "verb, wish",
    [
        ("pin_vcpu", {"vcpus": {"0": "1"}}),
        ("pin_emulator", {"emulator": "1"}),
        ("set_numa", {"memory": {"mode": "preferred", "nodes": "1"}}),
        ("define", {"hugepages": {"size_kib": 2048}}),
    ],
)
def test_libvirts_words_are_kept_and_the_rest_is_done(verb, wish):
    host = hypervisor()
    host.libvirt.failures[verb] = "Requested operation is not valid: odd"
    result = pin(host, vhost=[{"interface": "back", "cpus": "1"}], **wish)
    assert result["failed"] and result["error_kind"] == "apply" and "is not valid: odd" in result["msg"]
    assert result["results"][-1]["status"] == "done" and result["results"][0]["status"] == "failed"


def test_a_guest_that_somebody_redefines_in_between_is_left_alone():
    host = hypervisor()

    def meddle(verb, name):
        text = host.libvirt.get("web1").persistent_xml
        host.libvirt.put("web1", persistent_xml=text.replace("<os>", "<title>theirs</title><os>"))

    host.libvirt.on_call = meddle
    result = pin(host, vcpu_default="1")
    assert "somebody else" in result["msg"] and "theirs" in host.libvirt.get("web1").persistent_xml
