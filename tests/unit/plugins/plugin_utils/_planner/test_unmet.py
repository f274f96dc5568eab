# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy

import pytest

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.unmet import unmet

NIC = {
    "guest": "web1", "uuid": "u1", "name": "front", "attachment": "macvtap", "backend": "vhost", "model": "virtio", "mac": "52:54:00:00:00:01",
    "vf": None, "status": "planned",
}
SHOWN = {"name": "front", "type": "direct", "mac": "52:54:00:00:00:01", "model": "virtio", "backend": "vhost", "vf": None, "live": False, "persistent": True}


def facts(*interfaces, uuid="u1"):
    return {"libvirt": {"domains": [{"uuid": uuid, "name": "web1", "interfaces": list(interfaces)}]}}


def test_nothing_is_unmet_when_all_is_there():
    assert unmet({"nics": [NIC]}, facts(SHOWN)) == []


@pytest.mark.parametrize("key, value", [("type", "bridge"), ("mac", "52:54:00:00:00:02"), ("model", "e1000"), ("backend", "qemu")])
def test_each_difference_is_told(key, value):
    sentences = unmet({"nics": [NIC]}, facts(dict(SHOWN, **{key: value})))
    assert len(sentences) == 1 and "web1/front" in sentences[0] and value in sentences[0]


def test_a_vf_is_compared_by_reference_and_its_backend_is_no_drivers_name():
    nic = dict(NIC, attachment="sriov", backend="vfio", model=None, vf={"pf": "ens2", "index": 1})
    shown = dict(SHOWN, type="hostdev", backend=None, model=None, vf={"pf": "ens2", "index": 1})
    assert unmet({"nics": [nic]}, facts(shown)) == []
    assert unmet({"nics": [nic]}, facts(dict(shown, vf={"pf": "ens2", "index": 2}))) != []


def test_missing_guest_missing_nic_and_live_only_nic_are_told():
    assert "web1" in unmet({"nics": [NIC]}, facts(SHOWN, uuid="u2"))[0]
    assert "front" in unmet({"nics": [NIC]}, facts())[0]
    assert "front" in unmet({"nics": [NIC]}, facts(dict(SHOWN, persistent=False)))[0]


def test_a_pending_nic_is_not_expected():
    nic = copy.deepcopy(NIC)
    nic["status"] = "pending: guest is not defined on any host"
    assert unmet({"nics": [nic]}, facts()) == []


def test_what_could_not_be_read_is_not_as_planned():
    silent = {"libvirt": {"domains": "unknown", "problem": "no answer"}}
    assert unmet({"nics": [NIC]}, silent) == ["libvirt does not tell its guests (no answer)"]
    garbled = {"libvirt": {"domains": [{"uuid": "u1", "name": "web1", "interfaces": "unknown"}]}}
    assert unmet({"nics": [NIC]}, garbled) == ["the NICs of guest web1 could not be read"]


def test_an_unreadable_libvirt_matters_only_to_planned_nics():
    assert unmet({"nics": []}, {"libvirt": {"domains": "unknown", "problem": "no answer"}}) == []
