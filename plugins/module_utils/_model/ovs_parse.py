# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's ``bridges`` as wishes; every problem is recorded with its path."""

from __future__ import annotations

import re

from .addresses import parse_mac
from .names import parse_own_interface_name
from .ovs_columns import BRIDGE, INTERFACE, MAPS, NONE
from .ovs_parse_mirror import parse_mirrors
from .ovs_parse_port import parse_ports
from .ovs_parse_record import parse_columns, parse_map, parse_maps
from .ovs_wish import BridgeWish, OvsWish, Record

_MTU = tuple(column for column in INTERFACE if column.parameter == "mtu")
_OTHER_CONFIG = next(column for column in MAPS if column.name == "other_config")
# ovs-vsctl(8), "OpenFlow Controller Connectivity"
_CONTROLLER = re.compile(r"(ssl|tcp|unix|pssl|ptcp|punix):[!-~]*\Z", re.ASCII)
HWADDR = "hwaddr"


def parse_controller(text):
    """A way to reach a controller, as ``tcp:192.0.2.9:6653`` or ``punix:/run/x.sock``. Raises ValueError."""
    if not isinstance(text, str) or not _CONTROLLER.match(text):
        raise ValueError(
            "is no controller: allowed are ssl:, tcp:, unix:, pssl:, ptcp: and punix: with what ovs-vsctl(8) says of each"
        )
    return text


def parse_bridges(params, problems):
    """The OvsWish of the module's parameters."""
    items = params["bridges"]
    problems = problems.at("bridges")
    wishes = tuple(_bridge(item, problems.at(index)) for index, item in enumerate(items))
    problems.unique([wish.name for wish in wishes], "name")
    _ports_once(wishes, problems)
    return OvsWish(wishes, bool(params.get("purge")), params.get("missing") == "skip", params.get("hw_offload"))


def _bridge(item, problems):
    name = problems.at("name").parse(parse_own_interface_name, item["name"])
    controllers = item.get("controllers")
    if controllers is not None:
        at = problems.at("controllers")
        controllers = tuple(at.at(index).parse(parse_controller, target) for index, target in enumerate(controllers))
        at.unique(controllers, "controller")
    return BridgeWish(
        name=name,
        path=problems.path,
        present=item.get("state", "present") == "present",
        bridge=_record(item, problems),
        local=Record(parse_columns(_MTU, item, problems)),
        controllers=controllers,
        ports=parse_ports(item.get("ports"), problems.at("ports"), name),
        purge_ports=bool(item.get("purge_ports")),
        mirrors=parse_mirrors(item.get("mirrors"), problems.at("mirrors")),
        purge_mirrors=bool(item.get("purge_mirrors")),
        up=item.get("up"),
        owned=item.get("owned") is not False,
    )


def _record(item, problems):
    record = Record(parse_columns(BRIDGE, item, problems), parse_maps(MAPS, item, problems))
    if item.get("stp") and item.get("rstp"):
        problems.at("rstp").add(True, "contradicts stp: a bridge runs one of both spanning tree protocols")
    mac = item.get("mac")
    if mac is not None:
        keys = record.maps.setdefault(_OTHER_CONFIG, {})
        if HWADDR in keys:
            problems.at("mac").add(mac, "is stated twice: other_config.%s says it too" % HWADDR)
        keys[HWADDR] = problems.at("mac").parse(parse_mac, mac) if mac != NONE else None
    return record


def _ports_once(wishes, problems):
    """A device can be in one port of one bridge, and a name is that of one bridge or one port."""
    bridges = {wish.name for wish in wishes if wish.present}
    seen = {}
    for index, wish in enumerate(wishes):
        at = problems.at(index).at("ports")
        for port in wish.staying if wish.present else ():
            for name in dict.fromkeys((port.name,) + port.members):
                other = seen.setdefault(name, wish.name) if name else wish.name
                if name in bridges and (name, port.name) != (wish.name, wish.name):
                    at.add(name, "is the name of a bridge that is listed, too: choose another for the port")
                elif other != wish.name:
                    at.add(name, "is listed for %s too: a port belongs to one bridge" % other)


__all__ = ["parse_bridges", "parse_controller", "parse_map"]
