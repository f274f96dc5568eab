# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch's bridges and ports as ``kvm.vnic.host_info`` saw them."""

from __future__ import annotations

from dataclasses import dataclass

from ...module_utils._model.reading import listed, mapping, text


@dataclass(frozen=True)
class OvsPort:
    """``interfaces``: names of what it consists of, of a bond more than one; ``internal``: a device that the switch
    itself makes; ``guest``: libvirt's, of a guest; ``output``: a mirror's, which carries nothing else.
    """

    interfaces: tuple
    internal: bool
    guest: bool
    output: bool

    @property
    def leads_on(self):
        """Whether packets leave the bridge by it, or may: to a card, a bond, another bridge, a tunnel."""
        return not (self.internal or self.guest or self.output)


def _port(raw):
    named = mapping(mapping(raw).get("interfaces"))
    interfaces = [mapping(interface) for interface in named.values()]
    return OvsPort(
        interfaces=tuple(name for name in named if isinstance(name, str)),
        internal=any(interface.get("type") == "internal" for interface in interfaces),
        guest=any(
            text(interface.get("attached_mac")) or text(interface.get("interface_id")) for interface in interfaces
        ),
        output=bool(listed(mapping(raw).get("output_of"))),
    )


def read_problem(raw):
    """Why Open vSwitch does not tell its bridges, or None."""
    raw = mapping(raw)
    return None if isinstance(raw.get("bridges"), dict) else (text(raw.get("problem")) or "it could not be asked")


def read_ovs(raw):
    """``{bridge: {port: OvsPort}}``; empty also where the bridges could not be read."""
    return {
        bridge: {
            port: _port(found) for port, found in mapping(mapping(entry).get("ports")).items() if isinstance(port, str)
        }
        for bridge, entry in mapping(mapping(raw).get("bridges")).items()
        if isinstance(bridge, str)
    }


def read_mirrors(raw):
    """``{bridge: [names of its mirrors]}``."""
    return _read_texts(raw, "mirrors")


def read_in_band(raw):
    """``{bridge: [controllers and managers for which packets pass ahead of its flows]}``."""
    return _read_texts(raw, "in_band")


def _read_texts(raw, key):
    return {
        bridge: [found for found in listed(mapping(entry).get(key)) if isinstance(found, str)]
        for bridge, entry in mapping(mapping(raw).get("bridges")).items()
        if isinstance(bridge, str)
    }


def holder(bridges, device):
    """``(bridge, port)`` of the port that has the device, alone or with others, or None."""
    for bridge in sorted(bridges):
        for port, found in sorted(bridges[bridge].items()):
            if device == port or device in found.interfaces:
                return bridge, port
    return None
