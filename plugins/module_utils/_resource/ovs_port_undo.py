# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports as they were before, as parameters."""

from __future__ import annotations

from .._model.errors import Conflict
from .._model.ovs_columns import INTERFACE, INTERFACE_MAPS, MAPS, NONE, OWNER_KEY, PORT
from .._model.ovs_value import one
from .ovs_move import Move
from .ovs_record import shown

_VLAN = ("tag", "trunks", "vlan_mode")  # what one of them may be depends on the others
_BOND = ("bond_mode", "lacp")
_PORT_FIELDS = [column.parameter for column in PORT + MAPS]
_MAP_FIELDS = [column.parameter for column in MAPS + INTERFACE_MAPS]


def map_fields(target, field, keys, held, uncovered):
    """``{key: value}`` as a parameter, of a column that ``held`` so much. The word that removes a key cannot be a value."""
    for key in keys:
        if held.get(key) == NONE:
            uncovered.append("%s.%s of %s was the word none, and is not there any more" % (field, key, target))
    return dict(keys)


def set_fields(columns, row, target, uncovered):
    """The settings of a row that are not as a new row has them."""
    found = {}
    for column in columns:
        value = column.read(row)
        if value not in (None, "", False, 0, ()):
            found[column.parameter] = shown(value)
    return found


def _maps(columns, row, target, uncovered):
    found = {}
    for column in columns:
        keys = {key: value for key, value in row[column.name].items() if key != OWNER_KEY}
        if keys:
            found[column.parameter] = map_fields(target, column.parameter, keys, keys, uncovered)
    return found


def give_back_of(devices, former):
    """The addresses and routes of internal ports, which go with them."""
    found = {}
    for device in devices:
        infos = former.before.held.get(device)
        if not infos or device in former.before.links and former.before.interfaces[device].type != "internal":
            continue
        try:
            move = Move.of(
                device, None, infos, [each for each in former.before.held_routes if each.get("dev") == device]
            )
        except Conflict:
            former.uncovered.append("routes over %s have a form that is not led back" % device)
            move = Move.of(device, None, infos, [])
        found[device] = {
            "addresses": [list(words) for words in move.addresses],
            "routes": [list(words) for words in move.routes],
        }
    return {"give_back": found} if found else {}


def own_settings(port, former):
    """Those of the port with the bridge's own name, which comes with its bridge."""
    interface = former.before.interfaces[port.name]
    found = dict(
        set_fields(PORT, port.row, port.name, former.uncovered), **_maps(MAPS, port.row, port.name, former.uncovered)
    )
    found.update(_maps(INTERFACE_MAPS, interface.row, port.name, former.uncovered))
    found.update(set_fields(INTERFACE[:2], interface.row, port.name, former.uncovered))  # the bridge says its MTU
    return dict(found, **_qos(port, former))


def whole_port(port, former):
    """A port that is made again."""
    uncovered = former.uncovered
    rows = [former.before.interfaces[name].row for name in port.interfaces]
    item = dict(set_fields(PORT, port.row, port.name, uncovered), **_maps(MAPS, port.row, port.name, uncovered))
    each = [
        dict(set_fields(INTERFACE, row, row["name"], uncovered), **_maps(INTERFACE_MAPS, row, row["name"], uncovered))
        for row in rows
    ]
    if len(rows) > 1:
        item["interfaces"] = list(port.interfaces)
    elif port.interfaces == (port.name,):
        item["type"] = former.before.interfaces[port.name].type
    else:
        uncovered.append("the port %s had the interface %s, of another name" % (port.name, ", ".join(port.interfaces)))
    if any(one_each != each[0] for one_each in each):
        uncovered.append("settings of the interfaces of %s differed, and are not led back" % port.name)
    elif each:
        item.update(each[0])
    item.update(_qos(port, former), owned=port.ours, **give_back_of(port.interfaces, former))
    links = [former.before.links.get(name) for name in port.interfaces]
    item["up"] = any(link is not None and link.up for link in links)
    if not port.ours:
        uncovered.append("columns of the port %s that kvm.vnic does not know are not led back" % port.name)
    return item


def _qos(port, former):
    """One of ours goes with its port, anybody else's outlives it."""
    row = port.qos_row
    if row is None:
        return {}
    users = [other for other in former.before.ports.values() if one(other.row["qos"]) == row["_uuid"]]
    if OWNER_KEY not in row["external_ids"] or len(users) > 1:
        return {"qos": {"row": str(row["_uuid"])}}
    queues = {str(number): dict(content) for number, content in port.qos["queues"].items()}
    return {"qos": dict(port.qos, other_config=dict(port.qos["other_config"]), queues=queues)}


def changed_port(action, port, member, item, former):
    """Put into ``item`` what leads one setting of ``port``, or of its interface ``member``, back."""
    field, before = action.field, action.before
    if field == "interfaces":
        _members(action, port, item, former)
        return
    if field == "qos":
        item.update(_qos(port, former) or {"qos": NONE})
        return
    if member and len(port.interfaces) > 1:
        found = {_former(former.before.interfaces[name], field) for name in port.interfaces}
        if len(found) > 1:
            former.uncovered.append("%s of the interfaces of %s differed, and is not led back" % (field, port.name))
            return
    if field == "type":
        former.consents.append("port:%s" % port.name)
    if field in _MAP_FIELDS:
        row = former.before.interfaces[member].row if member else port.row
        held = next(row[column.name] for column in (INTERFACE_MAPS if member else MAPS) if column.parameter == field)
        before = map_fields(action.target, field, before, held, former.uncovered)
    item[field] = before
    if field in _VLAN:
        item.update((column.parameter, shown(column.read(port.row))) for column in PORT if column.parameter in _VLAN)
    if field in _BOND and len(port.interfaces) > 1:
        item["interfaces"] = list(port.interfaces)


def _former(interface, field):
    for column in INTERFACE + INTERFACE_MAPS:
        if column.parameter == field:
            return str(column.read(interface.row))
    return interface.type


def _members(action, port, item, former):
    item["interfaces"] = list(port.interfaces)
    former.consents += ["port:%s" % name for name in action.after if name not in port.interfaces]
    gone = [name for name in port.interfaces if name not in action.after]
    for name in gone:
        row = former.before.interfaces[name].row
        if set_fields(INTERFACE, row, name, []) or _maps(INTERFACE_MAPS, row, name, []):
            former.uncovered.append("settings of %s, which left the bond %s, are not led back" % (name, port.name))
