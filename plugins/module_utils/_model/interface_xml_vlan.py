# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``<vlan>`` of a NIC: one access tag, or a trunk of tags of which one may be the VLAN of untagged packets.

libvirt hands it to Open vSwitch as tag, trunks and vlan_mode (src/util/virnetdevopenvswitch.c,
virNetDevOpenvswitchConstructVlans). A tag of a plain ``<vlan>`` is an access port; ``trunk='yes'`` or a second tag
makes a trunk (src/conf/netdev_vlan_conf.c, virNetDevVlanParse). What no parameter can say reads as text, which no wish
equals.
"""

from __future__ import annotations

from xml.etree import ElementTree


def _number(text):
    return int(text) if text is not None and text.isdigit() else text


def _order(tag):
    return isinstance(tag, str), tag


def _read(element):
    """``(tag elements, whether they are a trunk)``."""
    vlan = element.find("vlan")
    tags = [] if vlan is None else vlan.findall("tag")
    return tags, len(tags) > 1 or (bool(tags) and vlan.get("trunk") == "yes")


def _rewrite(element, tags, native=(), trunk=False):
    """``native``: ``(tag, nativeMode)`` or empty."""
    for found in element.findall("vlan"):
        element.remove(found)
    if tags:
        vlan = ElementTree.SubElement(element, "vlan", {"trunk": "yes"} if trunk else {})
        for tag in tags:
            mode = {"nativeMode": native[1]} if native and native[0] == tag else {}
            ElementTree.SubElement(vlan, "tag", dict({"id": str(tag)}, **mode))


def _native(tags):
    return next(((_number(tag.get("id")), tag.get("nativeMode")) for tag in tags if tag.get("nativeMode")), ())


def read_vlan(element):
    """The tag of an access port, or None."""
    tags, trunk = _read(element)
    if trunk or not tags:
        return None
    mode = tags[0].get("nativeMode")
    return "%s %s" % (tags[0].get("id"), mode) if mode else _number(tags[0].get("id"))


def write_vlan(element, value):
    """The tag takes the place of whatever there is, or nothing does."""
    _rewrite(element, [] if value is None else [value])


def read_trunks(element):
    """The tags of a trunk in ascending order, the native one among them, or None."""
    tags, trunk = _read(element)
    return sorted({_number(tag.get("id")) for tag in tags}, key=_order) if trunk else None


def write_trunks(element, value):
    """The tags take the place of whatever there is, or nothing does; a trunk's native VLAN stays native."""
    tags, trunk = _read(element)
    _rewrite(element, sorted(set(value or ())), _native(tags) if trunk else (), trunk=True)


def read_native(element):
    """The VLAN of a trunk's untagged packets, or None."""
    tags, trunk = _read(element)
    native = _native(tags) if trunk else ()
    if not native:
        return None
    return native[0] if native[1] == "untagged" else "%s %s" % native


def write_native(element, value):
    """The VLAN becomes one of the trunk's; None leaves it in the trunk, tagged."""
    tags = {_number(tag.get("id")) for tag in _read(element)[0]}
    if value is None:
        _rewrite(element, sorted(tags, key=_order), trunk=True)
    else:
        _rewrite(element, sorted(tags | {value}, key=_order), (value, "untagged"), trunk=True)
