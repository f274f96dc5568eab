# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest's port on Open vSwitch has a user, and so has the bridge, also while libvirt is stopped."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._resource.consumers import Consumers
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost

PORT = (
    "<domain><name>web1</name><uuid>1</uuid><devices><interface type='bridge'><source bridge='br-ovs'/>"
    "<virtualport type='openvswitch'><parameters interfaceid='6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44'/></virtualport>"
    "<target dev='vnet3'/></interface></devices></domain>"
)
THROUGH_NETWORK = (
    "<domain><name>web1</name><uuid>1</uuid><devices><interface type='network'><source network='tenant'/>"
    "<target dev='vnet3'/></interface></devices></domain>"
)
NETWORK = (
    "<network><name>tenant</name><forward mode='bridge'/><bridge name='br-ovs'/><virtualport type='openvswitch'/>"
    "</network>"
)


@pytest.fixture
def host():
    host = MemoryHost()
    host.kernel.add("br-ovs", "openvswitch")
    host.kernel.add("ovs-system", "openvswitch")
    host.kernel.add("vnet3", "tun", {"type": "tap"}, master="ovs-system")
    return host


@pytest.mark.parametrize("name", ["br-ovs", "vnet3"])
@pytest.mark.parametrize("answers", [True, False])
def test_a_running_guest(host, name, answers):
    if answers:
        host.libvirt.define("web1", "1", live_xml=PORT)
    else:
        host.libvirt.running = False
        host.tree.contents["/run/libvirt/qemu/web1.xml"] = "<domstatus state='running'>%s</domstatus>" % PORT
    assert Consumers(host, host.ip.links()).of_device(name) == ["guest web1 (running)"]


@pytest.mark.parametrize("answers", [True, False])
def test_a_guest_that_is_shut_off(host, answers):
    if answers:
        host.libvirt.define("web1", "1", persistent_xml=PORT)
    else:
        host.libvirt.running = False
        host.tree.contents["/etc/libvirt/qemu/web1.xml"] = PORT
    assert Consumers(host, host.ip.links()).of_device("br-ovs") == ["guest web1 (defined, not running)"]


def test_a_guest_through_a_network(host):
    host.tree.contents["/etc/libvirt/qemu/networks/tenant.xml"] = NETWORK
    host.libvirt.define("web1", "1", live_xml=THROUGH_NETWORK)
    found = Consumers(host, host.ip.links()).of_device("br-ovs")
    assert "guest web1 (running) through libvirt network tenant" in found and "libvirt network tenant" in found
