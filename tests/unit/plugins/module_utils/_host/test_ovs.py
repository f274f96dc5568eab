# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._host.ovs import NotRunning
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import (
    AppliedUnverified,
    ApplyFailed,
    InFlight,
    Unsupported,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost

# Of Open vSwitch 3.1.0 and 3.5.0, which print the same: a bridge, an access port, a port in error.
BRIDGE = (
    '{"data":[["br0",["set",[]],["set",[["uuid","56084197-a651-473a-b7b1-e00ad0ee22b4"],'
    '["uuid","63cab63e-8837-466a-8ee4-34213690e976"]]]]],"headings":["name","fail_mode","ports"]}\n'
)
PORT = (
    '{"data":[["br0",["set",[]],["set",[]],["map",[]]],["p1",10,["set",[1,2]],["map",[["a b","c\\u0001\x85"]]]]],'
    '"headings":["name","tag","trunks","external_ids"]}\n'
)
SAID = "could not open network device p2 (Address family not supported by protocol)"
ERRORS = '{"data":[["p1",["set",[]]],["p2","%s"]],"headings":["name","error"]}\n' % SAID
SETTING_UP = "ovs-vsctl: Error detected while setting up 'p2': %s.  See ovs-vswitchd log for details.\n" % SAID
COUNTS = '{"data":[[%d,%d]],"headings":["next_cfg","cur_cfg"]}\n'
NO_SERVER = "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such file or directory)\n"


class Switch:
    """Answers to writes and to reads of one table, and what it was asked."""

    def __init__(self, write="", **reads):
        self.write, self.reads, self.asked = write, reads, []

    def __call__(self, argv, stdin):
        self.asked.append(argv)
        if argv[-2] == "list":
            return self.reads[argv[-1]]
        return self.write


def host_with(switch):
    host = MemoryHost()
    host.commands.tools["ovs-vsctl"] = switch
    host.tree.contents.update(
        {
            "/run/openvswitch/db.sock": "",
            "/run/openvswitch/ovs-vswitchd.pid": "77\n",
            "/proc/77/comm": "ovs-vswitchd\n",
            "/proc/77/stat": "77 (ovs-vswitchd) S 1",
        }
    )
    return host


def test_tables_are_read_in_one_call():
    switch = Switch(Port=BRIDGE + PORT)
    rows = host_with(switch).ovs.tables(
        {"Bridge": ("name", "fail_mode", "ports"), "Port": ("name", "tag", "trunks", "external_ids")}
    )
    assert switch.asked == [
        ["ovs-vsctl", "--timeout=10", "--no-wait", "--format=json"]
        + ["--", "--columns=name,fail_mode,ports", "list", "Bridge"]
        + ["--", "--columns=name,tag,trunks,external_ids", "list", "Port"]
    ]
    assert rows["Bridge"][0]["fail_mode"] == () and len(rows["Bridge"][0]["ports"]) == 2
    assert rows["Port"][1] == {"name": "p1", "tag": 10, "trunks": (1, 2), "external_ids": {"a b": "c\x01\x85"}}


def test_an_answer_that_is_none_is_an_error():
    with pytest.raises(ApplyFailed, match="not understood"):
        host_with(Switch(Bridge="{")).ovs.tables({"Bridge": ("name",)})


def test_one_transaction():
    switch = Switch()
    host_with(switch).ovs.transact([["add-br", "br0"], ["set", "Bridge", "br0", "x=1"]])
    host_with(switch).ovs.transact([["add-br", "br0"]], wait=False)
    assert switch.asked == [
        ["ovs-vsctl", "--timeout=10", "--", "add-br", "br0", "--", "set", "Bridge", "br0", "x=1"],
        ["ovs-vsctl", "--timeout=10", "--no-wait", "--", "add-br", "br0"],
    ]
    host_with(switch).ovs.transact([["add-br", "br%d" % number] for number in range(100)])
    assert switch.asked[-1][1] == "--timeout=20"


def test_one_column_and_one_key_of_a_bridge():
    switch = Switch()
    ovs = host_with(switch).ovs
    ovs.set_bridge("br0", "fail_mode", "secure")
    ovs.set_bridge("br0", "fail_mode", None)
    ovs.set_bridge_key("br0", "other_config", "a=b", "c")
    ovs.set_bridge_key("br0", "other_config", "a=b", None, wait=False)
    assert [asked[asked.index("--") + 1 :] for asked in switch.asked] == [
        ["set", "Bridge", "br0", 'fail_mode="secure"'],
        ["set", "Bridge", "br0", "fail_mode=[]"],
        ["set", "Bridge", "br0", 'other_config:"a=b"="c"'],
        ["remove", "Bridge", "br0", "other_config", '"a=b"'],
    ]
    assert "--no-wait" in switch.asked[-1]


@pytest.mark.parametrize("code", [0, 65])
def test_committed_and_refused_by_the_switch(code):
    host = host_with(Switch(Completed(code, "", SETTING_UP), Interface=ERRORS))
    with pytest.raises(AppliedUnverified) as caught:
        host.ovs.transact([["add-port", "br0", "p2"]])
    assert caught.value.details()["interface_errors"] == {"p2": SAID}
    assert "running" in str(caught.value) and SAID in str(caught.value) and caught.value.kind == "applied_unverified"


def test_an_interface_that_ovs_vsctl_does_not_look_at_is_looked_at():
    host = host_with(Switch(Interface=ERRORS))
    host.ovs.transact([["set", "Interface", "p1", "type=gre"]], interfaces=["p1"])
    with pytest.raises(AppliedUnverified, match="p2"):
        host.ovs.transact([["set", "Interface", "p2", "type=gre"]], interfaces=["p2"])


@pytest.mark.parametrize("code", [-14, 142])
def test_a_switch_that_does_not_follow_in_time(code):
    host = host_with(Switch(Completed(code, "", ""), Interface=ERRORS, Open_vSwitch=COUNTS % (5, 4)))
    host.tree.contents["/proc/77/stat"] = "77 (ovs-vswitchd) T 1"
    with pytest.raises(AppliedUnverified, match="stopped by a signal"):
        host.ovs.transact([["add-br", "br0"]])


def test_a_transaction_that_ran_out_of_time_otherwise():
    with pytest.raises(ApplyFailed, match="run again"):
        host_with(Switch(Completed(-14, "", ""), Open_vSwitch=COUNTS % (5, 5))).ovs.transact([["add-br", "br0"]])
    with pytest.raises(InFlight, match="ovsdb-server"):
        host_with(Switch(Completed(-14, "", ""), Open_vSwitch=Completed(-14, "", ""))).ovs.transact([["add-br", "br0"]])


def test_a_refused_transaction():
    with pytest.raises(ApplyFailed, match="no row"):
        host_with(Switch(Completed(1, "", 'ovs-vsctl: no row "x" in table Bridge\n'))).ovs.transact(
            [["set", "Bridge", "x", "y=1"]]
        )


def test_a_database_without_a_server_or_an_answer():
    with pytest.raises(NotRunning, match="openvswitch-switch"):
        host_with(Switch(Bridge=Completed(1, "", NO_SERVER))).ovs.tables({"Bridge": ("name",)})
    with pytest.raises(Unsupported, match="does not answer at /run/openvswitch/db.sock within 10 s"):
        host_with(Switch(Bridge=Completed(-14, "", ""))).ovs.tables({"Bridge": ("name",)})


def test_what_is_not_there_yet():
    host = MemoryHost()
    assert not host.ovs.installed() and "install" in host.ovs.unavailable()
    host.commands.tools["ovs-vsctl"] = Switch()
    assert host.ovs.installed() and "/run/openvswitch/db.sock" in host.ovs.unavailable()
    assert host.ovs.switch_state() == "not running"
    assert host_with(Switch()).ovs.unavailable() is None


@pytest.mark.parametrize(
    "files, state",
    [
        ({}, "running"),
        ({"/proc/77/comm": "bash"}, "not running"),
        ({"/run/openvswitch/ovs-vswitchd.pid": "x"}, "not running"),
        ({"/proc/77/stat": "77 (ovs vs) T) T 1"}, "stopped by a signal"),
    ],
)
def test_the_switch_s_state(files, state):
    host = host_with(Switch())
    host.tree.contents.update(files)
    assert host.ovs.switch_state() == state


def test_a_state_that_only_root_may_read():
    host = host_with(Switch())
    host.tree.failures["read", "/run/openvswitch/ovs-vswitchd.pid"] = 13
    assert host.ovs.switch_state() is UNKNOWN
