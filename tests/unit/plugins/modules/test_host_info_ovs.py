# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import time

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InFlight
from ansible_collections.kvm.vnic.plugins.modules import audit_info
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.host_info_case import run
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.recorded_ovs import RELEASES, RecordedOvs

NOTHING = {"installed": False, "running": False, "problem": None, "version": None, "bridges": {}, "hw_offload": False}
PLAIN_PORT = {"tag": None, "trunks": [], "vlan_mode": None, "protected": False, "output_of": []}
PLAIN = {"type": "system", "error": None, "interface_id": None, "attached_mac": None, "vm_id": None, "flows": 0}
GUEST = {
    "interface_id": "6f2ab9a4-0c1e-5b57-9d10-1f1c9f9f0001",
    "attached_mac": "52:54:00:00:00:01",
    "vm_id": "00000000-0000-4000-8000-000000000001",
    "flows": 1,
}


def ovs(host):
    return run(host, "ovs")["ovs"]


@pytest.mark.parametrize("release", RELEASES)
def test_a_switch_with_all_that_matters_of_it(lab, release):
    RecordedOvs(lab, release)
    before = lab.snapshot()
    found = ovs(lab)
    bridges = found.pop("bridges")
    assert found == {"installed": True, "running": True, "problem": None, "version": release + ".0", "hw_offload": True}
    tenant, integration = bridges["br-tenant"], bridges["br-int"]
    assert set(bridges) == {"br-tenant", "br-int"} and lab.snapshot() == before and lab.writes() == []
    ports = tenant.pop("ports")
    assert tenant == {
        "datapath_type": "system",
        "fail_mode": "secure",
        "controllers": ["tcp:192.0.2.9:6653"],
        "in_band": ["tcp:192.0.2.9:6653"],
        "mirrors": ["m0"],
        "flows": {"total": 4, "ours": 3, "guest": 1, "guard": 1},
    }
    assert list(ports) == ["bond0", "br-tenant", "vnet0", "vnet1"]
    assert ports["vnet0"] == dict(PLAIN_PORT, tag=100, interfaces={"vnet0": dict(PLAIN, **GUEST, ofport=1)})
    assert {key: ports["vnet1"][key] for key in PLAIN_PORT} == {
        "tag": 5,
        "trunks": [10, 20],
        "vlan_mode": "native-untagged",
        "protected": True,
        "output_of": [],
    }
    assert list(ports["bond0"]["interfaces"]) == ["eth8", "eth9"] and ports["bond0"]["output_of"] == ["m0"]
    assert ports["br-tenant"] == dict(PLAIN_PORT, interfaces={"br-tenant": dict(PLAIN, type="internal", ofport=65534)})
    assert (integration["datapath_type"], integration["fail_mode"], integration["controllers"]) == ("netdev", None, [])
    assert integration["in_band"] == []
    assert integration["flows"] == {"total": 1, "ours": 0, "guest": 0, "guard": 0}
    wrong = integration["ports"]["p1"]["interfaces"]["p1"]
    assert (wrong["type"], wrong["ofport"]) == ("nosuch", -1) and wrong["error"].startswith("could not open network")


NO_MANAGERS = '{"data":[],"headings":["target","connection_mode"]}'


def managers(*pairs):
    rows = [[target, mode or ["set", []]] for target, mode in pairs]
    return json.dumps({"data": rows, "headings": ["target", "connection_mode"]})


def test_for_whom_packets_pass_ahead_of_all_flows(lab):
    """As ovs-vswitchd 3.1 showed by its hidden flows: those that it connects to itself, by IPv4, unless that is out of band."""
    switch = RecordedOvs(lab, "3.1")
    said = switch.said["ovs-vsctl list"]

    def in_band(old, new):
        assert old in said
        switch.said["ovs-vsctl list"] = said.replace(old, new)
        return {name: bridge["in_band"] for name, bridge in ovs(lab)["bridges"].items()}

    own, theirs = "tcp:192.0.2.9:6653", "ssl:192.0.2.7"
    listed = managers(
        (theirs, None), ("ptcp:6640", None), ("tcp:[2001:db8::7]:6640", None), ("tcp:192.0.2.8", "out-of-band")
    )
    assert in_band(NO_MANAGERS, listed) == {"br-int": [theirs], "br-tenant": [theirs, own]}
    assert in_band('"%s",["set",[]]' % own, '"%s","out-of-band"' % own)["br-tenant"] == []
    assert in_band('"%s",["set",[]]' % own, '"%s","in-band"' % own)["br-tenant"] == [own]
    for value, passes in (("True", []), ("yes", [own])):
        off = '["map",[["disable-in-band","%s"]]]' % value
        assert in_band('["map",[]]', off)["br-tenant"] == passes


def test_one_question_to_the_database_and_one_for_each_bridge(lab):
    RecordedOvs(lab, "3.5")
    ovs(lab)
    asked = [argv[0] for argv in lab.commands.calls]
    assert asked == ["ovs-vsctl", "ovs-ofctl", "ovs-ofctl"]
    assert all("--timeout=5" in argv for argv in lab.commands.calls)


def test_a_host_without_open_vswitch(lab):
    assert ovs(lab) == NOTHING and lab.commands.calls == []


def test_a_service_that_does_not_run(lab):
    switch = RecordedOvs(lab, "3.5")
    os.remove(lab._root + "/run/openvswitch/db.sock")
    os.remove(lab._root + "/run/openvswitch/ovs-vswitchd.pid")
    found = ovs(lab)
    assert (found["installed"], found["running"], found["bridges"]) == (True, False, "unknown")
    assert "/run/openvswitch/db.sock" in found["problem"] and found["version"] == found["hw_offload"] == "unknown"
    assert lab.commands.calls == [] and switch.said


def test_a_switch_that_died_is_not_asked_for_flows(lab):
    RecordedOvs(lab, "3.5")
    lab.put("/proc/77/comm", "sleep")
    found = ovs(lab)
    assert found["running"] is False and found["bridges"]["br-tenant"]["flows"] == "unknown"
    ports = found["bridges"]["br-tenant"]["ports"]
    assert ports["vnet0"]["tag"] == 100 and ports["vnet0"]["interfaces"]["vnet0"]["flows"] == "unknown"
    assert [argv[0] for argv in lab.commands.calls] == ["ovs-vsctl"]


def test_a_switch_that_is_stopped_by_a_signal_does_not_run(lab):
    RecordedOvs(lab, "3.5")
    lab.put("/proc/77/stat", "77 (ovs-vswitchd) T 1 77 77 0")
    assert ovs(lab)["running"] is False


def test_a_switch_that_hangs_is_waited_for_once(lab):
    switch = RecordedOvs(lab, "3.5")
    switch.unanswered = ("br-int", "br-tenant")
    began = time.monotonic()
    found = ovs(lab)
    assert {bridge["flows"] for bridge in found["bridges"].values()} == {"unknown"} and time.monotonic() - began < 5
    assert [argv[0] for argv in lab.commands.calls] == ["ovs-vsctl", "ovs-ofctl"]


def test_a_tool_that_does_not_die(lab):
    RecordedOvs(lab, "3.5")

    def stuck(argv, stdin):
        raise InFlight("ovs-ofctl", "neither ended nor died")

    lab.commands.tools["ovs-ofctl"] = stuck
    assert ovs(lab)["bridges"]["br-tenant"]["flows"] == "unknown"


def test_a_bridge_that_the_switch_does_not_have_yet(lab):
    switch = RecordedOvs(lab, "3.5")
    del switch.said["ovs-ofctl dump-flows br-int"]
    found = ovs(lab)
    assert found["bridges"]["br-int"]["flows"] == "unknown" and found["bridges"]["br-tenant"]["flows"]["ours"] == 3


@pytest.mark.parametrize(
    "answer, words",
    [
        (
            Completed(1, "", "ovs-vsctl: unix:db.sock: database connection failed (Permission denied)"),
            "Permission denied",
        ),
        (Completed(-14, "", "terminating with signal 14 (Alarm clock)"), "does not answer"),
        (Completed(1, "", 'ovs-vsctl: Port does not contain a column whose name matches "protected"'), "protected"),
        (Completed(0, "no JSON", ""), "not understood"),
        (Completed(0, "7\n", ""), "not understood"),
    ],
)
def test_a_database_that_does_not_answer(lab, answer, words):
    RecordedOvs(lab, "3.5")
    lab.commands.tools["ovs-vsctl"] = lambda argv, stdin: answer
    found = ovs(lab)
    assert (found["installed"], found["running"], found["bridges"]) == (True, True, "unknown") and words in found[
        "problem"
    ]


def test_a_database_without_anything_in_it(lab):
    RecordedOvs(lab, "3.5")
    lab.commands.tools["ovs-vsctl"] = lambda argv, stdin: '{"data":[],"headings":[]}\n' * 7
    found = ovs(lab)
    assert found["bridges"] == {} and found["hw_offload"] is False and found["version"] == "unknown"


def test_names_of_others_are_made_safe_to_show(lab):
    switch = RecordedOvs(lab, "3.5")
    switch.said["ovs-vsctl list"] = switch.said["ovs-vsctl list"].replace('"vnet1"', r'"\u001b[2Jvnet1"')
    assert "\ufffd[2Jvnet1" in ovs(lab)["bridges"]["br-tenant"]["ports"]


def audit(host, **resources):
    result = run_module(audit_info.main, host, {"resources": resources})
    assert not result["failed"]
    return {(each["id"], each["subject"]): each for each in result["findings"]}


@pytest.mark.parametrize("release", RELEASES)
def test_the_audit_reads_the_same_facts(lab, release):
    RecordedOvs(lab, release)
    found = audit(lab)
    assert [key for key in found if key[0].startswith("ovs_")] == [("ovs_port_error", "br-int/p1")]


def test_the_audit_says_what_it_could_not_look_at(lab):
    RecordedOvs(lab, "3.5")
    lab.commands.tools["ovs-vsctl"] = lambda argv, stdin: Completed(-14, "", "")
    found = audit(lab)
    assert found["not_audited", "ovs"]["summary"].startswith(
        "not audited, because it could not be read: ovs: ovsdb-server"
    )
    lab.put("/proc/77/comm", "sleep")  # a service that is switched off is not to be audited
    assert ("not_audited", "ovs") not in audit(lab)
