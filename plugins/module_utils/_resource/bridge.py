# SPDX-License-Identifier: GPL-3.0-or-later
"""Linux bridges and their ports."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._model.action import BEST_EFFORT, Action
from .._model.errors import Problem
from .._model.fields import Problems
from .._model.names import parse_interface_name
from .link_resource import LinkResource, LinksWish, Setting
from .port_moves import (
    DEVICES,
    absent_devices,
    down_dangers,
    parse_devices,
    plan_devices,
    refuse_carrier,
    without_bridge,
)


def _switch(name, key):
    return Setting(name, lambda link: bool(link.data.get(key)), lambda value: [key, "1" if value else "0"])


def _seconds(name, key):
    # rtnetlink counts in USER_HZ, hundredths of a second (ip-link(8), bridge type support)
    return Setting(name, lambda link: link.data.get(key, 0) // 100, lambda value: [key, str(value * 100)])


FORWARD_DELAY_RANGE = (0, 30)
AGEING_TIME_RANGE = (0, 1000000)
_UP = ("up",)


@dataclass(frozen=True)
class BridgesWish(LinksWish):
    devices: tuple = ()


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

    def validate(self, params, host):
        problems = Problems()
        links = self.parse_links(params, problems)
        devices = parse_devices(params.get(DEVICES) or (), links, problems.at(DEVICES))
        problems.raise_if_any()
        return BridgesWish(links, bool(params.get("purge")), devices)

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
        yield from without_bridge(desired, state)
        yield from [
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

    def plan(self, desired, state):
        leaving, joining = plan_devices(desired.devices, state)
        return leaving + super().plan(desired, state) + joining

    def plan_ports(self, wish, link, state):
        actions = []
        for port in wish.ports or ():
            device = state.get(port)
            master = device.master if device is not None else None
            if master != wish.name:
                refuse_carrier(port, wish.name, state)
                reason = "is to be a port of %s" % wish.name
                actions.append(Action(port, "master", master, wish.name, reason, data=_UP))
        if wish.purge_ports and link is not None:
            for port in state.ports(wish.name):
                if port not in (wish.ports or ()):
                    actions.append(
                        Action(port, "master", wish.name, None, "is not listed as a port", reversible=BEST_EFFORT)
                    )
        return actions

    def dangers(self, host, desired, state, actions):
        yield from super().dangers(host, desired, state, actions)
        yield from down_dangers(self.consumers(host, state, actions), desired.devices, actions)

    def notes(self, desired, state):
        return absent_devices(desired.devices, state)

    def undo(self, desired, before, actions):
        from .bridge_undo import BridgeUndo  # a run that changes nothing does without

        return BridgeUndo(self, before, actions).undo()

    def create_words(self, wish):
        return super().create_words(replace(wish, mtu=None))

    def create_lines(self, making):
        # An MTU given at creation follows the ports'; only one that was set holds (net/bridge/br_if.c,
        # br_mtu_auto_adjust).
        wish = making.wish
        return super().create_lines(making) + (
            [["link", "set", "dev", wish.name, "mtu", str(wish.mtu)]] if wish.mtu else []
        )

    def show(self, state):
        shown = super().show(state)
        for name, entry in shown.items():
            entry["ports"] = state.ports(name)
        return shown
