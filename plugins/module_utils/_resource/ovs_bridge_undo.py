# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges as they were before, as parameters."""

from __future__ import annotations

from .._model.ovs_columns import BRIDGE, INTERFACE, MAPS, OWNER_KEY
from .._model.undo import Undo
from .ovs_bridge_undo_check import without_problems
from .ovs_mirror_plan import mirror_fields
from .ovs_port_undo import changed_port, give_back_of, map_fields, own_settings, set_fields, whole_port
from .ovs_switch_plan import SWITCH, stays_until_restart

_MTU = tuple(column for column in INTERFACE if column.parameter == "mtu")
_MIRROR = "mirror:"


class _Former:
    """``items``: ``{bridge: its parameters}`` under construction; ``ports``, ``mirrors``: ``{bridge: {name: parameters}}``;
    ``switch``: parameters of the whole switch."""

    def __init__(self, before):
        self.before = before
        self.items, self.ports, self.mirrors, self.switch = {}, {}, {}, {}
        self.uncovered, self.consents = [], []

    def item(self, bridge):
        link = self.before.links.get(bridge)
        up = {} if link is None or bridge not in self.before.bridges else {"up": link.up}
        return self.items.setdefault(bridge, dict(up, name=bridge))

    def port(self, bridge, name):
        self.item(bridge)
        return self.ports.setdefault(bridge, {}).setdefault(name, {"name": name})

    def mirror(self, bridge, name):
        """The mirror whole, or absent."""
        self.item(bridge)
        rows = self.before.bridges[bridge].mirrors.get(name, ()) if bridge in self.before.bridges else ()
        if len(rows) > 1:
            self.uncovered.append("one of the %d mirrors named %r of %s is led back" % (len(rows), name, bridge))
        if not rows:
            found = {"name": name, "state": "absent"}
        else:
            fields = mirror_fields(rows[0], self.before.port_names())
            found = dict({key: value for key, value in fields.items() if value is not None}, name=name)
            if fields["output_port"] is not None:
                self.consents.append("output_port:%s" % fields["output_port"])
        self.mirrors.setdefault(bridge, {})[name] = found

    def params(self):
        bridges = []
        for name, item in self.items.items():
            ports, mirrors = list(self.ports.get(name, {}).values()), list(self.mirrors.get(name, {}).values())
            bridges.append(
                dict(item, **dict({"ports": ports} if ports else {}, **({"mirrors": mirrors} if mirrors else {})))
            )
        return dict(self.switch, bridges=bridges, missing="skip")


def lead_back(before, actions):
    """The Undo of ``actions``. Consents are for what the run made and for devices that it touched; a guest or somebody else
    who uses a bridge of the run by now keeps it."""
    former = _Former(before)
    for action in actions:
        if action.target == SWITCH:
            former.switch[action.field] = action.before
            former.uncovered += stays_until_restart(action)
            continue
        _one(action, former)
        touched = {*action.data.disturbed, *action.data.takes, action.target.partition("/")[0]}
        former.consents += ["management:%s" % name for name in sorted(touched)]
    for bridge in before.bridges.values():
        _mirrors_of_gone_ports(bridge, former)
    params, problems = without_problems(former.params())
    uncovered = tuple(dict.fromkeys(former.uncovered + problems))
    return Undo(
        params if params["bridges"] or former.switch else None, tuple(dict.fromkeys(former.consents)), uncovered
    )


def _one(action, former):
    bridge, _slash, rest = action.target.partition("/")
    if rest.startswith(_MIRROR):
        former.mirror(bridge, rest[len(_MIRROR) :])
    elif rest:
        port, _slash, member = rest.partition("/")
        _port(action, bridge, port, member, former)
    elif action.field == "state":
        if action.before is None:
            former.item(bridge)["state"] = "absent"
        else:
            _whole(former.before.bridges[bridge], former)
    else:
        _setting(action, bridge, former)


def _setting(action, bridge, former):
    item = former.item(bridge)
    if action.field in [column.parameter for column in MAPS]:
        held = former.before.bridges[bridge].row[action.field]  # these two are called as their columns are
        item[action.field] = map_fields(action.target, action.field, action.before, held, former.uncovered)
    elif action.field == "controllers":
        item[action.field] = _once(action.before, bridge, former)
    else:
        item[action.field] = action.before
    if action.field in ("fail_mode", "datapath_type"):
        former.consents.append("%s:%s" % (action.field, bridge))
        former.uncovered.append(
            "flows of %s are emptied when its %s is led back: run kvm.vnic.ovs_flows after it" % (bridge, action.field)
        )
    if (
        action.field == "controllers"
        and set(action.before) - set(action.after)
        and not former.before.bridges[bridge].ours
    ):
        former.uncovered.append("what else was set of the controllers of %s is not known" % bridge)


def _once(targets, bridge, former):
    """A wish has each controller once."""
    found = sorted(set(targets))
    if len(found) != len(targets):
        former.uncovered.append("controllers that %s had several times are led back once" % bridge)
    return found


def _port(action, bridge, name, member, former):
    move = action.data.move
    if move is not None:
        device, name = name, _port_of(name, bridge, former)
        back = {
            "addresses": [list(words) for words in move.addresses],
            "routes": [list(words) for words in move.routes],
        }
        item = former.port(bridge, name)
        item.setdefault("give_back", {})[device] = back
        if item.get("state") != "absent":
            item["move_addresses"] = False
        former.consents.append("management:%s" % device)
    elif action.field == "up":
        interface = former.before.interfaces.get(member)
        if member not in former.before.links or interface is not None and interface.bridge != bridge:
            return  # it came with its port, and goes with it
        former.port(bridge, name).setdefault("down", []).append(member)
    elif action.field == "state" and action.before is None:
        former.port(bridge, name)["state"] = "absent"
        former.consents.append("port:%s" % name)
    elif action.field == "state":
        _port_comes_back(former.before.ports[name], former)
    elif (
        name in former.before.ports and former.port(bridge, name).get("state") != "absent"
    ):  # else it goes with its bridge
        changed_port(action, former.before.ports[name], member, former.port(bridge, name), former)


def _port_of(device, bridge, former):
    """The port that a device was or becomes a member of; a bond's name differs from its members'."""
    interface = former.before.interfaces.get(device)
    if interface is not None:
        return interface.port
    made = former.ports.get(bridge, {})
    return device if device in made else next((name for name in made if device in made[name].get("down", ())), device)


def _port_comes_back(port, former):
    if former.before.left_behind(port):
        former.uncovered.append("the port %s, whose guest is gone, does not come back" % port.name)
        return
    if port.guests:
        former.uncovered.append("the guest's port %s comes back with its guest" % port.name)
        return
    former.port(port.bridge, port.name).update(whole_port(port, former))


def _whole(bridge, former):
    item, row = former.item(bridge.name), bridge.row
    item.update(set_fields(BRIDGE, row, bridge.name, former.uncovered), owned=bridge.ours)
    local = former.before.interfaces.get(bridge.name)
    if local is not None:
        item.update(set_fields(_MTU, local.row, bridge.name, former.uncovered))
    for column in MAPS:
        keys = {key: value for key, value in row[column.name].items() if key != OWNER_KEY}
        if keys:
            item[column.parameter] = map_fields(bridge.name, column.parameter, keys, keys, former.uncovered)
    if bridge.controllers:
        item["controllers"] = _once(bridge.targets, bridge.name, former)
    for name in bridge.ports:
        if name != bridge.name:
            _port_comes_back(former.before.ports[name], former)
        else:
            found = dict(own_settings(former.before.ports[name], former), **give_back_of((name,), former))
            former.port(bridge.name, name).update(found)
    for name in bridge.mirrors:
        former.mirror(bridge.name, name)
    former.uncovered.append(
        "flows of %s, which went with it, are put back by kvm.vnic.ovs_flows only where that is led back, too"
        % bridge.name
    )


def _mirrors_of_gone_ports(bridge, former):
    """The database takes a port that goes out of its mirrors."""
    back = {name for name, port in former.ports.get(bridge.name, {}).items() if port.get("owned") is not None}
    for name, row in ((name, row) for name, rows in bridge.mirrors.items() for row in rows):
        fields = mirror_fields(row, former.before.port_names())
        if back & {fields["output_port"], *fields["select_src_ports"], *fields["select_dst_ports"]}:
            former.mirror(bridge.name, name)
