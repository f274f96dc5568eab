# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.modules import audit_info, ovs_bridge, ovs_flows
from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import OFF, WEB, flow_host
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_bridge_case import ovs_host

BRIDGES = {"bridges": [{"name": "br0", "fail_mode": "secure", "ports": [{"name": "enp2s0", "tag": 7}]}]}
FLOWS = {
    "bridges": [
        {
            "name": "br0",
            "flows": [{"match": "arp", "actions": "normal"}],
            "guest_ports": [
                {
                    "interface_id": WEB,
                    "guest": "web1",
                    "protected": True,
                    "flows": [{"match": "in_port={port}", "actions": "normal"}],
                },
                {"interface_id": OFF, "guest": "off1", "flows": [{"match": "in_port={port}", "actions": "normal"}]},
            ],
        }
    ]
}


def findings(host, **resources):
    """Those that come from comparing with ``resources``."""
    result = run_module(audit_info.main, host, {"resources": resources})
    assert not result["failed"], result
    assert set(resources) <= set(result["audited"])
    found = [
        (each["id"], each["severity"], each["subject"], each["evidence"].get("field")) for each in result["findings"]
    ]
    return [each for each in found if each[0].startswith(("ovs_bridge", "ovs_flows"))]


def refuse_facts(host):
    """Answers what the modules ask, and not the larger question of host_info."""
    ask = host.commands.tools["ovs-vsctl"]
    host.commands.tools["ovs-vsctl"] = lambda argv, stdin: (
        Completed(1, "", "not in this test") if "--columns=ovs_version,other_config" in argv else ask(argv, stdin)
    )
    return host


@pytest.fixture
def flows_host():
    return refuse_facts(flow_host())


@pytest.fixture
def bridges_host():
    return refuse_facts(ovs_host())


def test_bridges_are_compared_and_not_made(bridges_host):
    host = bridges_host
    found = findings(host, ovs_bridge=BRIDGES)
    assert {each[:2] for each in found} == {("ovs_bridge_differs", "warning")}
    assert {each[2] for each in found} >= {"br0", "br0/enp2s0"}
    assert host.ovs_memory.writes == [] and host.writes() == []
    made = run_module(ovs_bridge.main, host, dict(BRIDGES, allow_disruption=["port:enp2s0"]))
    assert not made["failed"], made
    assert findings(host, ovs_bridge=BRIDGES) == []


def test_flows_are_compared_and_not_put(flows_host):
    found = findings(flows_host, ovs_flows=FLOWS)
    assert ("ovs_flows_differs", "warning", "br0", "table=0,priority=32768,arp") in found
    assert ("ovs_flows_differs", "warning", "br0", "table=0,priority=32768,in_port=5") in found
    assert ("ovs_flows_pending", "notice", "br0/" + OFF, "flows") in found
    assert flows_host.writes() == []
    assert not run_module(ovs_flows.main, flows_host, FLOWS)["failed"]
    assert findings(flows_host, ovs_flows=FLOWS) == [("ovs_flows_pending", "notice", "br0/" + OFF, "flows")]


def test_a_host_that_lacks_open_vswitch_is_told_to_need_it():
    found = findings(MemoryHost(), ovs_bridge=BRIDGES, ovs_flows=FLOWS)
    assert {("ovs_bridge_missing", "warning"), ("ovs_flows_missing", "warning")} <= {each[:2] for each in found}


@pytest.mark.parametrize(
    "resources, words",
    [
        ({"ovs_bridge": {"bridgs": []}}, ["resources.ovs_bridge", "bridgs"]),
        (
            {"ovs_flows": {"bridges": [{"name": "br0", "flows": [{"match": "arp"}]}]}},
            ["resources.ovs_flows", "actions"],
        ),
    ],
)
def test_what_these_modules_would_not_take_is_refused(resources, words):
    result = run_module(audit_info.main, MemoryHost(), {"resources": resources})
    assert result["failed"] and result["error_kind"] == "value" and all(word in result["msg"] for word in words)


def test_a_wish_that_cannot_be_had_is_an_error(bridges_host):
    wish = {"bridges": [{"name": "br0", "fail_mode": "open"}]}
    assert [each[:3] for each in findings(bridges_host, ovs_bridge=wish)] == [
        ("ovs_bridge_refused", "error", "ovs_bridge")
    ]
