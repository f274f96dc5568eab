# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy

import pytest

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.unmet import unmet

NIC = {
    "guest": "web1",
    "uuid": "u1",
    "name": "front",
    "attachment": "macvtap",
    "backend": "vhost",
    "model": "virtio",
    "mac": "52:54:00:00:00:01",
    "vf": None,
    "queues": 1,
    "status": "planned",
}
SHOWN = {
    "name": "front",
    "type": "direct",
    "mac": "52:54:00:00:00:01",
    "model": "virtio",
    "backend": "vhost",
    "vf": None,
    "queues": None,
    "live": False,
    "persistent": True,
}
PINNING = {
    "name": "web1",
    "uuid": "u1",
    "vcpus": {"0": "5"},
    "emulator": "4,6",
    "vhost": [],
    "memory": {"mode": "preferred", "nodes": "1"},
}


def facts(*interfaces, uuid="u1", vcpu_pins=None, emulator_pin=None):
    domain = {
        "uuid": uuid,
        "name": "web1",
        "interfaces": list(interfaces),
        "vcpu_pins": vcpu_pins or {},
        "emulator_pin": emulator_pin,
    }
    return {"libvirt": {"domains": [domain]}}


def plan(*nics, pinnings=()):
    return {"nics": list(nics), "pinnings": list(pinnings)}


def test_nothing_is_unmet_when_all_is_there():
    assert unmet(plan(NIC), facts(SHOWN)) == []


@pytest.mark.parametrize(
    "key, value",
    [("type", "bridge"), ("mac", "52:54:00:00:00:02"), ("model", "e1000"), ("backend", "qemu"), ("queues", 4)],
)
def test_each_difference_is_told(key, value):
    sentences = unmet(plan(NIC), facts(dict(SHOWN, **{key: value})))
    assert len(sentences) == 1 and "web1/front" in sentences[0] and str(value) in sentences[0]


def test_a_vf_is_compared_by_reference_and_its_backend_is_no_drivers_name():
    nic = dict(NIC, attachment="sriov", backend="vfio", model=None, vf={"pf": "ens2", "index": 1})
    shown = dict(SHOWN, type="hostdev", backend=None, model=None, vf={"pf": "ens2", "index": 1})
    assert unmet(plan(nic), facts(shown)) == []
    assert unmet(plan(nic), facts(dict(shown, vf={"pf": "ens2", "index": 2}))) != []


def test_missing_guest_missing_nic_and_live_only_nic_are_told():
    assert "web1" in unmet(plan(NIC), facts(SHOWN, uuid="u2"))[0]
    assert "front" in unmet(plan(NIC), facts())[0]
    assert "front" in unmet(plan(NIC), facts(dict(SHOWN, persistent=False)))[0]


def test_a_pending_nic_is_not_expected():
    nic = copy.deepcopy(NIC)
    nic["status"] = "pending: guest is not defined on any host"
    assert unmet(plan(nic), facts()) == []


def test_what_could_not_be_read_is_not_as_planned():
    silent = {"libvirt": {"domains": "unknown", "problem": "no answer"}}
    assert unmet(plan(NIC), silent) == ["libvirt does not tell its guests (no answer)"]
    assert unmet(plan(NIC), {"libvirt": "unknown"}) == ["libvirt does not tell its guests"]
    garbled = {"libvirt": {"domains": [{"uuid": "u1", "name": "web1", "interfaces": "unknown"}]}}
    assert unmet(plan(NIC), garbled) == ["the NICs of guest web1 could not be read"]


def test_an_unreadable_libvirt_matters_only_to_planned_nics():
    assert unmet(plan(), {"libvirt": {"domains": "unknown", "problem": "no answer"}}) == []


def test_one_queue_is_what_libvirt_does_not_mention():
    assert unmet(plan(dict(NIC, queues=2)), facts(SHOWN)) == ["web1/front has queues 1 instead of 2"]
    assert unmet(plan(dict(NIC, queues=2)), facts(dict(SHOWN, queues=2))) == []
    assert unmet(plan(dict(NIC, queues=None)), facts(dict(SHOWN, queues=2))) == []


def test_pins_are_compared_where_some_are_planned():
    there = facts(SHOWN, vcpu_pins={"0": "5", "1": "7"}, emulator_pin="4,6")
    assert unmet(plan(NIC, pinnings=[PINNING]), there) == []
    assert unmet(plan(NIC, pinnings=[PINNING]), facts(SHOWN, vcpu_pins={"0": "4"}, emulator_pin="4,6")) == [
        "vCPU 0 of guest web1 may run on CPUs 4 instead of 5"
    ]
    assert unmet(plan(NIC, pinnings=[PINNING]), facts(SHOWN, vcpu_pins={"0": "5"})) == [
        "emulator of guest web1 may run on CPUs of the whole host instead of 4,6"
    ]
    assert unmet(plan(NIC, pinnings=[{"name": "web1", "uuid": "u1", "memory": {}}]), facts(SHOWN)) == []
