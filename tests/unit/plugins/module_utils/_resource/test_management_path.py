# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._resource.management_path import management_path
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost


@pytest.fixture
def host():
    """eth0 and eth1 in bond0, VLAN 5 of it in br5 beside a tap; eth2 alone with a macvtap."""
    host = MemoryHost()
    add = host.kernel.add
    add("bond0", "bond")
    add("eth0", master="bond0")
    add("eth1", master="bond0")
    add("br5", "bridge")
    add("bond0.5", "vlan", {"id": 5}, link="bond0", master="br5")
    add("bond0.6", "vlan", {"id": 6}, link="bond0")
    add("vnet0", "tun", {"type": "tap"}, master="br5")
    add("eth2")
    add("macvtap0", "macvtap", {"mode": "bridge"}, link="eth2")
    host.kernel.addresses = [
        {"ifname": "lo", "addr_info": [{"local": "127.0.0.1"}, {"local": "::1"}]},
        {"ifname": "br5", "addr_info": [{"local": "192.0.2.5"}, {"local": "2001:db8::5"}]},
        {"ifname": "bond0.6", "addr_info": [{"local": "192.0.2.6"}, {}]},
        {"ifname": "eth2", "addr_info": [{"local": "192.0.2.2"}, {"local": "fe80::2"}]},
        {"ifname": "vnet0"},
    ]
    return host


UNDER_BR5 = {"br5", "bond0.5", "bond0", "eth0", "eth1", "vnet0"}


@pytest.mark.parametrize(
    "address, path",
    [
        ("192.0.2.5", UNDER_BR5),
        ("2001:db8::5", UNDER_BR5),
        ("2001:0db8:0:0::5", UNDER_BR5),
        ("::ffff:192.0.2.5", UNDER_BR5),
        ("192.0.2.6", {"bond0.6", "bond0", "eth0", "eth1"}),
        # a macvtap beside the address carries nothing of the connection
        ("192.0.2.2", {"eth2"}),
        ("fe80::2%eth2", {"eth2"}),
    ],
)
def test_the_devices_below_the_address_that_the_connection_came_to(host, address, path):
    host.session.address = address
    assert management_path(host) == path


def test_an_address_on_a_port_counts_its_masters_too(host):
    host.session.address = "192.0.2.9"
    host.kernel.addresses.append({"ifname": "bond0.5", "addr_info": [{"local": "192.0.2.9"}]})
    assert management_path(host) == {"bond0.5", "br5", "bond0", "eth0", "eth1"}


def test_an_address_on_two_devices_means_both(host):
    host.session.address = "192.0.2.2"
    host.kernel.addresses.append({"ifname": "bond0.6", "addr_info": [{"local": "192.0.2.2"}]})
    assert management_path(host) == {"eth2", "bond0.6", "bond0", "eth0", "eth1"}


@pytest.mark.parametrize("address", [None, "127.0.0.1", "::1", "192.0.2.77"])
def test_without_an_address_of_the_hosts_the_default_routes_stand_in(host, address):
    host.session.address = address
    host.kernel.routes = [
        {"dst": "192.0.2.0/24", "dev": "br5"},
        {"dst": "default", "gateway": "192.0.2.1", "dev": "bond0.6"},
        {"dst": "default", "nexthops": [{"dev": "eth2"}, {"gateway": "192.0.2.1"}]},
    ]
    assert management_path(host) == {"bond0.6", "bond0", "eth0", "eth1", "eth2"}


@pytest.mark.parametrize("kind", ["lo", "dummy"])
def test_an_address_that_is_reached_over_routes_alone_means_their_devices_too(host, kind):
    """As on hosts whose uplinks are routed and have no address of their own."""
    name = host.kernel.add("lo" if kind == "lo" else "dummy0", kind)["ifname"]
    host.session.address = "192.0.2.99"
    host.kernel.addresses.append({"ifname": name, "addr_info": [{"local": "192.0.2.99", "prefixlen": 32}]})
    host.kernel.routes = [{"dst": "default", "nexthops": [{"dev": "eth2"}, {"dev": "bond0"}]}]
    assert management_path(host) == {name, "eth2", "bond0", "eth0", "eth1"}


def test_a_kernel_without_ipv6(host):
    host.kernel.routes = [{"dst": "default", "dev": "eth2"}]
    host.commands.tools["ip"] = lambda argv, stdin: (
        Completed(1, "", "Address family not supported") if "-6" in argv else host.kernel(argv, stdin)
    )
    assert management_path(host) == {"eth2"}


def test_without_any_route_there_is_no_path(host):
    assert management_path(host) == set()


def test_a_route_over_a_device_that_is_gone(host):
    host.kernel.routes = [{"dst": "default", "dev": "wg0"}]
    assert management_path(host) == {"wg0"}
