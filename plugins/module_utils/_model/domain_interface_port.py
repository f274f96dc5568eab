# SPDX-License-Identifier: GPL-3.0-or-later
"""What a NIC wishes of its port on a switch: who it is there, its VLANs, its limits."""

from __future__ import annotations

from .fields import VLAN_RANGE
from .interface_xml_bandwidth import DIRECTIONS, NONE, RATES

OPENVSWITCH = "openvswitch"
# Open vSwitch keeps ingress_policing_rate in 32 bits of kilobits (lib/netdev.h, netdev_set_policing)
MAX_RATE = 2**32 // 8 - 1


def split_source(source):
    """``(source, {virtualport, interface_id})`` of the parameter ``source``, the second as settings in
    interface_xml."""
    port = {}
    if source.get("interface_id") is not None:
        port["interface_id"] = source["interface_id"]
    if source.get("virtualport") is not None or port:
        port["virtualport"] = source.get("virtualport") or OPENVSWITCH
    return {key: value for key, value in source.items() if key not in ("virtualport", "interface_id")}, port


def clearable(value, lowest, highest, what, problems):
    """Like ``Problems.whole``, with 0 for none."""
    if value == 0 and not isinstance(value, bool):
        return 0
    return problems.whole(value, lowest, highest, what + " (or 0 for none)")


def _parse_trunks(value, problems):
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        problems.add(value, "is no list of VLAN IDs ([] for no trunk)")
        return None
    found = [
        problems.at(index).whole("" if tag is None else tag, VLAN_RANGE[0], VLAN_RANGE[1], "VLAN ID")
        for index, tag in enumerate(value)
    ]
    problems.unique(found, "VLAN ID")
    return sorted({tag for tag in found if tag is not None})


def parse_vlans(item, problems):
    """``{vlan, trunks, native_vlan}`` of what is stated and of what that leaves no room for.

    An access tag and a trunk are one element of libvirt's, so that a wish of one clears the other; the native VLAN is
    a trunk's, and counts among its tags.
    """
    at = problems.at
    vlan = clearable(item.get("vlan"), VLAN_RANGE[0], VLAN_RANGE[1], "VLAN ID", at("vlan"))
    trunks = _parse_trunks(item.get("trunks"), at("trunks"))
    native = clearable(item.get("native_vlan"), VLAN_RANGE[0], VLAN_RANGE[1], "VLAN ID", at("native_vlan"))
    if native is not None and item.get("trunks") is None:
        at("native_vlan").add(native, "goes with trunks only: state trunks too, or the access tag vlan instead")
    elif native and trunks == []:
        at("native_vlan").add(native, "goes with a trunk only: trunks is empty")
    if vlan and trunks:
        at("vlan").add(
            vlan, "is the tag of an access port and does not go with trunks: use native_vlan for untagged packets"
        )
    found = {"vlan": vlan, "trunks": trunks}
    if trunks:
        found.update(vlan=0, trunks=sorted(set(trunks) | ({native} if native else set())), native_vlan=native or 0)
    elif vlan is not None:
        found["trunks"] = []
    return found


def _parse_direction(value, problems):
    if value == NONE:
        return NONE
    if not isinstance(value, dict):
        problems.add(value, "is no limit: give average, and peak and burst if wanted, or none")
        return None
    found = {}
    for key in sorted(value, key=str):
        if key not in RATES:
            problems.at(str(key)).add(value[key], "is no rate: allowed are %s" % ", ".join(RATES))
    for rate in RATES:
        lowest = 1 if rate == "average" else 0
        unit = "KiB" if rate == "burst" else "kilobytes a second"
        number = problems.at(rate).whole(value.get(rate), lowest, MAX_RATE, "number of %s" % unit)
        if number is not None:
            found[rate] = number
    if value.get("average") is None:
        problems.at("average").add(None, "is missing: a limit needs it, and none takes the limit away")
    if 0 < found.get("peak", 0) < found.get("average", 0):
        problems.at("peak").add(found["peak"], "is less than average")
    return found


def parse_bandwidth(value, problems):
    """``{direction: {rate: number} or "none"}`` of what is not left alone, or None."""
    if value is None:
        return None
    if not isinstance(value, dict):
        problems.add(value, "is no dictionary: it takes %s" % ", ".join(DIRECTIONS))
        return None
    for key in sorted(value, key=str):
        if key not in DIRECTIONS:
            problems.at(str(key)).add(value[key], "is no direction: allowed are %s" % ", ".join(DIRECTIONS))
    found = {
        direction: _parse_direction(value[direction], problems.at(direction))
        for direction in DIRECTIONS
        if value.get(direction) is not None
    }
    return {direction: rates for direction, rates in found.items() if rates is not None} or None
