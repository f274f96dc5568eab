# SPDX-License-Identifier: GPL-3.0-or-later
"""A device that goes takes its place in a bridge or bond with it: who lives by that is a user too."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import vlan
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

GUEST = (
    "<domain><name>web1</name><uuid>1</uuid><devices><interface type='bridge'><source bridge='br0'/></interface>"
    "</devices></domain>"
)


@pytest.fixture
def host():
    host = MemoryHost()
    host.kernel.add("eth0", up=True)
    host.kernel.add("br0", "bridge", up=True)
    host.kernel.add("eth0.5", "vlan", {"id": 5, "protocol": "802.1Q"}, up=True, link="eth0", master="br0")
    return host


def remove(host, **more):
    return run_module(vlan.main, host, dict({"vlans": [{"lower": "eth0", "id": 5, "state": "absent"}]}, **more))


def test_of_a_bridge_that_serves_nobody_else_it_goes(host):
    assert not remove(host)["failed"] and "eth0.5" not in host.kernel.links


@pytest.mark.parametrize("running", [True, False])
def test_a_guest_of_the_bridge_keeps_it(host, running):
    host.libvirt.define("web1", "1", **{"live_xml" if running else "persistent_xml": GUEST})
    result = remove(host)
    assert result["failed"] and "port:eth0.5" in result["msg"] and host.kernel.writes == []
    assert "port of bridge br0" in result["msg"] and "guest web1" in result["msg"]
    assert not remove(host, allow_disruption=["port:eth0.5"])["failed"]


@pytest.mark.parametrize(
    "kind, words", [("bridge", "port of bridge br0"), ("bond", "member of bond br0"), ("openvswitch", "Open vSwitch")]
)
def test_other_ports_keep_it(host, kind, words):
    host.kernel.links["br0"]["linkinfo"]["info_kind"] = kind
    host.kernel.add("tap9", "tun", {"type": "tap"}, master="br0")
    result = remove(host)
    assert result["failed"] and words in result["msg"] and "port tap9" in result["msg"]


def test_an_address_of_the_bridge_keeps_it(host):
    info = {"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}
    host.kernel.addresses = [{"ifname": "br0", "addr_info": [info]}]
    assert "address 192.0.2.1/24" in remove(host)["msg"]


def test_what_stands_on_it_in_another_namespace_keeps_it(host):
    host.kernel.namespaces, host.tree.contents["/run/netns/pod7"] = ["pod7"], ""
    index = host.kernel.links["eth0.5"]["ifindex"]
    upper = {"ifname": "eth0", "link_index": index, "link_netnsid": 0, "linkinfo": {"info_kind": "macvlan"}}
    host.kernel.elsewhere["pod7"] = [upper]
    result = remove(host)
    assert result["failed"] and "a macvlan in network namespace pod7 (as eth0)" in result["msg"]


def test_without_named_namespaces_none_is_asked_for(host):
    remove(host)
    assert not any("netns" in call or "-n" in call for call in host.commands.calls)
