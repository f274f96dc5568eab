# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch's bridges and ports as ``kvm.vnic.host_info`` saw them."""

from __future__ import annotations

from dataclasses import dataclass

from ...module_utils._model.reading import listed, mapping, text


@dataclass(frozen=True)
class OvsPort:
    """``internal``: a device that the switch itself makes; ``guest``: libvirt's, of a guest."""

    internal: bool
    guest: bool


def _port(raw):
    interfaces = [mapping(interface) for interface in mapping(mapping(raw).get("interfaces")).values()]
    return OvsPort(
        internal=any(interface.get("type") == "internal" for interface in interfaces),
        guest=any(
            text(interface.get("attached_mac")) or text(interface.get("interface_id")) for interface in interfaces
        ),
    )


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
    return {
        bridge: [name for name in listed(mapping(entry).get("mirrors")) if isinstance(name, str)]
        for bridge, entry in mapping(mapping(raw).get("bridges")).items()
        if isinstance(bridge, str)
    }


def holder(bridges, port):
    """The bridge that has ``port``, or None."""
    return next((bridge for bridge in sorted(bridges) if port in bridges[bridge]), None)
