# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the host that are to carry macvtaps: brought up and given an MTU, and nothing else of theirs is
touched.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._model.action import Action
from .._model.errors import Conflict, Danger, Problem
from .._model.fields import MTU_RANGE
from .._model.names import parse_interface_name

LOWER_DEVICES = "lower_devices"
# their rx_handler takes every frame before a macvtap could (net/core/dev.c, netdev_rx_handler_register)
_BONDS = ("bond", "team")
_MASTERS = {"bridge": "bridge", "bond": "bond", "team": "team", "openvswitch": "Open vSwitch"}


@dataclass(frozen=True)
class LowerDevice:
    """``up`` and ``mtu``: None leaves it alone. ``path``: where the user wrote it."""

    name: str
    up: object = None
    mtu: object = None
    path: str = ""


def parse_lower_devices(items, problems):
    """A tuple of LowerDevice; what is wrong is recorded in ``problems``."""
    problems.unique([item["name"] for item in items], "device")
    return tuple(
        LowerDevice(
            problems.at(index).at("name").parse(parse_interface_name, item["name"]),
            item.get("up"),
            problems.at(index).at("mtu").whole(item.get("mtu"), MTU_RANGE[0], MTU_RANGE[1], "MTU"),
            problems.at(index).path,
        )
        for index, item in enumerate(items)
    )


def absent(devices, state):
    """A Problem for each device that the host lacks: we don't make those."""
    return [
        Problem(
            "%s.name" % device.path,
            device.name,
            "does not exist on this host: it must be there before it can carry macvtaps",
        )
        for device in devices
        if device.name not in state
    ]


def refuse_port(link, state):
    """Raise Conflict when ``link`` belongs to a bridge, bond or the like, naming that."""
    master = state.get(link.master) if link.master else None
    if master is None or master.kind not in _MASTERS:
        return
    if master.kind in _BONDS:
        hint = "let macvtaps stand on %s itself" % master.name
    else:
        hint = "an uplink has one kind of switch: attach the guests to %s, or take %s out of it" % (
            master.name,
            link.name,
        )
    raise Conflict(
        "%s cannot carry macvtaps, because it is a port of the %s %s: %s"
        % (link.name, _MASTERS[master.kind], master.name, hint)
    )


def plan_lower_devices(devices, state):
    """The actions that make ``devices`` ready, MTU first: some drivers take it at the next opening only."""
    actions = []
    for device in devices:
        link = state.get(device.name)
        master = state.get(link.master) if link is not None and link.master else None
        # A switch's uplink is to be up and wide enough too, whoever its switch is; a bond's ports are the bond's.
        if master is not None and master.kind in _BONDS:
            refuse_port(link, state)
        for name, after in (("mtu", device.mtu), ("up", device.up)):
            before = getattr(link, name) if link is not None else None
            if after is not None and before != after:
                actions.append(Action(device.name, name, before, after, "carries macvtaps"))
    return actions


def lower_dangers(devices, state, actions, consumers):
    """A Danger for each change of a device in use: drivers reset the port for another MTU, and what stands on it
    shrinks with it.
    """
    names = {device.name for device in devices if device.name in state}
    for action in actions:
        if action.target not in names or not state.get(action.target).up:
            continue
        if action.field == "mtu":
            consent, what = "mtu", "setting the MTU of %s to %d" % (action.target, action.after)
        elif action.field == "up":
            consent, what = "down", "taking %s down" % action.target
        else:
            continue
        users = consumers.of_device(action.target)
        if users:
            yield Danger("%s:%s" % (consent, action.target), what, tuple(users))
