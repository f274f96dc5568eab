# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and routes back to the devices that had them, and devices down again."""

from __future__ import annotations

from .._model.action import NOW, Action
from .._model.errors import Conflict
from .ovs_move import Move, route_words
from .ovs_step import Step


def devices_of(desired):
    """``{device: bridge that may hold its addresses}``."""
    return {device: wish.name for wish in desired.bridges for port in wish.ports or () for device in port.give_back}


def plan_give_back(wish, port, state, effect):
    """The actions for one listed port, whether it is to be there or not."""
    if effect != NOW:
        return
    for device in port.down:
        link = state.links.get(device)
        if link is not None and link.up:
            step = Step(up=(device, False), disturbed=(device,))
            yield Action("%s/%s/%s" % (wish.name, port.name, device), "up", True, False, "as it was", data=step)
    for device, given in port.give_back.items():
        made = port.present and wish.present  # comes with its port
        if not made and device not in state.links:
            continue
        bridge = wish.name if device != wish.name else None
        if _has(device, bridge, given, state):
            continue
        move = Move(device, bridge, given.addresses, given.routes)
        shown = [words[0] for words in given.addresses]
        yield Action(
            "%s/%s" % (wish.name, device),
            "addresses",
            {name: _cidrs(name, state) for name in filter(None, (device, bridge))},
            {device: shown},
            "as they were",
            data=Step(move=move, back=True, disturbed=(device,)),
        )


def _cidrs(name, state):
    return ["%s/%s" % (info["local"], info["prefixlen"]) for info in state.held.get(name, ())]


def _has(device, bridge, given, state):
    wanted = {words[0] for words in given.addresses}
    if not wanted <= set(_cidrs(device, state)) or bridge and wanted & set(_cidrs(bridge, state)):
        return False
    return set(given.routes) <= set(routes_of(device, state.held_routes))


def routes_of(device, routes):
    """The words of those routes over ``device`` that can be told again."""
    for route in routes:
        if route.get("dev") == device:
            try:
                yield route_words(route, device)
            except Conflict:
                continue
