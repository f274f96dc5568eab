# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest's port lets through."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.port_flows import PortRules, link_local, port_flows
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.openflow import actions, packet

OWN, OTHER, NONE = "52:54:00:00:00:01", "52:54:00:00:00:02", "00:00:00:00:00:00"
FE80 = "fe80::5054:ff:fe00:1"
LISTED = ("192.0.2.10", "198.51.100.0/24", "2001:db8::10")


def rules(addresses=(), vlan=100, trunks=(), anti_spoofing=True, isolated=False, uplink="ens2"):
    return PortRules(OWN, vlan, trunks, anti_spoofing, isolated, addresses, uplink)


def arp(spa, sha=OWN, **more):
    return packet(OWN, "arp", arp_spa=spa, arp_sha=sha, **more)


def neighbour(source, number, **more):
    return packet(OWN, "icmp6", ipv6_src=source, icmp_type=number, icmp_code=0, **more)


PASS = [
    packet(OWN, "ip", nw_src="192.0.2.10"),
    packet(OWN, "ip", nw_src="198.51.100.77"),
    packet(OWN, "udp", nw_src="0.0.0.0", nw_dst="255.255.255.255", tp_src=68, tp_dst=67),
    arp("192.0.2.10"),
    arp("0.0.0.0", arp_tpa="192.0.2.10", arp_op=1),
    packet(OWN, "ipv6", ipv6_src="2001:db8::10"),
    packet(OWN, "ipv6", ipv6_src=FE80),
    neighbour("2001:db8::10", 128),
    neighbour(FE80, 135, nd_target="2001:db8::99", nd_sll=OWN),
    neighbour(FE80, 135, nd_target="2001:db8::99", nd_sll=NONE),
    neighbour("::", 135, nd_target="2001:db8::10", nd_sll=NONE),
    neighbour(FE80, 136, nd_target="2001:db8::10", nd_tll=OWN),
    neighbour("::", 133),
    neighbour(FE80, 133),
    neighbour("::", 143),
]
STOP = [
    packet(OTHER, "ip", nw_src="192.0.2.10"),
    packet(OWN, "ip", nw_src="192.0.2.11"),
    packet(OWN, "udp", nw_src="0.0.0.0", nw_dst="255.255.255.255", tp_src=68, tp_dst=53),
    packet(OWN, "udp", nw_src="0.0.0.0", nw_dst="192.0.2.1", tp_src=68, tp_dst=67),
    arp("192.0.2.1"),
    arp("192.0.2.10", OTHER),
    arp("0.0.0.0", arp_tpa="192.0.2.1", arp_op=1),
    packet(OWN, "ipv6", ipv6_src="2001:db8::11"),
    packet(OWN, "ipv6", ipv6_src="fe80::1"),
    neighbour("::", 128),
    neighbour("::", 135, nd_target="2001:db8::99", nd_sll=NONE),
    neighbour(FE80, 135, nd_target="2001:db8::99", nd_sll=OTHER),
    neighbour(FE80, 136, nd_target="2001:db8::1", nd_tll=OWN),
    neighbour("2001:db8::10", 136, nd_target="2001:db8::10", nd_tll=OTHER),
    neighbour(FE80, 134),
    neighbour(FE80, 137),
    packet(OWN, "lldp"),
    packet(OWN, "ip", nw_src="192.0.2.10", vlan=100),
    packet(OWN, "ip", nw_src="192.0.2.10", vlan=0),
]


@pytest.mark.parametrize("found", PASS, ids=str)
def test_what_passes_with_addresses(found):
    assert actions(port_flows(rules(LISTED)), found) == "NORMAL"


@pytest.mark.parametrize("found", STOP, ids=str)
def test_what_does_not_pass_with_addresses(found):
    assert actions(port_flows(rules(LISTED)), found) == "drop"


@pytest.mark.parametrize(
    ("found", "passes"),
    [
        (packet(OWN, "ip", nw_src="203.0.113.9"), True),
        (packet(OWN, "lldp"), True),
        (arp("203.0.113.9"), True),
        (neighbour(FE80, 134), True),
        (neighbour("2001:db8::1", 136, nd_target="2001:db8::1", nd_tll=OWN), True),
        (packet(OTHER, "ip", nw_src="203.0.113.9"), False),
        (arp("203.0.113.9", OTHER), False),
        (neighbour(FE80, 136, nd_target="2001:db8::1", nd_tll=OTHER), False),
        (neighbour(FE80, 135, nd_target="2001:db8::1", nd_sll=OTHER), False),
        (packet(OWN, "ip", nw_src="203.0.113.9", vlan=5), False),
    ],
    ids=str,
)
def test_any_address_of_the_own_mac(found, passes):
    assert actions(port_flows(rules()), found) == ("NORMAL" if passes else "drop")


def test_a_trunk_lets_tags_through_and_checks_what_is_below_them():
    flows = port_flows(rules(LISTED, trunks=(300,)))
    assert actions(flows, packet(OWN, "ip", nw_src="192.0.2.10", vlan=300)) == "NORMAL"
    assert actions(flows, packet(OWN, "ip", nw_src="192.0.2.11", vlan=300)) == "drop"


@pytest.mark.parametrize("inner", ["0x8100", "0x88a8"])
def test_nothing_hides_behind_a_second_tag(inner):
    flows = port_flows(rules(trunks=(300,)))
    assert actions(flows, arp("192.0.2.10", vlan=300)) == "NORMAL"
    assert actions(flows, arp("192.0.2.10", OTHER, vlan=300, inner=inner)) == "drop"


@pytest.mark.parametrize("addresses", [(), LISTED], ids=["any", "listed"])
def test_nothing_hides_in_an_option_that_occurs_twice(addresses):
    flows = port_flows(rules(addresses))
    asks = neighbour("2001:db8::10", 135, nd_target="2001:db8::1", nd_sll=OTHER)
    tells = neighbour(FE80, 136, nd_target="2001:db8::10", nd_tll=OTHER)
    for found in (asks, tells):
        assert actions(flows, dict(found, twice=True)) == "drop"
        assert actions(flows, dict(found, nd_sll=OWN, nd_tll=OWN)) == "NORMAL"


def test_only_ipv6_is_listed():
    flows = port_flows(rules(("2001:db8::10",)))
    assert actions(flows, packet(OWN, "ip", nw_src="192.0.2.10")) == "drop"
    assert actions(flows, arp("192.0.2.10")) == "drop"


def test_an_isolated_guest_reaches_the_uplink_only():
    flows = port_flows(rules(anti_spoofing=False, isolated=True))
    assert actions(flows, packet(OTHER, "ip")) == "push_vlan:0x8100,set_field:4196->vlan_vid,output:{ens2}"
    assert actions(flows, packet(OWN, "ip", vlan=7)) == "drop"
    back = packet(OTHER, "ip", port="{ens2}", dl_dst=OWN, vlan=100)
    assert actions(flows, back) == "pop_vlan,output:{port}"
    assert actions(flows, dict(back, vlan=101)) is None and actions(flows, dict(back, dl_dst=OTHER)) is None


def test_an_isolated_guest_without_vlan_and_uplink():
    flows = port_flows(rules(LISTED, vlan=None, isolated=True, uplink="LOCAL"))
    assert actions(flows, packet(OWN, "ip", nw_src="192.0.2.10")) == "LOCAL"
    assert actions(flows, packet(OWN, "ip", nw_src="192.0.2.11")) == "drop"
    assert actions(flows, packet(OTHER, "ip", port="LOCAL", dl_dst=OWN)) == "output:{port}"
    assert actions(flows, packet(OTHER, "ip", port="LOCAL", dl_dst=OWN, vlan=9)) is None


def test_an_open_port_of_a_guarded_bridge():
    assert port_flows(rules(LISTED, anti_spoofing=False)) == [
        {"table": 0, "priority": 20000, "match": "in_port={port}", "actions": "NORMAL"}
    ]


def test_the_link_local_address():
    assert link_local(OWN) == FE80
    assert link_local("b4:96:91:00:00:01") == "fe80::b696:91ff:fe00:1"


IPV4 = st.sampled_from(["192.0.2.10", "192.0.2.11", "198.51.100.1", "0.0.0.0", "203.0.113.1"])
IPV6 = st.sampled_from(["2001:db8::10", "2001:db8::11", FE80, "::", "fe80::1"])
MACS = st.sampled_from([OWN, OTHER, NONE])
PACKETS = st.builds(
    dict,
    in_port=st.just("{port}"), dl_src=MACS, kind=st.sampled_from(["arp", "ip", "udp", "ipv6", "icmp6", "lldp"]),
    vlan=st.sampled_from([None, None, 0, 100, 300]), inner=st.sampled_from([None, None, "0x8100", "0x88a8"]),
    twice=st.booleans(), nw_src=IPV4, nw_dst=IPV4 | st.just("255.255.255.255"),
    arp_spa=IPV4, arp_tpa=IPV4, arp_sha=MACS, arp_op=st.sampled_from([1, 2]), tp_src=st.sampled_from([67, 68]),
    tp_dst=st.sampled_from([67, 68]), ipv6_src=IPV6, nd_target=IPV6, nd_sll=MACS, nd_tll=MACS,
    icmp_type=st.sampled_from([128, 131, 133, 134, 135, 136, 137, 143]), icmp_code=st.sampled_from([0, 0, 1]),
)  # fmt: skip


@given(PACKETS, st.lists(st.sampled_from(LISTED), unique=True), st.booleans(), st.sampled_from([(), (300,)]))
def test_nothing_passes_under_a_false_name(found, addresses, isolated, trunks):
    isolated = isolated and not trunks
    found["inner"] = None if found["vlan"] is None else found["inner"]
    done = actions(port_flows(rules(tuple(addresses), trunks=trunks, isolated=isolated)), found)
    assert done is not None
    if done == "drop":
        return
    allowed = [ipaddress.ip_network(address) for address in [*addresses, FE80]]
    assert found["dl_src"] == OWN and (found["vlan"] is None or trunks) and found["inner"] is None
    assert ("output:{ens2}" in done) == isolated and (done == "NORMAL") == (not isolated)
    if found["kind"] == "arp":
        assert found["arp_sha"] == OWN
    if found["kind"] == "icmp6" and found["icmp_type"] == 136:
        assert found["nd_tll"] in (OWN, NONE)
    if found["kind"] == "icmp6" and found["icmp_type"] == 135:
        assert found["nd_sll"] in (OWN, NONE)
    if addresses:
        assert found["kind"] != "lldp"
        said = {"arp": "arp_spa", "ip": "nw_src", "udp": "nw_src"}.get(found["kind"], "ipv6_src")
        source = ipaddress.ip_address(found[said])
        assert source.is_unspecified or any(source in network for network in allowed)
        if found["kind"] == "icmp6" and found["icmp_type"] == 136:
            assert any(ipaddress.ip_address(found["nd_target"]) in network for network in allowed)


@given(st.lists(st.sampled_from(LISTED), unique=True), st.booleans(), st.booleans(), st.sampled_from([None, 100]))
def test_no_two_flows_are_in_one_place(addresses, anti_spoofing, isolated, vlan):
    flows = port_flows(rules(tuple(addresses), vlan, (), anti_spoofing, isolated))
    places = [(flow["table"], flow["priority"], frozenset(flow["match"].split(","))) for flow in flows]
    assert len(places) == len(set(places))
