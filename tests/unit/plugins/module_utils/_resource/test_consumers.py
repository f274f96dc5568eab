# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._resource.consumers import Consumers, is_unknown
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard


@pytest.fixture
def host():
    return MemoryHost()


def of_device(host, name):
    return Consumers(host, host.ip.links()).of_device(name)


def domain(devices, name="web1"):
    return "<domain><name>%s</name><uuid>1</uuid><devices>%s</devices></domain>" % (name, devices)


def test_nobody_uses_a_lonely_device(host):
    host.kernel.add("br0", "bridge")
    assert of_device(host, "br0") == []
    assert of_device(host, "gone") == []


def test_ports_and_devices_on_top(host):
    host.kernel.add("br0", "bridge")
    host.kernel.add("eth0", master="br0")
    host.kernel.add("br0.7", "vlan", link="br0")
    assert of_device(host, "br0") == ["port eth0", "br0.7, which stands on it"]


@pytest.mark.parametrize(
    "interface, device",
    [
        ("<interface type='bridge'><source bridge='br0'/></interface>", "br0"),
        ("<interface type='direct'><source dev='eth0' mode='bridge'/></interface>", "eth0"),
        ("<interface type='bridge'><source bridge='x'/><target dev='vnet3'/></interface>", "vnet3"),
        (
            "<interface type='network'><source network='n'/><actual type='bridge'><source bridge='br0'/></actual>"
            "</interface>",
            "br0",
        ),
    ],
)
@pytest.mark.parametrize("running", [True, False])
def test_guests(host, interface, device, running):
    if running:
        host.libvirt.define("web1", "1", live_xml=domain(interface))
        state = "running"
    else:
        host.libvirt.running = False
        host.tree.contents["/etc/libvirt/qemu/web1.xml"] = domain(interface)
        state = "defined, not running"
    assert of_device(host, device) == ["guest web1 (%s)" % state]


def test_a_networks_bridge_and_the_guests_on_it(host):
    host.tree.contents["/etc/libvirt/qemu/networks/n.xml"] = (
        "<network><name>n</name><bridge name='virbr0'/><forward dev='eth0'/></network>"
    )
    host.libvirt.define(
        "web1", "1", persistent_xml=domain("<interface type='network'><source network='n'/></interface>")
    )
    assert of_device(host, "virbr0") == [
        "libvirt network n",
        "guest web1 (defined, not running) through libvirt network n",
    ]
    assert of_device(host, "eth0") == ["libvirt network n"]


def test_two_nics_of_one_guest_are_one_user(host):
    nic = "<interface type='bridge'><source bridge='br0'/></interface>"
    host.libvirt.define("web1", "1", live_xml=domain(nic + nic), persistent_xml=domain(nic))
    assert of_device(host, "br0") == ["guest web1 (running)"]


def test_a_program_that_holds_a_tap(host):
    host.kernel.add("tap-a", "tun")
    host.kernel.add("tap-b", "tun")
    host.tree.symlinks["/proc/77/fd/12"] = "/dev/net/tun"
    host.tree.contents["/proc/77/fdinfo/12"] = "pos:\t0\nflags:\t02\niff:\ttap-a\n"
    host.tree.contents["/proc/77/comm"] = "openvpn"
    assert of_device(host, "tap-a") == ["process 77 (openvpn)"]
    assert of_device(host, "tap-b") == []


def test_a_program_that_holds_a_macvtap(host):
    link = host.kernel.add("mv0", "macvtap", link="eth0")
    other = host.kernel.add("mv1", "macvtap", link="eth0")
    host.tree.symlinks["/proc/78/fd/5"] = "/dev/tap%d" % link["ifindex"]
    host.tree.contents["/proc/78/comm"] = "qemu-system-x86"
    assert link["ifindex"] != other["ifindex"]
    assert of_device(host, "mv0") == ["process 78 (qemu-system-x86)"]
    assert of_device(host, "mv1") == []


def test_an_address_on_it(host):
    host.kernel.addresses = [
        {"ifname": "br0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    assert of_device(host, "br0") == ["address 192.0.2.1/24"]


def test_a_route_over_it_where_it_has_no_address(host):
    """With an address, that says as much; and what a router announces to every device that is up says nothing."""
    host.kernel.routes = [
        {"dst": "default", "nexthops": [{"dev": "eth0"}, {"dev": "eth1"}]},
        {"dst": "fe80::/64", "dev": "eth2"},
    ]
    host.kernel.addresses = [
        {"ifname": "eth1", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    host.kernel.routes.append({"dst": "default", "dev": "eth2", "protocol": "ra"})
    assert of_device(host, "eth0") == ["route to default"] and of_device(host, "eth2") == []
    assert of_device(host, "eth1") == ["address 192.0.2.1/24"]


def test_vfs_are_asked_about_together_and_singly(host):
    card = MemoryCard(host)
    card.make(3)
    card.open_by(2, 9, "dpdk-app")
    consumers = Consumers(host, host.ip.links())
    assert consumers.of_vfs(card.pci) == {0: [], 1: [], 2: ["process 9 (dpdk-app)"]}
    assert consumers.of_vf(card.pci, 2) == ["process 9 (dpdk-app)"]
    assert consumers.of_vf(card.pci, 6) == []


def test_the_guest_that_libvirt_names_is_not_named_again_as_a_process(host):
    card = MemoryCard(host)
    card.make(1)
    card.open_by(0, 9)
    hostdev = "<hostdev type='pci'><source><address bus='0x41' slot='0x10' function='0x0'/></source></hostdev>"
    host.libvirt.define("web1", "1", live_xml=domain(hostdev))
    assert Consumers(host, host.ip.links()).of_vf(card.pci, 0) == ["guest web1 (running)"]


def test_a_thousand_guests_and_256_vfs_are_read_once(host):
    card = MemoryCard(host, total=256)
    card.vf_pci = lambda index: "0000:%02x:%02x.%d" % (0x42 + index // 128, index % 128 // 8, index % 8)
    card.make(256)
    for number in range(1000):
        address = "bus='0x42' slot='0x%02x' function='%d'" % (number % 128 // 8, number % 8)
        hostdev = "<hostdev type='pci'><source><address %s/></source></hostdev>" % address
        host.libvirt.define("guest%d" % number, str(number), persistent_xml=domain(hostdev, "guest%d" % number))
    asked = []
    domains = host.libvirt.domains
    host.libvirt.domains = lambda: asked.append(1) or domains()
    found = Consumers(host, host.ip.links()).of_vfs(card.pci)
    assert asked == [1] and len(found) == 256
    assert len(found[0]) == 8 and found[200] == []


def test_unknown_users_say_so():
    assert is_unknown("unknown: who knows") and not is_unknown("guest unknown: x")
