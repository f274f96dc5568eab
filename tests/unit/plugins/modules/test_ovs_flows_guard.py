# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_cookie import GUARD, GUEST, cookie_of
from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import DB, OFF, WEB, flow_host
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_flows_case import (
    ANY,
    RECORD,
    guest,
    run,
    settled,
    told,
)

GUARDS = "cookie=0x%x, " % cookie_of(GUARD)
WEBS = "cookie=0x%x, " % cookie_of(GUEST, WEB)
DEFAULT = "priority=0 actions=NORMAL"


@pytest.fixture
def host():
    return flow_host()


@pytest.fixture
def br0(host):
    return host.switch.bridges["br0"]


GUARDED = {"name": "br0", "unlisted_ports": "drop", "guest_ports": [guest(WEB, ANY)]}


def test_the_guard_closes_every_port_that_is_not_listed(host, br0):
    br0.add("cookie=0x5,table=2,priority=9,udp,idle_timeout=60,actions=group:3")
    br0.groups[3], br0.meters[4] = "type=all,bucket=actions=output:1", "kbps bands= type=drop rate=5"
    refused = run(host, GUARDED)
    assert refused["error_kind"] == "conflict" and [danger["consent"] for danger in refused["dangers"]] == [
        "fail_mode:br0"
    ]
    assert "vnet0" in refused["msg"] and "vnet1" in refused["msg"] and host.writes() == []
    result = run(host, GUARDED, allow_disruption=["fail_mode:br0"])
    assert told(result)[-1] == ("br0", "fail_mode", None, "secure")
    assert result["notes"] == ["bridge br0 drops what comes from vnet1: no flows are listed for them"]
    assert br0.fail_mode == "secure" and list(br0.groups) == [3] and list(br0.meters) == [4]
    assert br0.lines() == [
        WEBS + "in_port=5 actions=NORMAL",
        GUARDS + "priority=1,in_port=1 actions=NORMAL",
        GUARDS + "priority=1,in_port=LOCAL actions=NORMAL",
        GUARDS + "priority=0 actions=drop",
        "cookie=0x5, table=2, idle_timeout=60, priority=9,udp actions=group:3",
    ]
    settled(host, GUARDED)
    br0.flush()  # ovs-vswitchd started anew: nothing is forwarded
    assert br0.lines() == [] and run(host, GUARDED)["changed"] and len(br0.lines()) == 4


@pytest.mark.parametrize("former", [None, "standalone", "secure"])
@pytest.mark.parametrize("word", ["allow", "none"])
def test_the_former_fail_mode_and_last_flow_come_back(host, br0, former, word):
    br0.fail_mode = former
    before = br0.lines()
    consent = {"allow_disruption": ["fail_mode:br0", "flow:br0/table=0,priority=0"]}
    run(host, GUARDED, **consent)
    assert br0.fail_mode == "secure"
    wish = {"name": "br0", "unlisted_ports": word, "guest_ports": []}
    assert not run(host, wish, **consent)["failed"]
    assert br0.fail_mode == former and br0.lines() == before
    settled(host, wish)


def test_a_fail_mode_that_was_changed_meanwhile_stays(host, br0):
    run(host, GUARDED, allow_disruption=["fail_mode:br0"])
    br0.fail_mode = "standalone"
    br0.flush()
    wish = {"name": "br0", "unlisted_ports": "none", "guest_ports": []}
    assert not run(host, wish)["failed"]
    assert br0.fail_mode == "standalone" and br0.lines() == [DEFAULT]
    settled(host, wish)


def test_a_secure_bridge_needs_no_consent_for_the_guard(host, br0):
    br0.fail_mode = "secure"
    br0.flush()
    assert "fail_mode" not in [action[1] for action in told(run(host, GUARDED))]
    assert run(host, dict(GUARDED, unlisted_ports="allow"))["changed"] and br0.lines() == [
        WEBS + "in_port=5 actions=NORMAL"
    ]


def test_guests_that_pass_a_secure_bridge_are_not_closed_without_consent(host, br0):
    br0.fail_mode = "secure"  # and somebody's flow lets everything through
    refused = run(host, GUARDED)
    assert [danger["consent"] for danger in refused["dangers"]] == ["flow:br0/table=0,priority=0"]
    assert "vnet1" in refused["msg"] and "vnet0" not in refused["msg"] and host.writes() == []
    listed = dict(GUARDED, guest_ports=[guest(WEB, ANY), guest(DB, ANY)])
    assert not run(host, listed)["failed"]


@pytest.mark.parametrize("key", ["vm-id", "attached-mac", "iface-id"])
def test_whatever_tells_a_guests_port_closes_it(host, br0, key):
    del br0.ports["vnet0"], br0.ports["vnet1"]
    br0.ports["tap-x"] = (8, {key: OFF})
    refused = run(host, dict(GUARDED, guest_ports=[]))
    assert [danger["users"] for danger in refused["dangers"]] == [["the guest's port tap-x"]]
    run(host, dict(GUARDED, guest_ports=[]), allow_disruption=["fail_mode:br0"])
    assert not any("in_port=8" in line for line in br0.lines()) and GUARDS + "priority=0 actions=drop" in br0.lines()


def test_the_connection_to_the_host_is_not_cut_without_consent(host, br0):
    del br0.ports["vnet0"], br0.ports["vnet1"]
    host.kernel.add("br0", up=True)
    host.kernel.addresses = [{"ifname": "br0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24}]}]
    host.session.address = "192.0.2.1"
    refused = run(host, dict(GUARDED, guest_ports=[]))
    assert [danger["consent"] for danger in refused["dangers"]] == ["management:br0"] and host.writes() == []
    assert not run(host, dict(GUARDED, guest_ports=[]), allow_disruption=["management:br0"])["failed"]


def test_nor_by_a_purge_of_the_flow_that_it_passes_by(host, br0):
    br0.fail_mode = "secure"
    host.kernel.add("br0", up=True)
    host.kernel.addresses = [{"ifname": "br0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24}]}]
    host.session.address = "192.0.2.1"
    refused = run(host, {"name": "br0", "purge": True})
    assert [danger["consent"] for danger in refused["dangers"]] == ["management:br0"] and host.writes() == []


def test_nor_one_over_an_internal_port_of_the_bridge(host, br0):
    del br0.ports["vnet0"], br0.ports["vnet1"]
    br0.ports["mgmt0"] = (9, {})
    host.kernel.add("mgmt0", up=True)
    host.kernel.addresses = [{"ifname": "mgmt0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24}]}]
    host.session.address = "192.0.2.1"
    refused = run(host, dict(GUARDED, guest_ports=[]))
    assert [danger["consent"] for danger in refused["dangers"]] == ["management:mgmt0"] and host.writes() == []


def test_what_cannot_be_put_back_is_said(host, br0):
    br0.add("cookie=0x5,table=2,priority=9,udp,actions=drop")
    switch, bundle = host.switch, host.switch._bundle

    def fails_later(bridge, lines):
        if bridge.fail_mode == "secure":
            return Completed(1, "", "ovs-ofctl: br0: failed to connect to socket (Connection refused)\n")
        return bundle(bridge, lines)

    switch._bundle = fails_later
    failed = run(host, GUARDED, allow_disruption=["fail_mode:br0"])
    assert (
        failed["error_kind"] == "apply"
        and "emptied its tables" in failed["msg"]
        and "Connection refused" in failed["msg"]
    )
    assert json.loads(host.tree.contents[RECORD])["bridges"]["br0"]["former_fail_mode"] == "none"
    assert br0.fail_mode is None and br0.lines() == [DEFAULT]  # secure and empty it would forward nothing
    switch._bundle = bundle
    assert not run(host, GUARDED, allow_disruption=["fail_mode:br0"])["failed"]
    assert br0.fail_mode == "secure" and len(br0.lines()) == 4


def test_a_switch_that_hangs_does_not_empty_the_tables_when_it_wakes(host, br0):
    vsctl = host.commands.tools["ovs-vsctl"]

    def hangs(argv, stdin):
        answer = vsctl(argv, stdin)
        return Completed(-14, "", "") if "set" in argv and "--no-wait" not in argv else answer

    host.commands.tools["ovs-vsctl"] = hangs
    assert run(host, GUARDED, allow_disruption=["fail_mode:br0"])["failed"] and br0.fail_mode is None


def test_what_the_guard_found_is_remembered_until_it_is_put_back(host, br0):
    consent = {"allow_disruption": ["fail_mode:br0"]}
    run(host, GUARDED, **consent)
    bundle, host.switch._bundle = host.switch._bundle, lambda bridge, lines: Completed(1, "", "no\n")
    assert run(host, dict(GUARDED, unlisted_ports="allow"), **consent)["failed"]
    host.switch._bundle = bundle
    assert not run(host, dict(GUARDED, unlisted_ports="allow"), **consent)["failed"]
    assert br0.fail_mode is None and DEFAULT in br0.lines()
