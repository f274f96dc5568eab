# SPDX-License-Identifier: GPL-3.0-or-later
"""What a libvirt domain's XML says about its network interfaces and PCI devices. Parsed, never matched as text."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

OUR_ALIAS = "ua-"  # libvirt keeps only user aliases that begin so (docs: formatdomain, "Device aliases")


@dataclass(frozen=True)
class DomainInterface:
    """One ``<interface>``. ``name``: our identity for it, None for one that others made; ``source``: its source's attributes, for hostdev
    ``{"pci": address}``; absent settings are None."""

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
    element: object = field(compare=False, repr=False, default=None)


def parse(text):
    """The root element. Raises ValueError for XML with a document type: libvirt writes none, and entities have no place here."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("domain XML with a document type declaration is refused")
    return ElementTree.fromstring(text)


def pci_address(element):
    """``dddd:bb:ss.f`` of an ``<address domain= bus= slot= function=>``, or None."""
    if element is None or element.get("bus") is None:
        return None
    numbers = [int(element.get(name, "0"), 0) for name in ("domain", "bus", "slot", "function")]
    return "%04x:%02x:%02x.%x" % tuple(numbers)


def _number(element, path, attribute):
    found = element.find(path)
    text = None if found is None else found.get(attribute)
    return int(text) if text is not None and text.isdigit() else None


def _attribute(element, path, attribute):
    found = element.find(path)
    return None if found is None else found.get(attribute)


def _source(element):
    source = element.find("source")
    if source is None:
        return {}
    pci = pci_address(source.find("address"))
    return {"pci": pci} if pci else dict(source.attrib)


def read_interface(element):
    """The :class:`DomainInterface` of an ``<interface>`` element."""
    alias = _attribute(element, "alias", "name")
    mac = _attribute(element, "mac", "address")
    return DomainInterface(
        name=alias[len(OUR_ALIAS):] if alias and alias.startswith(OUR_ALIAS) else None,
        alias=alias,
        mac=mac.lower() if mac else None,
        type=element.get("type"),
        source=_source(element),
        model=_attribute(element, "model", "type"),
        backend=_attribute(element, "driver", "name"),
        target=_attribute(element, "target", "dev"),
        vlan=_number(element, "vlan/tag", "id"),
        mtu=_number(element, "mtu", "size"),
        queues=_number(element, "driver", "queues"),
        element=element,
    )


def interfaces(text):
    """Every :class:`DomainInterface` of a domain's XML, in its order."""
    return [read_interface(element) for element in parse(text).findall("devices/interface")]


def host_pci_devices(text):
    """Addresses of the host's PCI functions that the domain takes, by ``<interface type='hostdev'>`` or plain ``<hostdev>``."""
    devices = parse(text).find("devices")
    if devices is None:
        return set()
    sources = [hostdev.find("source/address") for hostdev in devices.findall("hostdev") if hostdev.get("type") == "pci"]
    sources += [interface.find("source/address") for interface in devices.findall("interface") if interface.get("type") == "hostdev"]
    return {pci_address(source) for source in sources} - {None}
