# SPDX-License-Identifier: GPL-3.0-or-later
"""A planned NIC as libvirt's ``<interface>``, for those who define the guest. Built as elements, never as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

from ...module_utils._model.domain_xml import OUR_ALIAS
from .profiles import BRIDGE, MACVTAP, SRIOV

TYPES = {SRIOV: "hostdev", MACVTAP: "direct", BRIDGE: "bridge"}  # libvirt, formatdomain, network interfaces
_PCI = re.compile(r"^([0-9a-f]+):([0-9a-f]+):([0-9a-f]+)\.([0-7])$", re.ASCII)


def _pci_address(parent, pci):
    match = _PCI.match(pci)
    ElementTree.SubElement(
        parent, "address", dict(zip(("domain", "bus", "slot", "function"), ("0x" + part for part in match.groups())), type="pci")
    )


def interface_xml(attached):
    """The element as text. None for a VF whose PCI address is known only after it was made."""
    place, network = attached.place, attached.local.network
    if place.attachment == SRIOV and not _PCI.match(place.pci or ""):
        return None
    interface = ElementTree.Element("interface", {"type": TYPES[place.attachment]})
    ElementTree.SubElement(interface, "mac", {"address": attached.mac})
    source = ElementTree.SubElement(interface, "source")
    if place.attachment == SRIOV:
        interface.set("managed", "yes")
        _pci_address(source, place.pci)
        if network.vlan is not None:
            ElementTree.SubElement(ElementTree.SubElement(interface, "vlan"), "tag", {"id": str(network.vlan)})
    elif place.attachment == MACVTAP:
        # Always explicit: libvirt's default is vepa, which needs a switch that sends packets back (formatdomain, direct attachment).
        source.attrib.update({"dev": place.lower, "mode": "bridge"})
    else:
        source.set("bridge", place.bridge)
    if attached.model is not None:
        ElementTree.SubElement(interface, "model", {"type": attached.model})
        if attached.model == "virtio":
            ElementTree.SubElement(interface, "driver", {"name": attached.backend})
    if network.mtu is not None and place.attachment == BRIDGE:
        ElementTree.SubElement(interface, "mtu", {"size": str(network.mtu)})
    ElementTree.SubElement(interface, "alias", {"name": OUR_ALIAS + attached.nic.name})
    ElementTree.indent(interface)
    return ElementTree.tostring(interface, encoding="unicode")
