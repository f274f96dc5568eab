# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_info tells of guests' ports on Open vSwitch."""

from __future__ import annotations

from ansible_collections.kvm.vnic.tests.unit.plugins.modules.host_info_case import run

ID = "6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44"
PORT = (
    "<domain><name>web1</name><uuid>00000000-0000-4000-8000-000000000001</uuid><vcpu>1</vcpu><devices>"
    "<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br-ovs'/>"
    "<virtualport type='openvswitch'><parameters interfaceid='%s'/></virtualport>%s<model type='virtio'/>"
    "<driver name='vhost'/></interface></devices></domain>"
)


def interfaces(lab, live, persistent):
    lab.libvirt.listed = []
    lab.libvirt.define("web1", "00000000-0000-4000-8000-000000000001", live_xml=live, persistent_xml=persistent)
    found = run(lab, "libvirt")["libvirt"]["domains"][0]["interfaces"]
    names = ("interface_id", "vlan", "trunks", "native_vlan", "bandwidth", "live", "persistent")
    return [tuple(one[name] for name in names) for one in found]


def test_a_port_with_its_identity_vlans_and_limits(lab):
    access = PORT % (ID, "<vlan><tag id='5'/></vlan>")
    assert interfaces(lab, access, access) == [(ID, 5, None, None, None, True, True)]
    trunk = PORT % (
        ID,
        "<vlan trunk='yes'><tag id='20'/><tag id='10' nativeMode='untagged'/></vlan>"
        "<bandwidth><outbound average='128'/></bandwidth>",
    )
    limits = {"outbound": {"average": 128}}
    assert interfaces(lab, trunk, trunk) == [(ID, None, [10, 20], 10, limits, True, True)]


def test_a_nic_elsewhere_has_none(lab):
    plain = (PORT % (ID, "")).replace(
        "<virtualport type='openvswitch'><parameters interfaceid='%s'/></virtualport>" % ID, ""
    )
    assert interfaces(lab, None, plain) == [(None, None, None, None, None, False, True)]


def test_a_port_whose_next_start_differs_is_listed_twice(lab):
    before = PORT % (ID, "<vlan><tag id='5'/></vlan>")
    for after in (
        PORT % (ID[:-1] + "5", "<vlan><tag id='5'/></vlan>"),
        PORT % (ID, "<vlan trunk='yes'><tag id='5'/></vlan>"),
        PORT % (ID, "<vlan><tag id='5'/></vlan><bandwidth><inbound average='1'/></bandwidth>"),
    ):
        assert [one[5:] for one in interfaces(lab, before, after)] == [(True, False), (False, True)]
