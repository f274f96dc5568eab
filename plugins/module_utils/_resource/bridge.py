# SPDX-License-Identifier: GPL-3.0-or-later
"""Linux bridges and their ports."""

from __future__ import annotations

from dataclasses import replace

from .._model.action import BEST_EFFORT, Action
from .._model.errors import Conflict, Danger, Problem
from .._model.names import parse_interface_name
from .link_resource import LinkResource, Setting


def _switch(name, key):
    return Setting(name, lambda link: bool(link.data.get(key)), lambda value: [key, "1" if value else "0"])


def _seconds(name, key):
    # rtnetlink counts in USER_HZ, hundredths of a second (ip-link(8), bridge type support)
    return Setting(name, lambda link: link.data.get(key, 0) // 100, lambda value: [key, str(value * 100)])


FORWARD_DELAY_RANGE = (0, 30)
AGEING_TIME_RANGE = (0, 1000000)


class Bridge(LinkResource):
    kind = "bridge"
    link_kind = "bridge"
    parameter = "bridges"
    settings = (
        _switch("stp", "stp_state"),
        _switch("vlan_filtering", "vlan_filtering"),
        _switch("multicast_snooping", "mcast_snooping"),
        _seconds("forward_delay", "forward_delay"),
        _seconds("ageing_time", "ageing_time"),
    )

    def wish(self, item, problems):
        problems.at("forward_delay").whole(
            item.get("forward_delay"), FORWARD_DELAY_RANGE[0], FORWARD_DELAY_RANGE[1], "forward delay in seconds"
        )
        problems.at("ageing_time").whole(
            item.get("ageing_time"), AGEING_TIME_RANGE[0], AGEING_TIME_RANGE[1], "ageing time in seconds"
        )
        ports = item.get("ports")
        for index, port in enumerate(ports or ()):
            problems.at("ports").at(index).parse(parse_interface_name, port)
        problems.at("ports").unique(ports or (), "port")
        return replace(
            super().wish(item, problems),
            ports=None if ports is None else tuple(ports),
            purge_ports=bool(item.get("purge_ports")),
        )

    def missing(self, desired, state):
        return [
            Problem(
                "%s.ports[%d]" % (wish.path, index),
                port,
                "does not exist on this host: a port must be there before its bridge takes it",
            )
            for wish in desired.links
            if wish.present
            for index, port in enumerate(wish.ports or ())
            if port not in state
        ]

    def plan_ports(self, wish, link, state):
        actions = []
        for port in wish.ports or ():
            device = state.get(port)
            master = device.master if device is not None else None
            if device is not None:
                carried = [
                    upper for upper in state.standing_on(port) if state.get(upper).kind in ("macvlan", "macvtap")
                ]
                if carried and master != wish.name:
                    raise Conflict(
                        "%s cannot become a port of %s, because it carries %s: a device is either a bridge's port or "
                        "a macvtap's parent; "
                        "choose one kind of switch for it, and remove those of the other"
                        % (port, wish.name, ", ".join(carried))
                    )
            if master != wish.name:
                actions.append(Action(port, "master", master, wish.name, "is to be a port of %s" % wish.name))
        if wish.purge_ports and link is not None:
            for port in state.ports(wish.name):
                if port not in (wish.ports or ()):
                    actions.append(
                        Action(port, "master", wish.name, None, "is not listed as a port", reversible=BEST_EFFORT)
                    )
        return actions

    def dangers(self, host, desired, state, actions):
        yield from super().dangers(host, desired, state, actions)
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

    def disturbs(self, action):
        return (action.target,) if action.field == "master" else super().disturbs(action)

    def create_words(self, wish):
        return super().create_words(replace(wish, mtu=None))

    def create_lines(self, making):
        # An MTU given at creation follows the ports'; only one that was set holds (net/bridge/br_if.c,
        # br_mtu_auto_adjust).
        wish = making.wish
        return super().create_lines(making) + (
            [["link", "set", "dev", wish.name, "mtu", str(wish.mtu)]] if wish.mtu else []
        )

    def lines(self, action):
        if action.field == "master":
            return [
                ["link", "set", "dev", action.target]
                + (["master", action.after, "up"] if action.after else ["nomaster"])
            ]
        return super().lines(action)

    def show(self, state):
        shown = super().show(state)
        for name, entry in shown.items():
            entry["ports"] = state.ports(name)
        return shown
