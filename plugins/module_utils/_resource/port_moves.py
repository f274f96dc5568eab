# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that become ports of a bridge, of another one, or of none."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.action import BEST_EFFORT, Action
from .._model.errors import Conflict, Danger, Problem
from .._model.names import parse_interface_name
from .link_wish import parse_master

DEVICES = "devices"


@dataclass(frozen=True)
class PortDevice:
    """``bridge``: the name of one, "" for none; it and ``up``: None leaves the thing alone. ``path``: where the user
    wrote it."""

    name: str
    bridge: object = None
    up: object = None
    path: str = ""


def parse_devices(items, links, problems):
    """A tuple of PortDevice; what is wrong is recorded in ``problems``. ``links``: the bridges wished beside."""
    problems.unique([item["name"] for item in items], "device")
    wanted = {port: link.name for link in links if link is not None and link.present for port in link.ports or ()}
    found = []
    for index, item in enumerate(items):
        at = problems.at(index)
        device = PortDevice(
            at.at("name").parse(parse_interface_name, item["name"]),
            at.at("bridge").parse(parse_master, item.get("bridge")),
            item.get("up"),
            at.path,
        )
        if device.bridge is not None and wanted.get(device.name, device.bridge) != device.bridge:
            at.at("bridge").add(item["bridge"], "disagrees with the ports of %s: say it once" % wanted[device.name])
        found.append(device)
    return tuple(found)


def absent_devices(devices, state):
    """A note for each device that the host lacks: a guest's may be gone, which is no reason to leave out the others."""
    return ["%s does not exist and is passed over" % device.name for device in devices if device.name not in state]


def without_bridge(desired, state):
    """A Problem for each device whose bridge neither exists nor is made."""
    made = {wish.name for wish in desired.links if wish.present}
    gone = {wish.name for wish in desired.links if not wish.present}
    for device in desired.devices:
        if device.bridge and device.bridge not in made and (device.bridge in gone or device.bridge not in state):
            yield Problem(
                "%s.bridge" % device.path, device.bridge, "does not exist on this host: it must be there, or be listed"
            )


def plan_devices(devices, state):
    """``(actions before the bridges change, actions after)``: who leaves does so before its bridge may go."""
    leaving, joining = [], []
    for device in devices:
        link = state.get(device.name)
        if link is None:
            continue
        place = joining if device.bridge else leaving
        if device.bridge is not None and (link.master or "") != device.bridge:
            if device.bridge:
                refuse_carrier(device.name, device.bridge, state)
            reason = "is to be a port of %s" % (device.bridge or "no bridge")
            place.append(
                Action(device.name, "master", link.master, device.bridge or None, reason, reversible=BEST_EFFORT)
            )
        if device.up is not None and link.up != device.up:
            place.append(Action(device.name, "up", link.up, device.up, "differs"))
    return leaving, joining


def refuse_carrier(port, bridge, state):
    """Raise Conflict when ``port`` carries macvtaps, whose frames a bridge would take."""
    carried = [upper for upper in state.standing_on(port) if state.get(upper).kind in ("macvlan", "macvtap")]
    if carried:
        raise Conflict(
            "%s cannot become a port of %s, because it carries %s: a device is either a bridge's port or a macvtap's "
            "parent; choose one kind of switch for it, and remove those of the other"
            % (port, bridge, ", ".join(carried))
        )


def port_dangers(host, actions):
    """A Danger for each device that leaves a bridge, or whose addresses stop answering on one."""
    moves = [action for action in actions if action.field == "master"]
    if not moves:
        return
    holders = {
        device["ifname"]: [info["local"] for info in device.get("addr_info", ()) if info.get("scope") == "global"]
        for device in host.ip.addresses()
    }
    for action in moves:
        users = []
        if action.before is not None:
            users.append("the traffic between %s and its bridge %s" % (action.target, action.before))
        if action.after is not None:
            users += [
                "address %s, which stops answering on a bridge's port" % address
                for address in holders.get(action.target, ())
            ]
        if users:
            yield Danger(
                "port:%s" % action.target,
                "making %s a port of %s" % (action.target, action.after or "no bridge"),
                tuple(users),
            )


def down_dangers(consumers, devices, actions):
    """A Danger for each device that is taken down and used."""
    names = {device.name for device in devices}
    for action in actions:
        if action.target in names and action.field == "up" and not action.after:
            users = consumers.of_device(action.target)
            if users:
                yield Danger("down:%s" % action.target, "taking %s down" % action.target, tuple(users))
