# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``<bandwidth>`` of a NIC: what it may receive (``inbound``) and send (``outbound``), as the guest sees it.

``average`` and ``peak`` are kilobytes (1000 bytes) a second, ``burst`` is kibibytes (src/util/virnetdevopenvswitch.c,
the comment at virNetDevOpenvswitchInterfaceSetTxQos).
"""

from __future__ import annotations

from xml.etree import ElementTree

DIRECTIONS = ("inbound", "outbound")
RATES = ("average", "peak", "burst")
NONE = "none"


def read_bandwidth(element):
    """``{direction: {rate: number}}`` of what is limited, or None."""
    found = {}
    for direction in DIRECTIONS:
        limit = element.find("bandwidth/" + direction)
        if limit is not None:
            texts = [(rate, limit.get(rate, "0")) for rate in RATES]
            numbers = [(rate, int(text) if text.isdigit() else text) for rate, text in texts]
            found[direction] = {rate: number for rate, number in numbers if number != 0}
    return found or None


def same_bandwidth(current, wished):
    """Whether ``current`` has each rate that ``wished`` names; 0 stands for a rate that is not there, ``none`` for a
    direction without a limit."""
    for direction, rates in wished.items():
        limit = current.get(direction)
        if rates == NONE or limit is None:
            if rates != NONE or limit is not None:
                return False
        elif any(limit.get(rate, 0) != number for rate, number in rates.items()):
            return False
    return True


def _write_direction(bandwidth, direction, rates):
    limit = bandwidth.find(direction)
    if rates == NONE:
        if limit is not None:
            bandwidth.remove(limit)
        return
    if limit is None:
        limit = ElementTree.SubElement(bandwidth, direction)
    for rate, number in rates.items():
        if number:
            limit.set(rate, str(number))
        else:
            limit.attrib.pop(rate, None)


def write_bandwidth(element, value):
    """Set what ``value`` names; another direction and other attributes stay."""
    bandwidth = element.find("bandwidth")
    if bandwidth is None:
        bandwidth = ElementTree.SubElement(element, "bandwidth")
    for direction, rates in (value or {}).items():
        _write_direction(bandwidth, direction, rates)
    if not len(bandwidth) and not bandwidth.attrib:
        element.remove(bandwidth)
