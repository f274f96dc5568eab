# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes of Open vSwitch would take from somebody."""

from __future__ import annotations

from .._model.errors import Conflict, Danger
from .consumers import Consumers
from .ovs_port_plan import local_devices


def dangers(host, desired, state, actions):
    """A Danger for each device taken, given away or left to a mirror that has a user, and each bridge removed or made anew.
    Raises Conflict where the user keeps the addresses of the way in from moving with it."""
    consumers = Consumers(host, state.links)
    moved = {action.data.move.device for action in actions if action.data.move}
    kept = {name for wish in desired.bridges for port in wish.staying if port.moves is False for name in port.members}
    meant = {wish.name: wish.ports or () for wish in desired.bridges if not wish.present}
    for action in actions:
        bridge = action.target.split("/")[0]
        for name in action.data.takes:
            if name not in moved:
                yield from _taken(name, bridge, state, consumers, name in kept)
        if action.field == "state" and action.after is None and "/" not in action.target:
            yield from _bridge_gone(bridge, state, consumers, meant.get(bridge, ()))
        elif action.data.loses:
            for port, devices in action.data.loses:
                yield from _port_gone(port, devices, bridge, state)
        for port, devices in action.data.silences:
            yield from _silenced(port, devices, action.target.partition("/mirror:")[2], bridge, state)
        if action.field == "datapath_type":
            others = [name for name in state.bridges[bridge].ports if name != bridge]
            if others:
                yield Danger(
                    "datapath_type:%s" % bridge,
                    "making the datapath of %s anew" % bridge,
                    ("the traffic of its ports %s" % ", ".join(others),),
                )
        if action.field == "fail_mode":
            guests = ["the guest's port %s" % name for name in state.bridges[bridge].ports if state.ports[name].guests]
            if guests:
                what = "changing the fail mode of %s, which empties its flow tables," % bridge
                yield Danger("fail_mode:%s" % bridge, what, tuple(guests))


def _taken(name, bridge, state, consumers, kept):
    if kept and name in state.addresses and name in state.management:
        raise Conflict(
            "%s carries the connection to this host, and move_addresses: false keeps its addresses from moving to %s: leave it out, or take another device"
            % (name, bridge)
        )
    # a tap in use is a guest's that waits for its switch
    users = consumers.of_device(name) if state.links.get(name).kind != "tun" else []
    if users:
        hint = " (move_addresses: true moves its addresses to %s)" % bridge if name in state.addresses else ""
        yield Danger("port:%s" % name, "making %s a port of %s%s" % (name, bridge, hint), tuple(users))


def _traffic(devices, bridge, state):
    return [
        "the traffic between %s and its bridge %s" % (name, bridge)
        for name in devices
        if state.interfaces[name].type == "system" and state.links.get(name).carrier
    ]


def _silenced(port, devices, mirror, bridge, state):
    users = _traffic(devices, bridge, state)
    if users:
        what = "making %s the output of the mirror %s, which drops all that it receives," % (port, mirror)
        yield Danger("output_port:%s" % port, what, tuple(users))


def _port_gone(port, devices, bridge, state):
    found = state.ports.get(port)
    users = []
    if found is not None and not found.ours and not state.left_behind(found):
        users.append("whoever added it: it does not carry our mark")
    users += _traffic(devices, bridge, state)
    if users:
        yield Danger("port:%s" % port, "taking %s from %s" % (port, bridge), tuple(users))


def _bridge_gone(name, state, consumers, meant):
    """``meant``: wishes of the ports that the user names as those that go with it."""
    bridge = state.bridges[name]
    expected = {port.name for port in meant}
    returned = {
        "address %s" % words[0] for port in meant for give in port.give_back.values() for words in give.addresses
    }
    users = []
    for port in bridge.ports:
        found = state.ports[port]
        if port == name or port in expected and found.ours:
            continue
        if found.guests:
            users.append("a guest's port %s" % port)
        elif not found.ours:
            users.append("port %s, which others added" % port)
        else:
            users += [
                "port %s, which is up" % member
                for member in found.interfaces
                if member in state.links
                and state.interfaces[member].type == "system"
                and state.links.get(member).carrier
            ]
    for device in local_devices(bridge, state):
        users += [user for user in consumers.of_device(device) if user not in returned]
    if users:
        yield Danger("remove:%s" % name, "removing %s" % name, tuple(dict.fromkeys(users)))
