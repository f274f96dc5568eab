# SPDX-License-Identifier: GPL-3.0-or-later
"""A NIC as it was, in the module's own parameters, and what of it they cannot say. Pure."""

from __future__ import annotations

from .domain_interface_port import OPENVSWITCH
from .domain_interface_wish import NO_BACKEND, TYPES, parse_nic
from .fields import Problems
from .interface_xml import BY_NAME, SETTINGS
from .interface_xml_bandwidth import DIRECTIONS, NONE, RATES
from .names import is_libvirts_own

_VLANS = ("vlan", "trunks", "native_vlan")
_PORT = ("virtualport", "interface_id")
_SOURCE = ("source",) + _PORT
_ALWAYS = ("type", "name") + _SOURCE
_OF_VIRTIO = ("backend", "queues", "rx_queue_size", "tx_queue_size")
_OF_VF = ("mac", "vlan", "boot_order")
# libvirt makes these up for each start; mac: it may be written in capitals
_MADE_UP = ("alias", "mac")


def changed_settings(before, after):
    """Names of the settings that two ``<interface>`` elements show otherwise; a new model also takes the driver's."""
    return {setting.name for setting in SETTINGS if setting.current(before) != setting.current(after)}


def set_settings(element):
    """Names of the settings that ``element`` has at all."""
    return {setting.name for setting in SETTINGS if setting.read(element) is not None}


def _source(element, names):
    found = dict(BY_NAME["source"].current(element))
    if element.get("type") == "network":
        found.setdefault("portgroup", "")
    if element.get("type") == "bridge" and BY_NAME["virtualport"].read(element) == OPENVSWITCH:
        found["virtualport"] = OPENVSWITCH
        if "interface_id" in names and BY_NAME["interface_id"].read(element):
            found["interface_id"] = BY_NAME["interface_id"].read(element)
    return found


def _bandwidth(element):
    limits = BY_NAME["bandwidth"].current(element)
    return {
        direction: {rate: limits[direction].get(rate, 0) for rate in RATES} if direction in limits else NONE
        for direction in DIRECTIONS
    }


def _vlans(element):
    trunks = BY_NAME["trunks"].current(element)
    if trunks:
        return {"trunks": trunks, "native_vlan": BY_NAME["native_vlan"].current(element)}
    return {"vlan": BY_NAME["vlan"].current(element)}


def _said(element, names):
    """The parameters of the settings ``names``, except for who it is and where it goes."""
    found = {}
    for setting in SETTINGS:
        name = setting.name
        if name not in names or name in _ALWAYS or name in _VLANS:
            continue
        if element.get("type") == "hostdev" and name not in _OF_VF:
            continue
        if name in _OF_VIRTIO and BY_NAME["model"].read(element) != "virtio":
            continue
        value = _bandwidth(element) if name == "bandwidth" else setting.current(element)
        found[name] = NO_BACKEND if name == "backend" and value is None else value
    if any(name in names for name in _VLANS):
        found.update(_vlans(element))
    return {name: value for name, value in found.items() if value is not None}


def former(name, element, names):
    """``(parameters, NicWish, names of what they cannot say)`` of a NIC called ``name`` that was like ``element``, of its
    settings ``names``. The first two are None for a NIC that no parameters stand for."""
    item = {"name": name, "type": element.get("type"), "source": _source(element, names), **_said(element, names)}
    if BY_NAME["name"].read(element) is None:  # then it is found by its address
        item.update(named=False, mac=BY_NAME["mac"].read(element))
    if item["type"] not in TYPES:
        return None, None, ["type"]
    unsaid = []
    while True:
        problems = []
        wish = parse_nic(item, Problems("", problems))
        bad = {problem.path.split(".")[0].split("[")[0] for problem in problems}
        if not bad:
            return item, wish, sorted(unsaid)
        if bad & {"source", "type", "name", ""} or not bad & set(item):
            return None, None, sorted(bad)
        unsaid += sorted(bad & set(item))
        item = {key: value for key, value in item.items() if key not in bad}


def _normal(element):
    """What two elements have to share to mean the same: no order, no blanks, no words for what is so anyway."""
    text = (element.text or "").strip()
    return element.tag, tuple(sorted(element.attrib.items())), text, tuple(sorted(_normal(child) for child in element))


def _parts(element):
    silent = {
        "driver": [name for name in ("queues", "rx_queue_size", "tx_queue_size") if _absent(element, name)],
        "link": ["state"] if _absent(element, "link_state") else [],
        "port": ["isolated"] if _absent(element, "port_isolated") else [],
    }
    found = set()
    for child in element:
        if child.tag in _MADE_UP or (child.tag == "target" and is_libvirts_own(child.get("dev", ""))):
            continue
        if child.tag == "driver" and element.get("type") == "hostdev" and child.attrib == {"name": "vfio"}:
            continue
        tag, attributes, text, children = _normal(child)
        attributes = tuple(pair for pair in attributes if pair[0] not in silent.get(tag, ()))
        if attributes or text or children or tag not in silent:
            found.add((tag, attributes, text, children))
    return found


def _absent(element, name):
    return BY_NAME[name].current(element) == BY_NAME[name].absent


def lost(before, back):
    """Tags of what ``before`` has and ``back``, an element made to be like it, has not."""
    if back.get("managed") != before.get("managed") and before.get("type") == "hostdev":
        return sorted({part[0] for part in _parts(before) - _parts(back)} | {"managed"})
    return sorted({part[0] for part in _parts(before) - _parts(back)})
