# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts below were recorded with Open vSwitch 3.1.0 (Debian 12) and 3.5.0 (Debian 13), which print the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_text import (
    Flow,
    RefusedFlow,
    group_text,
    meter_line,
    meter_text,
    read_dump,
    read_groups,
    read_meters,
    read_parsed,
    read_refused,
)

DUMPED = """\
 cookie=0x6b76010000000002, ip,nw_dst=10.0.0.0/24 actions=push_vlan:0x8100,set_field:4101->vlan_vid,NORMAL
 arp,arp_spa=10.0.0.1,arp_sha=aa:bb:cc:dd:ee:ff actions=resubmit(,1)
 cookie=0x6b76010000000001, priority=100,tcp,in_port=1,dl_src=aa:bb:cc:dd:ee:ff,nw_src=10.1.2.0/24,tp_dst=80 actions=output:1
 priority=0 actions=NORMAL
 table=1, vlan_tci=0x1000/0x1000 actions=drop
 table=2, priority=5 actions=meter:3,output:1
 table=2, priority=4,ct_state=+new+trk,ip actions=ct(commit,table=3)
 table=5, idle_timeout=5, send_flow_rem tun_id=0x5,in_port=7 actions=write_actions(output:1)
 cookie=0x5, table=7, idle_timeout=500, hard_timeout=9, importance=4, reset_counts priority=5,ip actions=drop
"""
PARSED = """\
usable protocols: any
chosen protocol: OXM-OpenFlow14
OFPT_FLOW_MOD (OF1.4) (xid=0x1): ADD ip,nw_dst=10.0.0.0/24 cookie:0x6b76010000000002 actions=push_vlan:0x8100,set_field:4101->vlan_vid,NORMAL
OFPT_FLOW_MOD (OF1.4) (xid=0x2): ADD arp,arp_spa=10.0.0.1,arp_sha=aa:bb:cc:dd:ee:ff actions=resubmit(,1)
OFPT_FLOW_MOD (OF1.4) (xid=0x3): ADD priority=100,tcp,in_port=1,dl_src=aa:bb:cc:dd:ee:ff,nw_src=10.1.2.0/24,tp_dst=80 \
cookie:0x6b76010000000001 actions=output:1
OFPT_FLOW_MOD (OF1.4) (xid=0x4): ADD priority=0 actions=NORMAL
OFPT_FLOW_MOD (OF1.4) (xid=0x5): ADD table:1 vlan_tci=0x1000/0x1000 actions=drop
OFPT_FLOW_MOD (OF1.4) (xid=0x6): ADD table:2 priority=5 actions=meter:3,output:1
OFPT_FLOW_MOD (OF1.4) (xid=0x7): ADD table:2 priority=4,ct_state=+new+trk,ip actions=ct(commit,table=3)
OFPT_FLOW_MOD (OF1.4) (xid=0x8): ADD table:5 tun_id=0x5,in_port=7 idle:5 send_flow_rem actions=write_actions(output:1)
"""
WRONG = """\
usable protocols: any
chosen protocol: OXM-OpenFlow14
OFPT_FLOW_MOD (OF1.4) (xid=0x1): ADD actions=drop
OFPT_FLOW_MOD (OF1.4) (xid=0x2): ***decode error: OFPBAC_BAD_SET_ARGUMENT***
00000000  05 0e 00 58 00 00 00 01-00 00 00 00 00 00 00 00 |...X............|
OFPT_FLOW_MOD (OF1.4) (xid=0x3): ADD ip actions=drop
"""
REFUSED = """\
Error OFPBAC_BAD_OUT_GROUP for: OFPT_FLOW_MOD (OF1.4) (xid=0x7): ADD table:9 priority=4,ip,in_port=1 cookie:0x6b76 actions=group:99
Error OFPBFC_MSG_FAILED for: OFPT_BUNDLE_CONTROL (OF1.4) (xid=0xa):
 bundle_id=0 type=COMMIT_REQUEST flags=atomic ordered
ovs-ofctl: talking to unix:/run/openvswitch/br0.mgmt (Protocol error)
"""
GROUP_REFUSED = """\
Error OFPGMFC_GROUP_EXISTS for: OFPT_GROUP_MOD (OF1.4) (xid=0x6):
 ADD group_id=1,type=all,bucket=actions=group:2
"""
GROUPS_14 = """\
OFPST_GROUP_DESC reply (OF1.4) (xid=0x2):
 group_id=5,type=all,bucket=actions=output:1
 group_id=7,type=select,bucket=weight:50,watch_port:1,actions=output:1,bucket=actions=push_vlan:0x8100,set_field:4101->vlan_vid,output:2
 group_id=8,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_group:7,actions=drop
 group_id=9,type=select,selection_method=dp_hash,bucket=actions=output:3
 group_id=10,type=all
"""
GROUPS_15 = """\
OFPST_GROUP_DESC reply (OF1.5) (xid=0x2):
 group_id=5,type=all,bucket=bucket_id:0,actions=output:1
 group_id=7,type=select,bucket=bucket_id:0,weight:50,watch_port:1,actions=output:1,bucket=bucket_id:1,\
actions=push_vlan:0x8100,set_field:4101->vlan_vid,output:2
 group_id=8,type=ff,bucket=bucket_id:0,watch_port:1,actions=output:1,bucket=bucket_id:1,watch_group:7,actions=drop
 group_id=9,type=select,selection_method=dp_hash,bucket=bucket_id:0,actions=output:3
 group_id=10,type=all
"""
METERS = """\
OFPST_METER_CONFIG reply (OF1.4) (xid=0x2):
meter=4 pktps burst stats bands=
type=drop rate=1000 burst_size=20

meter=3 kbps bands=
type=drop rate=1000
meter=controller kbps bands=
type=drop rate=5
"""


def test_what_a_switch_holds_and_what_a_text_means_are_the_same_flows():
    held, meant = read_dump(DUMPED), read_parsed(PARSED)
    assert list(held[:8]) == meant
    assert [flow.key for flow in meant[:4]] == [
        (0, 32768, "ip,nw_dst=10.0.0.0/24"),
        (0, 32768, "arp,arp_spa=10.0.0.1,arp_sha=aa:bb:cc:dd:ee:ff"),
        (0, 100, "tcp,in_port=1,dl_src=aa:bb:cc:dd:ee:ff,nw_src=10.1.2.0/24,tp_dst=80"),
        (0, 0, ""),
    ]
    assert held[0].cookie == 0x6B76010000000002 and held[7].lasting == ("idle_timeout=5", "send_flow_rem")
    assert held[8].to_add() == (
        "cookie=0x5,idle_timeout=500,hard_timeout=9,importance=4,reset_counts,table=7,priority=5,ip,actions=drop"
    )


def test_statistics_make_no_difference():
    line = " cookie=0x1, duration=0.030s, table=1, n_packets=2, n_bytes=3, idle_age=4, hard_age=5, priority=7,ip actions=NORMAL\n"
    assert read_dump("OFPST_FLOW reply (OF1.4) (xid=0x2):\n" + line) == (Flow(1, 7, "ip", "NORMAL", 1),)


def test_a_flow_that_cannot_be_coded_is_refused():
    assert read_parsed(WRONG) == [
        Flow(0, 32768, "", "drop"),
        RefusedFlow("OFPBAC_BAD_SET_ARGUMENT"),
        Flow(0, 32768, "ip", "drop"),
    ]


def test_the_refused_flow_is_read():
    assert read_refused(REFUSED) == (Flow(9, 4, "ip,in_port=1", "group:99", 0x6B76), None, "OFPBAC_BAD_OUT_GROUP")
    assert read_refused(GROUP_REFUSED) == (None, 1, "OFPGMFC_GROUP_EXISTS")
    assert read_refused("ovs-ofctl: br0 is not a bridge or a socket\n") == (None, None, None)


def test_what_is_no_flow_is_an_error():
    with pytest.raises(ValueError, match="invalid literal"):
        read_dump(" table=x, actions=drop\n")
    assert read_dump("") == () and read_parsed("") == []


def test_groups_are_the_same_in_both_versions_of_openflow():
    groups = read_groups(GROUPS_14)
    assert groups == read_groups(GROUPS_15)
    assert groups[8] == "type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_group:7,actions=drop"
    assert groups[9] == "type=select,selection_method=dp_hash,bucket=actions=output:3" and groups[10] == "type=all"
    assert (
        group_text("select", ["weight:1,actions=drop", "weight:2,actions=drop"])
        == "type=select,bucket=actions=drop,bucket=weight:2,actions=drop"
    )
    assert group_text("all", ["weight:0,actions=drop"]) == "type=all,bucket=actions=drop"


def test_meters_are_read_without_those_of_the_switch():
    assert read_meters(METERS) == {
        4: "pktps burst stats bands= type=drop rate=1000 burst_size=20",
        3: "kbps bands= type=drop rate=1000",
    }
    assert meter_text("kbps", 1000) == read_meters(METERS)[3]
    assert meter_line(4, read_meters(METERS)[4]) == "meter=4,pktps,burst,stats,band=type=drop,rate=1000,burst_size=20"


_FIELDS = st.lists(
    st.sampled_from(["ip", "tcp", "in_port=3", "dl_src=52:54:00:00:00:01", "ct_state=+new+trk", "nw_src=10.0.0.0/8"]),
    unique=True,
)
_ACTIONS = st.lists(
    st.sampled_from(["output:1", "NORMAL", "resubmit(,1)", "ct(commit,table=3)", "set_field:4101->vlan_vid"]),
    min_size=1,
)
_LASTING = st.sampled_from(
    [(), ("idle_timeout=5",), ("hard_timeout=7", "send_flow_rem"), ("importance=3", "reset_counts")]
)
FLOWS = st.builds(
    lambda table, priority, match, actions, cookie, lasting: Flow(
        table, priority, ",".join(match), ",".join(actions), cookie, lasting
    ),
    st.integers(0, 254),
    st.integers(0, 65535),
    _FIELDS,
    _ACTIONS,
    st.integers(0, 2**64 - 1),
    _LASTING,
)


def printed(flow):
    """As lib/ofp-flow.c, ofputil_flow_stats_format writes it."""
    words = ["cookie=0x%x," % flow.cookie] * bool(flow.cookie) + ["table=%d," % flow.table] * bool(flow.table)
    words += [word + "," * ("=" in word) for word in flow.lasting]
    match = ["priority=%d" % flow.priority] * (flow.priority != 32768) + [flow.match] * bool(flow.match)
    return " %s actions=%s" % (" ".join(words + [",".join(match)] * bool(match)), flow.actions)


@given(st.lists(FLOWS, max_size=4))
def test_every_flow_is_read_back(flows):
    assert read_dump("\n".join(map(printed, flows))) == tuple(flows)


@given(FLOWS)
def test_what_is_added_is_in_one_line_with_its_cookie_and_deleted_by_it(flow):
    assert flow.to_add().startswith("cookie=0x%x," % flow.cookie) and flow.to_add().endswith(",actions=" + flow.actions)
    assert flow.to_delete() == "cookie=0x%x/-1,%s" % (flow.cookie, flow.where)


@given(
    st.sampled_from(["kbps", "pktps"]),
    st.integers(1, 2**32 - 1),
    st.none() | st.integers(1, 2**32 - 1),
    st.integers(1, 2**31),
)
def test_every_meter_is_read_back(unit, rate, burst, number):
    text = meter_text(unit, rate, burst)
    assert read_meters("meter=%d %s\n" % (number, text.replace(" type=", "\ntype="))) == {number: text}
    assert meter_line(number, text).startswith("meter=%d,%s," % (number, unit))
