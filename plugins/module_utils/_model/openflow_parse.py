# SPDX-License-Identifier: GPL-3.0-or-later
"""What is listed of bridges' tables, checked by itself."""

from __future__ import annotations

from .fields import Problems
from .names import parse_interface_name
from .openflow_others import parse_others
from .openflow_parse_flow import listed, parse_flow, parse_guest_port
from .openflow_parse_group import parse_group, parse_meter
from .openflow_wish import BridgeFlowsWish, FlowsWish


def _parse_bridge(item, problems):
    groups, meters = item.get("groups"), item.get("meters")
    problems.at("groups").unique([group["id"] for group in groups or []], "group")
    problems.at("meters").unique([meter["id"] for meter in meters or []], "meter")
    unlisted = item.get("unlisted_ports")
    ports = listed(item.get("guest_ports"), parse_guest_port, problems.at("guest_ports"))
    for index, port in enumerate(ports or ()):
        if port.protected and not port.flows:
            problems.at("guest_ports").at(index).at("protected").add(
                True, "protects nothing: list the flows, or leave protected out"
            )
    return BridgeFlowsWish(
        path=problems.path,
        name=problems.at("name").parse(parse_interface_name, item["name"]),
        flows=listed(item.get("flows"), parse_flow, problems.at("flows")),
        groups=listed(groups, parse_group, problems.at("groups")),
        meters=None if meters is None else dict(listed(meters, parse_meter, problems.at("meters"))),
        guest_ports=ports,
        unlisted_ports=unlisted,
        purge=bool(item.get("purge")),
        others=parse_others(item.get("others"), problems.at("others")),
        if_emptied=parse_others(item.get("others_if_emptied"), problems.at("others_if_emptied")),
    )


def parse_flows(params):
    """The :class:`FlowsWish` and the open list of problems."""
    problems = Problems()
    items, at = params.get("bridges") or [], problems.at("bridges")
    at.unique([item["name"] for item in items], "bridge")
    bridges = tuple(_parse_bridge(item, at.at(index)) for index, item in enumerate(items))
    seen = {}
    for wish in bridges:
        for port in wish.guest_ports or ():
            other = seen.setdefault(port.interface_id, port)
            if other is not port and port.interface_id:
                problems.at("%s.interface_id" % port.path).add(
                    port.interface_id, "is that of %s: a port sits on one bridge, once" % other.path
                )
    return FlowsWish(bridges, bool(params.get("purge")), params.get("missing") == "skip"), problems
