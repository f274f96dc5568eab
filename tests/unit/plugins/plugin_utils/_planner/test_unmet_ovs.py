# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.unmet import unmet

ID = "11111111-2222-5333-8444-555555555555"
NIC = {
    "guest": "web1", "uuid": "u1", "name": "front", "attachment": "ovs", "backend": "vhost", "model": "virtio", "vf": None,
    "mac": "52:54:00:00:00:01", "queues": 1, "status": "planned", "bridge": "br-lan", "interface_id": ID, "vlan": 100, "trunks": [],
}  # fmt: skip
SHOWN = {
    "name": "front", "type": "bridge", "mac": "52:54:00:00:00:01", "model": "virtio", "backend": "vhost", "vf": None, "queues": None,
    "source": {"bridge": "br-lan"}, "interface_id": ID, "vlan": 100, "trunks": None, "native_vlan": None, "persistent": True,
}  # fmt: skip


def told(nic, shown):
    domain = {"uuid": "u1", "name": "web1", "interfaces": [shown], "vcpu_pins": {}, "emulator_pin": None}
    return unmet({"nics": [nic], "pinnings": []}, {"libvirt": {"domains": [domain]}})


def test_a_port_as_planned():
    assert told(NIC, SHOWN) == []
    assert told(dict(NIC, vlan=None), dict(SHOWN, vlan=None)) == []
    trunk = dict(SHOWN, vlan=None, trunks=[8, 9, 100], native_vlan=100)
    assert told(dict(NIC, trunks=[9, 8]), trunk) == []
    assert told(dict(NIC, trunks=[8], vlan=None), dict(SHOWN, vlan=None, trunks=[8])) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source", {"bridge": "br0"}), ("source", {}), ("interface_id", None), ("interface_id", ID.replace("1", "9")),
        ("vlan", None), ("vlan", 7), ("trunks", [100]), ("native_vlan", 3), ("type", "direct"),
    ],
)  # fmt: skip
def test_each_difference_is_told(key, value):
    (sentence,) = told(NIC, dict(SHOWN, **{key: value}))
    assert sentence.startswith("web1/front has ")


def test_a_trunk_that_is_an_access_port():
    sentences = told(dict(NIC, trunks=[8]), SHOWN)
    assert len(sentences) == 3 and any("trunks [] instead of [8, 100]" in sentence for sentence in sentences)
