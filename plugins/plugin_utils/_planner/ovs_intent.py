# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wants of Open vSwitch: of a network's bridge, and of a NIC's port on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OvsSwitch:
    """``trunks``: VLANs that the guests see tagged, empty for none; ``mirror_to``: the port that gets a copy of every
    packet, ``datapath_type``, ``fail_mode`` and ``hw_offload``: None to leave them alone.
    """

    bridge: str
    trunks: tuple
    anti_spoofing: bool
    isolated: bool
    mirror_to: object
    datapath_type: object
    fail_mode: object
    hw_offload: object = None

    @property
    def guarded(self):
        """Whether a port of this network must never be open without its flows."""
        return self.anti_spoofing or self.isolated


@dataclass(frozen=True)
class PortWish:
    """``addresses``: what the guest may send from, as text, empty for any; ``trunks``: instead of the network's, empty
    for none of its own; ``to_guest`` and ``from_guest``: Mbit/s, 0 for no limit, None to leave it alone.
    """

    addresses: tuple = ()
    trunks: tuple = ()
    to_guest: object = None
    from_guest: object = None


NO_WISH = PortWish()


def _numbers(values):
    return tuple(sorted(set(values or ())))


def ovs_switch(switch):
    """The :class:`OvsSwitch` of a network's switch as the schema read it, or None."""
    if switch.get("ovs") is None:
        return None
    return OvsSwitch(
        bridge=switch["ovs"],
        trunks=_numbers(switch["trunks"]),
        anti_spoofing=switch["anti_spoofing"],
        isolated=switch["isolated"],
        mirror_to=switch["mirror_to"],
        datapath_type=switch["datapath_type"],
        fail_mode=switch["fail_mode"],
        hw_offload=switch["hw_offload"],
    )


def port_wish(nic):
    """The :class:`PortWish` of an interface as the schema read it."""
    limit = nic["rate_limit"] or {}
    if not (nic["addresses"] or nic["trunks"] or limit):
        return NO_WISH
    return PortWish(
        addresses=tuple(sorted(set(nic["addresses"]), key=lambda address: (":" in address, address))),
        trunks=_numbers(nic["trunks"]),
        to_guest=limit.get("to_guest_mbit"),
        from_guest=limit.get("from_guest_mbit"),
    )


def trunks_of(network, nic):
    """The VLANs that a NIC on an Open vSwitch network sees tagged; empty for an access port."""
    return nic.port.trunks or network.ovs.trunks
