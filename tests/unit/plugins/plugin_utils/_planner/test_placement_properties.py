# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of every placement, whatever the host."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, assume, event, given, settings

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.drawing import drawing
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.text import plan_text
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.strategies import hosts, intents
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.test_planner_properties import plan_or_reject
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import cpus

few = settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


def placed(intent, facts):
    found = plan_or_reject(intent, facts)
    assume(found["pinnings"])
    return found


def online(facts):
    return cpus(facts["cpus"]["online"])


@few
@given(intents(), hosts())
def test_no_cpu_is_given_twice(intent, facts):
    """A vCPU or worker that is on a single CPU beside the host's has it for itself, or shares it with its own guest."""
    found = placed(intent, facts)
    housekeeping = cpus(found["housekeeping"])
    vcpu_owner, worker_owner = {}, {}
    for entry in found["pinnings"]:
        singles = [
            pin
            for pin in entry.get("vcpus", {}).values()
            if len(cpus(pin)) == 1 and not cpus(pin).issubset(housekeeping)
        ]
        assert len(singles) == len(set(singles))
        for pin in singles:
            assert vcpu_owner.setdefault(pin, entry["name"]) == entry["name"]
        for worker in entry.get("vhost", ()):
            if len(cpus(worker["cpus"])) == 1 and not cpus(worker["cpus"]).issubset(housekeeping):
                assert worker_owner.setdefault(worker["cpus"], entry["name"]) == entry["name"]
    event("%d vCPUs and %d workers on CPUs of their own" % (len(vcpu_owner), len(worker_owner)))
    assert not set(vcpu_owner) & set(worker_owner)


@few
@given(intents(), hosts())
def test_all_of_it_is_online_and_something_is_left_to_the_host(intent, facts):
    found = placed(intent, facts)
    assert cpus(found["housekeeping"]) and cpus(found["housekeeping"]) <= online(facts)
    lists = [found["interrupts"].get("default_cpus", "0")] if online(facts) >= {0} else []
    for entry in found["pinnings"]:
        lists += entry.get("vcpus", {}).values()
        lists += [entry.get("emulator", found["housekeeping"])] + [worker["cpus"] for worker in entry.get("vhost", ())]
    lists += [target["cpus"] for target in found["interrupts"]["targets"]]
    for words in lists:
        assert words and cpus(words) <= online(facts)


@few
@given(intents(), hosts())
def test_workers_stay_within_the_emulators_cpus(intent, facts):
    for entry in placed(intent, facts)["pinnings"]:
        for worker in entry.get("vhost", ()):
            assert cpus(worker["cpus"]) <= cpus(entry["emulator"])


@few
@given(intents(), hosts())
def test_one_number_of_queues(intent, facts):
    """In the definition, in the report, of the workers; never more than vCPUs."""
    found = placed(intent, facts)
    vcpus = {guest["name"]: guest["vcpus"] for guest in facts["libvirt"]["domains"]}
    xml = {
        (guest["name"], entry["name"]): entry.get("queues", 1)
        for guest in found["domains"]
        for entry in guest["interfaces"]
    }
    for entry in found["pinnings"]:
        workers = [(worker["interface"], worker["queue"]) for worker in entry.get("vhost", ())]
        assert len(workers) == len(set(workers))
        for nic in found["nics"]:
            if nic["guest"] != entry["name"] or nic["status"] != "planned" or nic["queues"] is None:
                continue
            assert nic["queues"] == xml[nic["guest"], nic["name"]] <= vcpus[nic["guest"]]
            if "vhost" in entry:
                assert sorted(q for name, q in workers if name == nic["name"]) == list(range(nic["queues"]))


@few
@given(intents(), hosts())
def test_what_is_called_aligned_is(intent, facts):
    found = placed(intent, facts)
    nodes = {cpu: node["id"] for node in found["topology"]["nodes"] for cpu in cpus(node["cpus"])}
    for nic in found["nics"]:
        event(str(nic["aligned"]))
        if nic["aligned"] == "cpu":
            assert len(cpus(nic["irq_cpus"])) == 1 and cpus(nic["irq_cpus"]) <= cpus(nic["vcpu_cpus"])
        if nic["aligned"] == "node" and len(set(nodes.values())) > 1:
            parts = [nic[key] for key in ("irq_cpus", "vcpu_cpus", "vhost_cpus") if nic[key]]
            touched = {nodes[cpu] for words in parts for cpu in cpus(words)}
            assert len(touched) == 1 and nic["numa_node"] in (None, *touched)
        if nic["aligned"] == "no" and nic["aligned_reason"].startswith("the card is on"):
            assert nic["numa_node"] is not None
        assert nic["aligned_reason"]


@few
@given(intents(), hosts())
def test_every_cpu_is_drawn_once(intent, facts):
    found = placed(intent, facts)
    rows = [line.split()[1] for line in drawing(found) if line.startswith("|")]
    drawn = [cpu for words in rows for cpu in cpus(words)]
    assert sorted(drawn) == sorted(online(facts))
    assert plan_text(json.loads(json.dumps(found))) == plan_text(found)


@few
@given(intents(), hosts())
def test_isolated_cpus_are_never_a_set_to_float_over(intent, facts):
    """The scheduler moves nobody from one to another, so several of them are as good as one."""
    found = placed(intent, facts)
    isolated = cpus(found["topology"]["isolated"])
    if isolated and isolated != online(facts):
        for entry in found["pinnings"]:
            for words in entry.get("vcpus", {}).values():
                assert len(CpuSet.from_list(words)) == 1 or not CpuSet.from_list(words) & isolated
