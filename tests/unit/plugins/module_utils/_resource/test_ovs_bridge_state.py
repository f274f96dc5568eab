# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.ovs_wish import OvsWish
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_bridge import OvsBridge
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_bridge_state import read_state
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.plugins.module_utils._resource.ovs_recorded import OVS_3_1, OVS_3_5


@pytest.fixture(params=[OVS_3_1, OVS_3_5], ids=["3.1", "3.5"])
def state(request):
    host = MemoryHost()
    host.commands.tools["ovs-vsctl"] = lambda argv, stdin: request.param
    host.tree.contents["/run/openvswitch/db.sock"] = ""
    return read_state(host, OvsWish(()))


def test_ports_and_whose_they_are(state):
    assert state.bridges["br0"].ours and list(state.bridges["br0"].controllers) == ["tcp:192.0.2.1:6653"]
    assert state.bridges["br0"].ports == ("bond0", "br0", "p1", "vnet0", "vx")
    assert {name for name, port in state.ports.items() if port.guests} == {"vnet0"}
    assert {name for name, port in state.ports.items() if port.ours} == {"p1"}
    assert state.ports["bond0"].interfaces == ("e3", "e4")
    assert state.ports["p1"].qos == {"type": "linux-htb", "other_config": {}, "queues": {0: {"max-rate": "5"}}}
    assert {name for name, interface in state.interfaces.items() if interface.error} == {"vx"}


def test_whether_it_hands_flows_to_cards(state, request):
    assert state.hw_offload == ("3.1" in request.node.name)
    assert OvsBridge().show(state)["Open vSwitch"] == {"hw_offload": state.hw_offload}


def test_what_the_diff_shows(state):
    shown = OvsBridge().show(state)["br0"]
    assert shown["protocols"] == ["OpenFlow10", "OpenFlow14"] and shown["fail_mode"] == "secure"
    assert shown["mirrors"]["m"]["output_port"] == "p1" and shown["mirrors"]["m"]["select_all"] is True
    assert shown["ports"]["p1"]["tag"] == 10 and shown["ports"]["bond0"]["bond_mode"] == "balance-slb"
    assert shown["ports"]["br0"]["interfaces"]["br0"]["type"] == "internal" and shown["ports"]["br0"]["tag"] == "none"
