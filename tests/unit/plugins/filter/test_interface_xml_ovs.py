# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.filter.interface_xml import FilterModule
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import read_interface
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.interface_xml import interface_xml

render = FilterModule().filters()["interface_xml"]
ID = "6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44"
NIC = {
    "name": "lan",
    "type": "bridge",
    "model": "virtio",
    "backend": "vhost",
    "source": {"bridge": "br-ovs", "interface_id": ID},
    "trunks": [20, 10],
    "native_vlan": 30,
    "bandwidth": {"inbound": {"average": 5}, "outbound": "none"},
}


def test_a_trunk_on_open_vswitch():
    found = read_interface(ElementTree.fromstring(render(NIC)))
    assert (found.interface_id, found.trunks, found.native_vlan) == (ID, [10, 20, 30], 30)
    assert found.bandwidth == {"inbound": {"average": 5}}
    assert found.element.find("virtualport").get("type") == "openvswitch"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"trunks": None, "native_vlan": None, "vlan": 5},
        {"source": {"bridge": "br-ovs", "virtualport": "openvswitch"}},
        {"vlan": 0},
    ],
)
def test_the_plan_shows_the_same_xml(change):
    nic = {key: value for key, value in dict(NIC, **change).items() if value is not None}
    shown, rendered = (
        ElementTree.canonicalize(text, strip_text=True) for text in (interface_xml(nic, None), render(nic))
    )
    assert shown == rendered


def test_a_trunk_on_a_linux_bridge_is_refused():
    with pytest.raises(AnsibleFilterError, match="trunks.*Open vSwitch"):
        render(dict(NIC, source={"bridge": "br0"}, native_vlan=None))
