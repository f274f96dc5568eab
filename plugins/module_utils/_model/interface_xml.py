# SPDX-License-Identifier: GPL-3.0-or-later
"""One ``<interface>`` of a libvirt domain: each of its settings read, written, and nothing else touched."""

from __future__ import annotations

import operator
from copy import deepcopy
from dataclasses import dataclass
from xml.etree import ElementTree

from .interface_xml_bandwidth import read_bandwidth, same_bandwidth, write_bandwidth
from .interface_xml_source import read_source, same_source, write_source
from .interface_xml_vlan import read_native, read_trunks, read_vlan, write_native, write_trunks, write_vlan

OUR_ALIAS = "ua-"  # libvirt keeps only user aliases that begin so (docs: formatdomain, "Device aliases")

# What says who a NIC is and where it sits; everything else belongs to its type.
_SURVIVES_TYPE = ("mac", "boot", "alias", "address", "teaming")


@dataclass(frozen=True)
class Setting:
    """``read(element)`` gives the value or None; ``write(element, value)`` sets it, or takes it away with None.

    ``absent``: what None means; a wish of it takes the setting away. ``same(current, wished)``: whether the wish is
    met.
    """

    name: str
    read: object
    write: object
    absent: object = None
    same: object = operator.eq

    def current(self, element):
        value = self.read(element)
        return self.absent if value is None else value

    def put(self, element, value):
        """Make it so; an element that shows it already stays as it is."""
        if not self.same(self.current(element), value):
            self.write(element, None if value == self.absent else value)


def _child(element, name):
    found = element.find(name)
    return ElementTree.SubElement(element, name) if found is None else found


def _remove(element, name):
    for found in element.findall(name):
        element.remove(found)


def _number(text):
    return int(text) if text is not None and text.isdigit() else text


def _attribute(name, tag, attribute, absent=None, number=False):
    """A setting kept in one attribute of a child; the child goes with its last attribute."""

    def read(element):
        found = element.find(tag)
        text = None if found is None else found.get(attribute)
        return _number(text) if number else text

    def write(element, value):
        child = _child(element, tag)
        child.attrib.pop(attribute, None)
        if value is not None:
            child.set(attribute, str(value))
        elif not child.attrib and not len(child):
            element.remove(child)

    return Setting(name, read, write, absent)


def _read_mac(element):
    mac = element.find("mac")
    text = None if mac is None else mac.get("address")
    return text.lower() if text else None


def _write_mac(element, value):
    _child(element, "mac").set("address", value)


def _read_model(element):
    model = element.find("model")
    return None if model is None else model.get("type")


def _write_model(element, value):
    _remove(element, "model")
    ElementTree.SubElement(element, "model", type=value)
    if value != "virtio":  # these have no queues and no backend, and libvirt drops the element
        _remove(element, "driver")


_VIRTUALPORT = _attribute("", "virtualport", "type")


def _write_virtualport(element, value):
    _remove(element, "virtualport")
    if value is not None:
        ElementTree.SubElement(element, "virtualport", type=value)


def _read_interface_id(element):
    parameters = element.find("virtualport/parameters")
    text = None if parameters is None else parameters.get("interfaceid")
    return text.lower() if text else None


def _write_interface_id(element, value):
    _child(_child(element, "virtualport"), "parameters").set("interfaceid", value)


def _switch(name, read_text, write_text):
    def read(element):
        text = read_text(element)
        return None if text is None else text == "yes"

    return Setting(name, read, lambda element, value: write_text(element, "yes" if value else None), absent=False)


def _write_trust(element, text):
    element.attrib.pop("trustGuestRxFilters", None)
    if text:
        element.set("trustGuestRxFilters", text)


def _read_alias(element):
    alias = element.find("alias")
    text = None if alias is None else alias.get("name")
    return text[len(OUR_ALIAS) :] if text and text.startswith(OUR_ALIAS) else None


def _write_alias(element, value):
    if value is None:
        _remove(element, "alias")
    else:
        _child(element, "alias").set("name", OUR_ALIAS + value)


def _write_type(element, value):
    if element.get("type") is not None:
        for child in list(element):
            if child.tag not in _SURVIVES_TYPE:
                element.remove(child)
        element.attrib.clear()
    element.set("type", value)
    if value == "hostdev":  # libvirt takes the VF from its driver and gives it back
        element.set("managed", "yes")


_ISOLATED = _attribute("", "port", "isolated")

# In the order in which they are written: the type decides what the rest may be, the model whether there is a driver.
SETTINGS = (
    Setting("type", lambda element: element.get("type"), _write_type),
    Setting("name", _read_alias, _write_alias),
    Setting("mac", _read_mac, _write_mac),
    Setting("source", read_source, write_source, same=same_source),
    Setting("virtualport", _VIRTUALPORT.read, _write_virtualport, absent=""),
    Setting("interface_id", _read_interface_id, _write_interface_id),
    Setting("model", _read_model, _write_model),
    _attribute("backend", "driver", "name"),
    _attribute("queues", "driver", "queues", absent=1, number=True),
    _attribute("rx_queue_size", "driver", "rx_queue_size", absent=0, number=True),
    _attribute("tx_queue_size", "driver", "tx_queue_size", absent=0, number=True),
    Setting("vlan", read_vlan, write_vlan, absent=0),
    Setting("trunks", read_trunks, write_trunks, absent=[]),
    Setting("native_vlan", read_native, write_native, absent=0),
    Setting("bandwidth", read_bandwidth, write_bandwidth, absent={}, same=same_bandwidth),
    _attribute("mtu", "mtu", "size", absent=0, number=True),
    _attribute("boot_order", "boot", "order", absent=0, number=True),
    _attribute("link_state", "link", "state", absent="up"),
    _switch("trust_guest_rx_filters", lambda element: element.get("trustGuestRxFilters"), _write_trust),
    _switch("port_isolated", _ISOLATED.read, _ISOLATED.write),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}


def completed(wished, element=None):
    """``wished`` with what libvirt would otherwise choose by itself: the model, and for virtio the backend.

    ``element``: the NIC as it is, None for one to be made. What it has already is not touched, except where the wish
    takes its ground away.
    """
    wished = dict(wished)
    anew = element is None or ("type" in wished and wished["type"] != element.get("type"))
    if wished.get("type") == "hostdev":
        return wished
    if anew:
        wished.setdefault("model", "virtio")
    before = None if anew else _read_model(element)
    if before not in (None, "virtio") and "model" not in wished:
        wished.pop("backend", None)  # there QEMU's is the only one, and libvirt keeps no name for it
    if wished.get("model") == "virtio" and before != "virtio":
        # without a name libvirt quietly takes QEMU's slow path where it cannot open vhost (docs: formatdomain,
        # "Setting NIC driver-specific options")
        wished.setdefault("backend", "vhost")
    return wished


def differences(element, wished):
    """``[(name, before, after)]`` of what ``element`` shows otherwise than ``wished`` (``{setting: value}``,
    complete)."""
    return [
        (setting.name, setting.current(element), wished[setting.name])
        for setting in SETTINGS
        if setting.name in wished and not setting.same(setting.current(element), wished[setting.name])
    ]


def edited(element, wished):
    """A copy of ``element`` that shows ``wished``; what is not spoken of stays, in its place."""
    element = deepcopy(element)
    element.tail = None
    for setting in SETTINGS:
        if setting.name in wished:
            setting.put(element, wished[setting.name])
    return element


def lost_with_type(element):
    """Tags of what others put into ``element`` and what another type of interface cannot keep, such as
    ``filterref``."""
    ours = ("source", "target", "model", "driver", "vlan", "mtu", "link", "port", "virtualport")
    return sorted({child.tag for child in element if child.tag not in _SURVIVES_TYPE + ours})


def rendered(wished):
    """A new ``<interface>`` that shows ``wished``."""
    return edited(ElementTree.Element("interface"), wished)


def text_of(element):
    """``element`` as XML text."""
    # ElementTree leaves carriage returns in text bare, and every parser reads those as line feeds (XML 1.0, 2.11)
    return ElementTree.tostring(element, encoding="unicode").replace("\r", "&#13;")
