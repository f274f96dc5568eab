# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge's ``ports`` as wishes."""

from __future__ import annotations

import re

from .names import parse_own_interface_name
from .ovs_columns import INTERFACE, INTERFACE_MAPS, MAPS, NONE, PORT
from .ovs_parse_give_back import parse_give_back
from .ovs_parse_record import parse_columns, parse_map, parse_maps
from .ovs_vlans import add_contradictions
from .ovs_wish import PortWish, QosWish, Record

_TYPE = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z", re.ASCII)
SYSTEM, INTERNAL, PATCH = "system", "internal", "patch"
_BOND_ONLY = ("bond_mode", "lacp")
_SINGLE_ONLY = ("type", "options", "interface_external_ids")
QOS_TYPES = (
    "linux-htb",
    "linux-hfsc",
    "linux-sfq",
    "linux-codel",
    "linux-fq_codel",
    "linux-netem",
    "linux-noop",
    "egress-policer",
    "trtcm-policer",
)
_QOS_KEYS = ("type", "other_config", "queues")
_ROW = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def parse_type(text):
    """The type of an interface; Open vSwitch has more than we could list, and says itself which it knows. Raises ValueError."""
    if text == "":
        return SYSTEM
    if not isinstance(text, str) or not _TYPE.match(text):
        raise ValueError(
            "is no interface type: allowed are the words of ovs-vswitchd.conf.db(5), as system, internal, patch, tap, vxlan, geneve, gre"
        )
    return text


def parse_ports(items, problems, bridge):
    """A tuple of PortWish, or None when ``items`` is None. ``bridge``: the name of the bridge, for its internal port."""
    if items is None:
        return None
    wishes = tuple(_port(item, problems.at(index), bridge) for index, item in enumerate(items))
    problems.unique([wish.name for wish in wishes], "port")
    users = {}
    for index, wish in enumerate(wishes):
        for number, member in enumerate(wish.interfaces or () if wish.present else ()):
            if users.setdefault(member, index) != index or member in {
                other.name for other in wishes if other is not wish and other.present
            }:
                problems.at(index).at("interfaces").at(number).add(
                    member, "is in another port, too: a device is in one"
                )
    return wishes


def _port(item, problems, bridge):
    name = problems.at("name").parse(parse_own_interface_name, item["name"])
    interfaces = _members(item.get("interfaces"), problems.at("interfaces"))
    bad = _SINGLE_ONLY if item.get("interfaces") is not None else _BOND_ONLY
    for parameter in bad:
        if item.get(parameter) not in (None, NONE):
            reason = "does not go with interfaces" if bad is _SINGLE_ONLY else "needs interfaces: it is a bond's"
            if parameter != "lacp" or bad is _SINGLE_ONLY:  # LACP runs on a single interface, too
                problems.at(parameter).add(item[parameter], reason)
    port = Record(parse_columns(PORT, item, problems), parse_maps(MAPS, item, problems))
    add_contradictions({column.parameter: value for column, value in port.columns.items()}, {}, problems)
    kind = problems.at("type").parse(parse_type, item.get("type"))
    if name is not None and name == bridge:
        if kind not in (None, INTERNAL) or interfaces:
            problems.at("type").add(item.get("type"), "does not fit: the port with the bridge's own name is internal")
        kind = None
    return PortWish(
        name=name,
        path=problems.path,
        port=port,
        interface=Record(parse_columns(INTERFACE, item, problems), parse_maps(INTERFACE_MAPS, item, problems)),
        interfaces=interfaces,
        type=kind,
        qos=_qos(item.get("qos"), problems.at("qos")),
        moves=item.get("move_addresses"),
        up=item.get("up", True),
        present=item.get("state") != "absent",
        owned=item.get("owned") is not False,
        down=tuple(
            problems.at("down").at(index).parse(parse_own_interface_name, device)
            for index, device in enumerate(item.get("down") or ())
        ),
        give_back=parse_give_back(item.get("give_back") or {}, problems.at("give_back")),
    )


def _members(names, problems):
    if names is None:
        return None
    found = tuple(problems.at(index).parse(parse_own_interface_name, name) for index, name in enumerate(names))
    problems.unique(found, "interface")
    if len(found) < 2:
        problems.add(list(names), "is no bond: it needs at least two interfaces; a port of one is named after it")
    return found


def _qos(value, problems):
    if value is None or value == NONE:
        return value
    if not isinstance(value, dict):
        problems.add(value, "is no QoS: allowed are none, or type, other_config and queues")
        return None
    if set(value) == {"row"}:
        if not isinstance(value["row"], str) or not _ROW.fullmatch(value["row"]):
            problems.at("row").add(value["row"], "is no identity of a row, which is a UUID in lower case")
        return QosWish(None, row=value["row"])
    for key in sorted(set(value) - set(_QOS_KEYS)):
        problems.at(str(key)).add(value[key], "is unknown: allowed are %s" % ", ".join(_QOS_KEYS))
    kind = value.get("type")
    if kind not in QOS_TYPES:
        problems.at("type").add(kind, "is no type of QoS: allowed are %s" % ", ".join(QOS_TYPES))
    queues = {}
    for number, content in _map(value.get("queues"), problems.at("queues")).items():
        at = problems.at("queues").at(str(number))
        plain = int(number) if isinstance(number, str) and number.isascii() and number.isdigit() else number
        queues[at.whole(plain, 0, 4294967295, "queue")] = parse_map(_map(content, at), at, removes=False)
    other = problems.at("other_config")
    return QosWish(kind, parse_map(_map(value.get("other_config"), other), other, removes=False), queues)


def _map(value, problems):
    if value is None:
        return {}
    if not isinstance(value, dict):
        problems.add(value, "is no mapping of keys to values")
        return {}
    return value
