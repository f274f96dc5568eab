# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names of ports and devices a call sets free, and which it takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Free:
    """``ports``: names of those that this call removes, so that what they hold is free; ``devices``: those that it takes out of
    bonds which stay; ``wanted``: names that ports and new bridges are to have as theirs or their interfaces' when it ends."""

    ports: frozenset
    devices: frozenset
    wanted: frozenset


def free_names(desired, state, gone):
    ports = {name for other in gone for name in state.bridges[other].ports}
    devices, wanted = set(), set()
    for wish in desired.bridges:
        row = state.bridges.get(wish.name)
        if not wish.present or row is None:
            continue
        ports |= set(wish.leaving) & set(row.ports)
        ports |= set(unlisted(wish, row, state)) if wish.purge_ports else set()
        for port in wish.staying:
            if port.interfaces is not None and port.name in row.ports:
                devices |= set(state.ports[port.name].interfaces) - set(port.interfaces)
    for wish in desired.bridges:
        wanted |= {wish.name} if wish.present and wish.name not in state.bridges else set()
        for port in wish.staying if wish.present else ():
            wanted |= {port.name, *port.members}
    return Free(frozenset(ports), frozenset(devices), frozenset(wanted))


def unlisted(wish, bridge, state):
    listed = {port.name for port in wish.ports or ()} | {wish.name}
    return [name for name in bridge.ports if name not in listed and not state.ports[name].guests]
