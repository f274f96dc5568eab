# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does to the places of guests' threads and memory, and its way back."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._resource.domain_pinning import DomainPinning
from ansible_collections.kvm.vnic.plugins.modules import domain_pinning
from ansible_collections.kvm.vnic.tests.unit.memory_host.led_back import lead_back, way_back
from ansible_collections.kvm.vnic.tests.unit.memory_host.pinned_host import (
    PID,
    UUID1,
    add_thread,
    add_workers,
    allowed,
    define,
    hypervisor,
    pin,
    pins,
    run,
)

TIDS = (4721, 4722, 4723)
IOTHREADS = "<iothreads>1</iothreads>"
BEFORE = {
    "no pin": "",
    "pins": "<cputune><shares>7</shares><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='2-3'/>"
    "<emulatorpin cpuset='0-7'/><iothreadpin iothread='1' cpuset='5'/></cputune>"
    "<numatune><memory mode='preferred' nodeset='0'/></numatune>"
    "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking>",
    "restrictive": "<numatune><memory mode='restrictive' nodeset='0'/></numatune>",
}
WISHES = {
    "all": {
        "vcpus": {"0": "4", "1": 5},
        "vcpu_default": "4-7",
        "emulator": "6-7",
        "iothreads": {"1": "4"},
        "vhost": [{"interface": "front", "queue": 0, "cpus": "6"}, {"interface": "back", "cpus": "7"}],
        "memory": {"mode": "strict", "nodes": "1"},
        "hugepages": {"size_kib": 0},
    },
    "nothing": {
        "vcpus": ["none", "none"],
        "vcpu_default": "none",
        "emulator": "none",
        "iothreads": {"1": "none"},
        "memory": {"mode": "none"},
        "hugepages": {"size_kib": 0},
    },
    "pages": {"hugepages": {"size_kib": 2048}, "memory": {"mode": "interleave", "nodes": "0-1"}},
    "nodes": {"memory": {"mode": "restrictive", "nodes": "0-1"}},
    "one vCPU": {"vcpus": {"1": "6"}},
    "workers": {"vhost": [{"interface": "front", "cpus": "3"}]},
    "emulator": {"emulator": "2-5"},
}


def host_with(extra, running):
    return hypervisor(running, extra=IOTHREADS + extra)


def seen(host):
    """Where everything runs, and what is defined; a running thread without a pin runs where one with all CPUs does."""
    found = {}
    for scope in ("persistent", "live"):
        if getattr(host.libvirt.get("web1"), scope + "_xml") is None:
            continue
        of = pins(host, scope)
        places = [of.vcpu_pins.get(0), of.vcpu_pins.get(1), of.emulator, of.iothread_pins.get(1)]
        if scope == "live":
            places = [of.cpus_of(own) or CpuSet.from_list("0-7") for own in places]
        found[scope] = (places, of.cpuset, of.memory, of.hugepages)
    workers = [allowed(host, tid) for tid in TIDS] if "live" in found else []
    return found, workers


def go(host, **wish):
    undo = way_back(DomainPinning(), {"domains": [dict(wish, name="web1")]}, host)
    result = pin(host, **wish)
    assert not result["failed"], result
    return undo, result


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("before", BEFORE)
def test_everything_goes_back(before, wish, running):
    host = host_with(BEFORE[before], running)
    former = seen(host)
    undo, result = go(host, **WISHES[wish])
    assert undo.uncovered == () and undo.consents == ()
    if not result["changed"]:
        assert undo.params is None
        return
    lead_back(domain_pinning.main, host, undo)
    assert seen(host) == former
    assert ("<shares>7</shares>" in host.libvirt.get("web1").persistent_xml) == (before == "pins")


def test_only_what_was_touched_goes_back():
    host = host_with("", True)
    undo, _result = go(host, vcpus={"0": "4"})
    assert undo.params == {"domains": [{"uuid": UUID1, "scope": "both", "vcpus": {"0": "none"}}]}
    pin(host, vcpus={"1": "6"}, emulator="2-3")
    lead_back(domain_pinning.main, host, undo)
    assert pins(host, "persistent").vcpu_pins == {1: CpuSet.from_list("6")}
    assert pins(host, "live").emulator == CpuSet.from_list("2-3")


def test_definitions_that_differ_go_back_to_different_places():
    host = host_with("", True)
    for scope, cpu in (("live", "1"), ("persistent", "2")):
        result = pin(host, scope=scope, vcpus={"0": cpu}, emulator="1-%s" % (int(cpu) + 4))
        assert not result["failed"] and {action["field"].split(".")[0] for action in result["actions"]} == {scope}
    former = seen(host)
    undo, _result = go(host, **{key: value for key, value in WISHES["all"].items() if key != "vhost"})
    assert sorted(entry["scope"] for entry in undo.params["domains"]) == ["both", "live", "persistent"]
    lead_back(domain_pinning.main, host, undo)
    assert seen(host) == former


def test_workers_that_nobody_spoke_of_are_where_they_were_though_the_kernel_spreads_them():
    host = host_with("", True)
    pin(host, vhost=[{"interface": "back", "cpus": "1"}])
    former = seen(host)
    place = host.libvirt.pin_emulator

    def spread(uuid, cpus, live, config):
        place(uuid, cpus, live, config)
        for tid in TIDS if live else ():  # as kernels before 6.2 do
            add_thread(host, PID, tid, "vhost-4711", cpus=str(cpus))

    host.libvirt.pin_emulator = spread
    undo, _result = go(host, emulator="4-5")
    lead_back(domain_pinning.main, host, undo)
    assert seen(host) == former


def test_workers_that_can_no_longer_be_told_apart_keep_nothing_from_going_back():
    host = host_with("", True)
    former = pins(host, "persistent")
    undo, _result = go(host, **WISHES["all"])
    for tid in TIDS[1:]:
        del host.tree.contents["/proc/%d/task/%d/comm" % (PID, tid)]
    result = lead_back(domain_pinning.main, host, undo)
    assert pins(host, "persistent") == former
    assert any("cannot be told apart" in note for note in result["notes"])
    undo.params["domains"][-1]["vhost"][0]["required"] = True
    assert run(host, *undo.params["domains"])["error_kind"] == "unsupported"


def test_a_guest_that_was_stopped_meanwhile_gets_its_definition_back():
    host = host_with(BEFORE["pins"], True)
    former = pins(host, "persistent")
    undo, _result = go(host, **WISHES["all"])
    host.libvirt.stop("web1")
    lead_back(domain_pinning.main, host, undo)
    assert pins(host, "persistent") == former


@pytest.mark.parametrize(
    "extra, wish, words",
    [
        ("<numatune><memory mode='strict' placement='auto'/></numatune>", "pages", "memory of guest web1 .* numad"),
        ("<memoryBacking><hugepages/></memoryBacking>", "pages", "hugepages of guest web1 .* one size"),
        (
            "<memoryBacking><hugepages><page size='2048' unit='KiB' nodeset='0'/></hugepages></memoryBacking>",
            "all",
            "hugepages of guest web1 .* one size",
        ),
        ("<cputune><vcpupin vcpu='0' cpuset='6-9'/></cputune>", "all", "vcpus.0 of guest web1 .* 6-9.* online"),
    ],
)
def test_what_cannot_be_wished_is_said_and_the_rest_goes_back(extra, wish, words):
    import re

    host = host_with(extra, False)
    undo, _result = go(host, **WISHES[wish])
    assert len(undo.uncovered) == 1 and re.match(words, undo.uncovered[0]), undo.uncovered
    lead_back(domain_pinning.main, host, undo)


def test_cpus_that_numad_chose():
    host = host_with("", False)
    text = host.libvirt.get("web1").persistent_xml.replace("placement='static'", "placement='auto'")
    host.libvirt.put("web1", persistent_xml=text)
    undo, _result = go(host, vcpu_default="1")
    assert undo.params is None and "numad" in undo.uncovered[0]


def test_a_worker_outside_the_emulators_cpus_is_said():
    host = host_with("<cputune><emulatorpin cpuset='2-5'/></cputune>", True)
    undo, _result = go(host, vhost=[{"interface": "back", "cpus": "3"}])
    assert undo.params is None and "vhost worker of back queue 0" in undo.uncovered[0]


def test_several_guests_with_hostile_names():
    host = host_with("", True)
    define(host, "$(id)", "00000000-0000-4000-8000-000000000002", 5000)
    add_workers(host, 5000, 0)
    wish = [{"name": "$(id)", "vcpus": {"0": "1"}}, {"name": "web1", "emulator": "2"}]
    undo = way_back(DomainPinning(), {"domains": wish}, host)
    run(host, *wish)
    lead_back(domain_pinning.main, host, undo)
    assert pins(host, "persistent", "$(id)").vcpu_pins == {} and pins(host, "persistent").emulator is None


class Killed(BaseException):
    pass


@pytest.mark.parametrize("kill_at", range(1, 11))
def test_killed_at_any_write_all_goes_back_and_the_same_run_still_converges(kill_at):
    untouched = host_with(BEFORE["pins"], True)
    go(untouched, **WISHES["all"])
    host, count = host_with(BEFORE["pins"], True), []
    former = seen(host)
    undo = way_back(DomainPinning(), {"domains": [dict(WISHES["all"], name="web1")]}, host)

    def kill(*_call):
        count.append(1)
        if len(count) == kill_at:
            raise Killed

    host.libvirt.on_call = kill
    put = host.tree._pin_thread
    host.tree._pin_thread = lambda *call: (kill(), put(*call))
    try:
        pin(host, **WISHES["all"])
    except Killed:
        pass
    host.lock.holder, host.libvirt.on_call, host.tree._pin_thread = "", lambda verb, name: None, put
    if seen(host) != former:
        lead_back(domain_pinning.main, host, undo)
    assert seen(host) == former
    assert not pin(host, **WISHES["all"])["failed"]
    assert seen(host) == seen(untouched)


@pytest.mark.parametrize(
    "domains, path",
    [
        ([{"name": "web1", "scope": "now"}], "scope"),
        ([{"name": "web1", "scope": "live", "vcpu_default": "1"}], "vcpu_default"),
        ([{"name": "web1", "scope": "live", "hugepages": {"size_kib": 0}}], "hugepages"),
        ([{"name": "web1", "scope": "live"}, {"uuid": UUID1, "scope": "live"}], "domains[1]"),
        ([{"name": "web1", "vhost": [{"interface": "front", "cpus": "1", "required": "maybe"}]}], "required"),
    ],
)
def test_bad_input(domains, path):
    host = host_with("", True)
    result = run(host, *domains)
    assert result["failed"] and path in result["msg"] and host.writes() == []
