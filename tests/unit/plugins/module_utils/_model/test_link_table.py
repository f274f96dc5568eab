# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.link_table import LinkTable

NAMES = ["n%d" % number for number in range(8)]
names = st.sampled_from(NAMES)
tables = st.lists(st.fixed_dictionaries({"ifname": names}, optional={"master": names, "link": names}), max_size=12)


def edges(raw):
    """(below, above) pairs, the last link of a name counting."""
    last = {item["ifname"]: item for item in raw}
    return {(name, item["master"]) for name, item in last.items() if item.get("master")} | {
        (item["link"], name) for name, item in last.items() if item.get("link")
    }


def reachable(start, pairs):
    found = {start}
    for _round in range(len(NAMES) + 1):
        found |= {above for below, above in pairs if below in found}
    return found - {start}


@given(tables, names)
def test_closures_are_reachability_also_where_links_go_in_circles(raw, name):
    table = LinkTable(raw)
    pairs = edges(raw)
    assert table.uppers(name) == reachable(name, pairs)
    assert table.lowers(name) == reachable(name, {(above, below) for below, above in pairs})
    assert table.stack(name) == {name} | table.uppers(name) | table.lowers(name)


BOND = [
    {"ifname": "eth0", "master": "bond0"},
    {"ifname": "eth1", "master": "bond0"},
    {"ifname": "bond0", "linkinfo": {"info_kind": "bond"}},
    {"ifname": "bond0.5", "link": "bond0", "master": "br5", "linkinfo": {"info_kind": "vlan", "info_data": {"id": 5}}},
    {"ifname": "bond0.6", "link": "bond0", "linkinfo": {"info_kind": "vlan"}},
    {"ifname": "br5", "linkinfo": {"info_kind": "bridge"}},
    {"ifname": "tap0", "master": "br5", "linkinfo": {"info_kind": "tun"}},
]


def test_a_bridge_over_a_vlan_over_a_bond():
    table = LinkTable(BOND)
    assert table.lowers("br5") == {"bond0.5", "tap0", "bond0", "eth0", "eth1"}
    assert table.uppers("eth0") == {"bond0", "bond0.5", "bond0.6", "br5"}
    assert table.stack("bond0.6") == {"bond0.6", "bond0", "eth0", "eth1"}
    assert table.ports("br5") == ["bond0.5", "tap0"] and table.standing_on("bond0") == ["bond0.5", "bond0.6"]
    assert [link.name for link in table.of_kind("vlan")] == ["bond0.5", "bond0.6"]
    assert table.get("bond0.5").data == {"id": 5} and "nope" not in table and table.get("nope") is None


def test_the_peer_of_a_pair_stands_on_nobody():
    table = LinkTable(
        [
            {"ifname": "v0", "link": "v1", "linkinfo": {"info_kind": "veth"}},
            {"ifname": "v1", "link": "v0", "linkinfo": {"info_kind": "veth"}},
        ]
    )
    assert table.standing_on("v0") == [] and table.stack("v0") == {"v0"}


def test_a_lower_device_in_another_namespace_is_none_of_ours():
    table = LinkTable([{"ifname": "m0", "link": "eth0", "link_netnsid": 0}, {"ifname": "eth0"}])
    assert table.standing_on("eth0") == [] and table.get("m0").lower is None


def test_what_ip_leaves_out_is_none_or_empty():
    table = LinkTable([{}, {"ifname": "x"}])
    link = table.get("x")
    assert [one.name for one in table] == ["x"]
    assert (link.kind, link.data, link.mac, link.mtu, link.master, link.pci, link.vfs) == (
        None,
        {},
        None,
        None,
        None,
        None,
        [],
    )
    assert not link.up and not link.carrier and not link.ours


def test_what_is_ours_says_so():
    raw = {"ifname": "x", "ifalias": "kvm.vnic", "flags": ["UP"], "parentbus": "pci", "parentdev": "0000:01:00.0"}
    link = LinkTable([raw]).get("x")
    assert link.ours and link.up and not link.carrier and link.pci == "0000:01:00.0"
