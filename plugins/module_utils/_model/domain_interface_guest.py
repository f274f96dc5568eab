# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests as wished: each named once, with its NICs. A guest's name is opaque data: libvirt accepts ``$(id)``, ``..``
and worse."""

from __future__ import annotations

from dataclasses import dataclass

from .definition_scope import BOTH, SCOPES, unique_by_scope
from .domain_interface_wish import NicWish, one_of, parse_nic, parse_opaque
from .names import parse_uuid

__all__ = ["GuestWish", "GuestsWish", "NicWish", "parse_guests", "parse_uuid"]


@dataclass(frozen=True)
class GuestWish:
    """``name`` or ``uuid`` may be None, not both. ``nics``: :class:`NicWish`; ``purge``: remove NICs with our alias
    that are not listed; ``scope``: the definition that this is about (definition_scope)."""

    name: object
    uuid: object
    nics: tuple
    purge: bool
    path: str
    scope: str = BOTH


@dataclass(frozen=True)
class GuestsWish:
    """All guests of one call. ``replug``: ``GUEST/NIC`` whose running NIC may be taken out and plugged in again."""

    guests: tuple
    replug: object = frozenset()


def _vf_key(nic):
    if nic.vf is not None:
        return nic.vf
    return nic.settings.get("source", {}).get("pci")


def _stated(source):
    return {key: part for key, part in source.items() if part is not None} if isinstance(source, dict) else source


def _once(value, where, found, why, problems, written=None):
    """Record a value that some NIC before had too; ``found`` remembers across guests. ``written``: by the user, where
    that is not the value."""
    if value is not None and value in found:
        problems.add(value if written is None else written, "is %s's already, and %s" % (found[value], why))
    elif value is not None:
        found[value] = where


def _parse_guest(item, problems, macs, vfs, ids):
    """``macs``, ``vfs``, ``ids``: ``{scope: {value: path}}`` of what was listed before."""
    scope = one_of(item.get("scope") or BOTH, SCOPES, "scope", problems.at("scope")) or BOTH
    macs, vfs, ids = macs[scope], vfs[scope], ids[scope]
    name = problems.at("name").parse(parse_opaque, item.get("name"))
    uuid = problems.at("uuid").parse(parse_uuid, item.get("uuid"))
    if item.get("name") is None and item.get("uuid") is None:
        problems.add(None, "names no guest: give name, uuid or both")
    nics = []
    for index, entry in enumerate(item.get("interfaces") or ()):
        at = problems.at("interfaces").at(index)
        nic = parse_nic(entry, at)
        nics.append(nic)
        if nic.present:
            _once(
                nic.settings.get("mac"), at.path, macs, "two NICs with one MAC address disturb each other", at.at("mac")
            )
            written = _stated(entry.get("source"))
            _once(_vf_key(nic), at.path, vfs, "one virtual function serves one NIC", at.at("source"), written)
            _once(
                nic.settings.get("interface_id"),
                at.path,
                ids,
                "one interface ID names one port of Open vSwitch",
                at.at("source").at("interface_id"),
            )
    problems.at("interfaces").unique([nic.name for nic in nics], "name")
    return GuestWish(name, uuid, tuple(nics), bool(item.get("purge")), problems.path, scope)


def parse_guests(items, problems):
    """A :class:`GuestWish` for each list item, with every problem recorded in ``problems``."""
    macs, vfs, ids = ({scope: {} for scope in SCOPES} for _each in range(3))
    guests = []
    for index, item in enumerate(items):
        guests.append(_parse_guest(item, problems.at(index), macs, vfs, ids))
    unique_by_scope(guests, problems)
    return tuple(guests)
