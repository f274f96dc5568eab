# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a NIC's packets go: its ``<source>``, in the words of the module's parameters."""

from __future__ import annotations

from xml.etree import ElementTree

# parameter: attribute of <source>, by type of interface
_ATTRIBUTES = {
    "direct": {"device": "dev", "mode": "mode"},
    "bridge": {"bridge": "bridge"},
    "network": {"network": "network", "portgroup": "portgroup"},
}


def pci_address(element):
    """``dddd:bb:ss.f`` of an ``<address domain= bus= slot= function=>``, or None."""
    if element is None or element.get("bus") is None:
        return None
    numbers = [int(element.get(name, "0"), 0) for name in ("domain", "bus", "slot", "function")]
    return "%04x:%02x:%02x.%x" % tuple(numbers)


def pci_attributes(pci):
    """The attributes of an ``<address>`` for ``dddd:bb:ss.f``."""
    domain, bus, last = pci.split(":")
    slot, function = last.split(".")
    numbers = {"domain": domain, "bus": bus, "slot": slot, "function": function}
    return dict({"type": "pci"}, **{name: "0x" + digits for name, digits in numbers.items()})


def read_source(element):
    """``{pci}``, ``{device, mode}``, ``{bridge}``, ``{network, portgroup}`` or, for type ethernet, ``{device}``; what
    is absent is left out."""
    source = element.find("source")
    kind = element.get("type")
    if kind == "ethernet":
        target = element.find("target")
        return {"device": target.get("dev")} if target is not None and target.get("dev") else {}
    if source is None:
        return {}
    pci = pci_address(source.find("address"))
    if pci:
        return {"pci": pci}
    known = _ATTRIBUTES.get(kind)
    if known is None:
        return dict(source.attrib)
    return {name: source.get(attribute) for name, attribute in known.items() if source.get(attribute)}


def same_source(current, wished):
    """Whether ``current`` has all that ``wished`` names; an empty text stands for what is not there."""
    return all(current.get(name, "") == value for name, value in wished.items())


def _write_pci(source, pci):
    for found in source.findall("address"):
        source.remove(found)
    ElementTree.SubElement(source, "address", pci_attributes(pci))


def write_source(element, value):
    """Set what ``value`` names; an attribute of ``<source>`` that it does not name stays."""
    if element.get("type") == "ethernet":
        target = element.find("target")
        target = ElementTree.SubElement(element, "target") if target is None else target
        target.set("dev", value["device"])
        target.set("managed", "no")  # the device is there already, and libvirt is to leave it alone
        return
    source = element.find("source")
    if source is None:
        source = ElementTree.SubElement(element, "source")
    if "pci" in value:
        _write_pci(source, value["pci"])
        return
    for name, attribute in _ATTRIBUTES[element.get("type")].items():
        if value.get(name):
            source.set(attribute, value[name])
        elif name in value:
            source.attrib.pop(attribute, None)
