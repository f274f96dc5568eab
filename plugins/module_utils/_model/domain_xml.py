# SPDX-License-Identifier: GPL-3.0-or-later
"""What a libvirt domain's XML says about its network interfaces and PCI devices. Parsed, never matched as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

from .interface_xml import BY_NAME, OUR_ALIAS
from .interface_xml_source import pci_address

__all__ = ["DomainInterface", "OUR_ALIAS", "host_pci_devices", "interfaces", "parse", "pci_address", "read_interface"]


@dataclass(frozen=True)
class DomainInterface:
    """One ``<interface>``. ``name``: our identity for it, None for one that others made; ``source``: in the words of
    the module's parameters (``device``, ``mode``, ``bridge``, ``network``, ``portgroup``), for hostdev ``{"pci":
    address}``; ``interface_id``: what Open vSwitch knows
    its port by; ``trunks``: list of tags, the native one among them; ``address``: the slot that the guest sees; absent
    settings are None."""

    name: object
    alias: object
    mac: object
    type: str
    source: dict
    model: object
    backend: object
    target: object
    vlan: object
    mtu: object
    queues: object
    interface_id: object = None
    trunks: object = None
    native_vlan: object = None
    bandwidth: object = None
    address: object = None
    element: object = field(compare=False, repr=False, default=None)


def parse(text):
    """The root element. Raises ValueError for XML with a document type: libvirt writes none, and entities have no
    place here."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("domain XML with a document type declaration is refused")
    return ElementTree.fromstring(text)


def _attribute(element, path, attribute):
    found = element.find(path)
    return None if found is None else found.get(attribute)


def read_interface(element):
    """The :class:`DomainInterface` of an ``<interface>`` element."""
    known = "name mac type source model backend vlan mtu queues interface_id trunks native_vlan bandwidth".split()
    return DomainInterface(
        alias=_attribute(element, "alias", "name"),
        target=_attribute(element, "target", "dev"),
        address=pci_address(element.find("address")),
        element=element,
        **{name: BY_NAME[name].read(element) for name in known},
    )


def interfaces(text):
    """Every :class:`DomainInterface` of a domain's XML, in its order."""
    return [read_interface(element) for element in parse(text).findall("devices/interface")]


def host_pci_devices(text):
    """Addresses of the host's PCI functions that the domain takes, by ``<interface type='hostdev'>`` or plain
    ``<hostdev>``."""
    return host_pci_devices_of(parse(text))


def host_pci_devices_of(root):
    """Like :func:`host_pci_devices`, for XML that is parsed already."""
    hostdevs = [hostdev for hostdev in root.findall("devices/hostdev") if hostdev.get("type") == "pci"]
    hostdevs += [interface for interface in root.findall("devices/interface") if interface.get("type") == "hostdev"]
    return {pci_address(hostdev.find("source/address")) for hostdev in hostdevs} - {None}
