# SPDX-License-Identifier: GPL-3.0-or-later
"""How a network points at a card: by name, PCI address, MAC address or driver."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ...module_utils._model.addresses import is_pci, parse_mac, parse_pci
from ...module_utils._model.names import parse_interface_name

DRIVER = "driver:"
_LOOKS_LIKE_MAC = re.compile(r"[0-9A-Za-z]{1,2}([:-][0-9A-Za-z]{1,2}){5}", re.ASCII)
_GLOB = re.compile(r"[A-Za-z0-9_*?\[\]!-]{1,64}", re.ASCII)
# Devices that stand on an uplink or hold it, but are none. A bond, a team or a VLAN that others made can be one.
NO_UPLINKS = ("bridge", "openvswitch", "macvtap", "macvlan", "ipvlan", "ipvtap", "tun", "ifb")


@dataclass(frozen=True, order=True)
class Selector:
    """``kind``: ``name``, ``pci``, ``mac`` or ``driver``; ``value``: canonical."""

    kind: str
    value: str

    def __str__(self):
        return DRIVER + self.value if self.kind == "driver" else self.value


def parse_selector(text):
    """The :class:`Selector` that ``text`` writes. Raises ValueError saying what is allowed."""
    if text.startswith(DRIVER):
        glob = text[len(DRIVER) :]
        if not _GLOB.fullmatch(glob):
            raise ValueError('names no driver: expected for example "driver:igb" or "driver:ixgbe*"')
        return Selector("driver", glob)
    if is_pci(text):
        return Selector("pci", parse_pci(text))
    if _LOOKS_LIKE_MAC.fullmatch(text):
        return Selector("mac", parse_mac(text))
    try:
        return Selector("name", parse_interface_name(text))
    except ValueError as error:
        raise ValueError(
            "points at no card: give its device's name, its PCI address, its MAC address or driver:GLOB (%s)" % error
        ) from None


def _matches(selector, device):
    if selector.kind == "name":
        return device.name == selector.value or selector.value in device.altnames
    if selector.kind == "pci":
        return device.pci == selector.value
    # A bond or a bridge borrows the MAC of its port, so only hardware is meant.
    if selector.kind == "mac":
        return device.pci is not None and device.mac == selector.value
    return (
        device.pci is not None
        and device.physical_function is None
        and bool(device.driver)
        and fnmatchcase(device.driver, selector.value)
    )


def _shown(devices):
    return ", ".join(
        "%s (%s)" % (device.name, ", ".join(filter(None, (device.pci, device.driver, device.mac))))
        for device in devices
    )


def resolve(selector, facts):
    """The devices of ``facts`` that ``selector`` means, in order of PCI address: one, but for a driver. Raises
    ValueError otherwise.

    Never the first of several matches.
    """
    if facts.nics is None:
        raise ValueError("cannot be looked up: the host's network devices could not be read")
    found = [device for device in facts.nics.values() if _matches(selector, device)]
    found.sort(key=lambda device: (device.pci or "~", device.name))
    if not found:
        cards = [
            device for device in facts.nics.values() if device.pci is not None and device.physical_function is None
        ]
        raise ValueError("matches no device of this host, which has %s" % (_shown(cards) or "no network card"))
    if len(found) > 1 and selector.kind != "driver":
        raise ValueError("matches more than one device of this host: %s; name the one that is meant" % _shown(found))
    for device in found:
        if device.physical_function is not None:
            raise ValueError(
                "is a virtual function of %s on this host: name the physical function" % device.physical_function
            )
        if device.kind in NO_UPLINKS:
            hint = "write switch: {bridge: %s}" % device.name if device.kind == "bridge" else "name the card below it"
            raise ValueError("is a %s on this host, no uplink: %s" % (device.kind, hint))
    return found
