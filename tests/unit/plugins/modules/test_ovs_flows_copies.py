# SPDX-License-Identifier: GPL-3.0-or-later
"""Several ports with one interface id, as after a copy of a guest's definition: whoever has the flows keeps them."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_cookie import GUEST, cookie_of
from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import WEB, flow_host
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_flows_case import ANY, flow, guest, run, settled

WEBS = "cookie=0x%x, " % cookie_of(GUEST, WEB)
GUARDED = {"name": "br0", "unlisted_ports": "drop", "guest_ports": [guest(WEB, ANY, protected=True)]}
CONSENT = {"allow_disruption": ["fail_mode:br0", "flow:br0/table=0,priority=0"]}
FIRST, CLONE = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"


@pytest.fixture
def host():
    host = flow_host()
    host.switch.add_bridge("br1")
    own(host)
    return host


@pytest.fixture
def br0(host):
    return host.switch.bridges["br0"]


def own(host):
    host.switch.bridges["br0"].ports["vnet0"] = (5, {"iface-id": WEB, "vm-id": FIRST})


def plug(host, number=9, bridge="br0", **keys):
    """A copy's port, which Open vSwitch lists in no certain place."""
    host.switch.bridges[bridge].ports["vnet9"] = (number, dict({"iface-id": WEB.upper(), "vm-id": CLONE}, **keys))


def webs(bridge):
    return [line for line in bridge.lines() if WEBS in line]


@pytest.mark.parametrize("is_last", [True, False])
def test_the_port_that_has_the_flows_keeps_them(host, br0, is_last):
    run(host, GUARDED, **CONSENT)
    plug(host)
    if not is_last:
        del br0.ports["vnet0"]
        own(host)
    result = settled(host, GUARDED)
    assert webs(br0) == [WEBS + "in_port=5 actions=NORMAL"] and not any("in_port=9" in line for line in br0.lines())
    (note,) = [note for note in result["notes"] if WEB in note]
    for word in ("br0", "vnet0", "vnet9", FIRST, CLONE, "vnet0 keeps", "an interface id of its own"):
        assert word in note
    assert result["pending"] == []


def test_new_flows_go_to_the_port_that_has_the_old_ones(host, br0):
    run(host, GUARDED, **CONSENT)
    plug(host)
    wish = dict(GUARDED, guest_ports=[guest(WEB, flow("arp,in_port={port}", "NORMAL"), protected=True)])
    assert run(host, wish)["changed"] and webs(br0) == [WEBS + "arp,in_port=5 actions=NORMAL"]
    settled(host, wish)


def test_a_port_is_known_by_what_is_sent_to_it_too(host, br0):
    wish = dict(GUARDED, guest_ports=[guest(WEB, flow("dl_vlan=3", "output:{port}"))])
    run(host, wish, **CONSENT)
    plug(host)
    settled(host, wish)
    assert webs(br0) == [WEBS + "dl_vlan=3 actions=output:5"]


@pytest.mark.parametrize("bridge", ["br0", "br1"])
def test_of_ports_without_flows_none_is_given_any(host, br0, bridge):
    """Which of both is the copy is not written anywhere; ovs-vswitchd started anew, perhaps."""
    plug(host, bridge=bridge)
    result = run(host, GUARDED, **CONSENT)
    assert not result["failed"] and webs(br0) == []
    assert not any("in_port=5" in line or "in_port=9" in line for line in br0.lines())
    (note,) = [note for note in result["notes"] if WEB in note]
    for word in ("vnet0 of br0", "vnet9 of %s" % bridge, FIRST, CLONE, "none of them"):
        assert word in note
    assert [each["target"] for each in result["pending"]] == ["br0/%s" % WEB]
    settled(host, GUARDED)
    del host.switch.bridges[bridge].ports["vnet9"]
    assert run(host, GUARDED)["changed"] and webs(br0) == [WEBS + "in_port=5 actions=NORMAL"]


def test_what_has_no_number_is_no_rival(host, br0):
    plug(host, number=None)
    result = run(host, GUARDED, **CONSENT)
    assert webs(br0) == [WEBS + "in_port=5 actions=NORMAL"] and not any(WEB in note for note in result["notes"])


def test_a_copy_that_the_guard_closes_needs_consent_on_a_secure_bridge(host, br0):
    run(host, dict(GUARDED, unlisted_ports="none"))
    br0.fail_mode = "secure"
    del br0.ports["vnet1"]
    plug(host)
    refused = run(host, GUARDED)
    assert [danger["users"] for danger in refused["dangers"]] == [["the guest's port vnet9"]]


def test_of_unlisted_copies_each_is_told_as_closed(host, br0):
    plug(host)
    result = run(host, dict(GUARDED, guest_ports=[]), **CONSENT)
    assert "bridge br0 drops what comes from vnet0, vnet1, vnet9: no flows are listed for them" in result["notes"]
