# SPDX-License-Identifier: GPL-3.0-or-later
"""XML of guests for tests."""

from __future__ import annotations

from xml.sax.saxutils import escape


def guest_xml(
    name="web1", uuid="00000000-0000-4000-8000-000000000001", interfaces="", ports=6, vcpus=2, extra="", os=""
):
    """A q35 guest with ``ports`` empty PCI Express root ports; ``interfaces``, ``extra``, ``os``: more XML for
    devices, domain and os."""
    controllers = "".join(
        "<controller type='pci' index='%d' model='pcie-root-port'/>" % index for index in range(1, ports + 1)
    )
    return (
        "<domain type='kvm'><name>%s</name><uuid>%s</uuid><vcpu placement='static'>%d</vcpu>"
        "<os><type arch='x86_64' machine='pc-q35-10.0'>hvm</type>%s</os>%s<devices>"
        "<controller type='pci' index='0' model='pcie-root'/>%s"
        "<disk type='file' device='disk'><source file='/srv/a&amp;b.qcow2'/><target dev='vda' bus='virtio'/>"
        "<address type='pci' domain='0x0000' bus='0x00' slot='0x04' function='0x0'/></disk>"
        "%s</devices></domain>"
    ) % (escape(name), uuid, vcpus, os, extra, controllers, interfaces)


def nic_xml(
    mac,
    bus=1,
    kind="bridge",
    source="<source bridge='br0'/>",
    alias=None,
    model="virtio",
    more="<driver name='vhost'/>",
):
    """One interface at slot 0 of a PCI bus."""
    return (
        "<interface type='%s'%s><mac address='%s'/>%s%s%s%s"
        "<address type='pci' domain='0x0000' bus='0x%02x' slot='0x00' function='0x0'/></interface>"
    ) % (
        kind,
        " managed='yes'" if kind == "hostdev" else "",
        mac,
        source,
        "<model type='%s'/>" % model if model else "",
        more,
        "<alias name='%s'/>" % alias if alias else "",
        bus,
    )
