# SPDX-License-Identifier: GPL-3.0-or-later
"""From the ports of one bridge that are to those wished."""

from __future__ import annotations

from .._model.action import BEST_EFFORT, NOW, Action
from .._model.errors import Unsupported
from .._model.ovs_value import setting, word
from .ovs_bond_plan import exchange_devices
from .ovs_free_names import unlisted
from .ovs_move import Move
from .ovs_port_refusals import refuse_guests, refuse_place, refuse_taken
from .ovs_qos import new_qos, old_qos
from .ovs_record import owner_word, plan_record, record_fields, record_words
from .ovs_step import EARLY, MAKE, REMOVE, Step

_CARRYING = (
    "tag",
    "trunks",
    "vlan_mode",
    "bond_mode",
    "lacp",
    "protected",
    "qos",
    "mtu",
    "policing_rate",
    "policing_burst",
)


def port_devices(port, state):
    """Names of the network devices of a port; patches and tunnels have none of their own."""
    return tuple(name for name in port.interfaces if name in state.links)


def local_devices(bridge, state):
    """The bridge's internal ports: over these the host speaks through the bridge."""
    if bridge is None:
        return ()
    return tuple(
        name
        for port in bridge.ports
        for name in state.ports[port].interfaces
        if state.interfaces[name].type == "internal"
    )


def disturbed_by(port, bridge, state):
    """Devices whose traffic a change of ``port`` interrupts: its own, and where it leads out of the host the bridge's
    internal ports, too."""
    kinds = {state.interfaces[name].type for name in port.interfaces}
    out = kinds - {"internal", "tap"} and not all(_is_tap(state.links.get(name)) for name in port.interfaces)
    return port_devices(port, state) + (local_devices(bridge, state) if out else ())


def _is_tap(link):
    return link is not None and link.kind == "tun"


def plan_ports(wish, bridge, state, gone, free, effect):
    alive = None if wish.name in gone else bridge
    for name in alive.ports if alive is not None else ():
        if state.left_behind(state.ports[name]):
            reason = "its guest is gone, and the next device of that name would become this port"
            yield _removal(state.ports[name], alive, state, free, reason, effect)
    if alive is not None and wish.purge_ports:
        for name in unlisted(wish, alive, state):
            yield _removal(state.ports[name], alive, state, free, "is not listed as a port", effect)
    for port in wish.ports or ():
        if port.present or alive is None or port.name not in alive.ports:
            continue
        refuse_guests(wish, port, state.ports[port.name])
        yield _removal(state.ports[port.name], alive, state, free, "is to be no port", effect)
    for port in wish.staying:
        found = state.ports.get(port.name)
        if found is not None and found.bridge == wish.name and alive is not None:
            refuse_guests(wish, port, found)
            yield from _adjustments(wish, port, found, alive, state, free, effect)
        else:
            refuse_place(wish, port, state, free)
            refuse_taken(wish, port, port.members, state, free)
            made = _creation(wish, port, state, effect)
            if made.data.commands or made.data.sets:  # the bridge's own port comes with it
                yield made
            yield from new_qos(wish, port, None, state, effect)
        yield from _links(wish, port, found, state, effect)


def drop_port(port, state, free):
    """Commands that remove what belongs to a port which leaves its bridge.

    The database collects the rows of port and interfaces by itself, but at the end of the transaction only: until then a
    new one of the same name could not be told from it, so that ovs-vsctl is told to forget them. What it changed in a row
    that it forgets it forgets, too (lib/ovsdb-idl.c, ovsdb_idl_txn_delete): a QoS that goes with the port is let go with the
    row in sight, and before the transaction where something is to have one of the names.
    """
    rows = [("Port", port.row)] + [("Interface", state.interfaces[name].row) for name in port.interfaces]
    forgotten = [(REMOVE, ("destroy", table, word(row["_uuid"]))) for table, row in rows]
    qos = old_qos(port, state)
    clear = ("clear", "Port", word(port.row["_uuid"]), "qos")
    if not qos:
        return forgotten
    if free.wanted.isdisjoint((port.name, *port.interfaces)):
        return [(REMOVE, clear)] + qos
    return [(EARLY, words) for words in (clear, *(words for _phase, words in qos))] + forgotten


def _removal(port, bridge, state, free, reason, effect):
    devices = port_devices(port, state)
    commands = [(REMOVE, ("remove", "Bridge", word(bridge.row["_uuid"]), "ports", word(port.row["_uuid"])))]
    step = Step(
        tuple(commands + drop_port(port, state, free)),
        disturbed=disturbed_by(port, bridge, state),
        loses=((port.name, devices),),
    )
    return Action(
        "%s/%s" % (bridge.name, port.name),
        "state",
        "present",
        None,
        reason,
        effect,
        BEST_EFFORT,
        step,
    )


def _creation(wish, port, state, effect):
    target = "%s/%s" % (wish.name, port.name)
    sets, fields = [], dict(record_fields(port.port), **record_fields(port.interface))
    takes = ()
    if port.name == wish.name:
        commands = ()  # comes with its bridge
    else:
        verb = ("add-bond",) if port.interfaces else ("add-port",)
        commands = ((MAKE, verb + (wish.name, port.name) + tuple(port.interfaces or ())),)
        sets += [("Port", port.name, owner_word())] * port.owned
        takes = tuple(name for name in port.members if name in state.links) if port.type in (None, "system") else ()
        if port.interfaces:
            fields["interfaces"] = list(port.interfaces)
        if port.type not in (None, "system"):
            fields["type"] = port.type
    sets += [("Port", port.name, text) for text in record_words(port.port)]
    for name in port.members:
        words = record_words(port.interface)
        if port.type not in (None, "system"):
            words.insert(0, setting("type", port.type))
        sets += [("Interface", name, text) for text in words]
    step = Step(
        commands,
        tuple(sets),
        disturbed=takes,
        takes=takes,
        undo=(("--if-exists", "del-port", port.name),) if commands else (),
        touches=port.members,
    )
    return Action(target, "state", None, fields, "is to be a port of %s" % wish.name, effect, data=step)


def _adjustments(wish, port, found, bridge, state, free, effect):
    target = "%s/%s" % (wish.name, port.name)
    interrupted = disturbed_by(found, bridge, state)

    def disturbed(column):
        return interrupted if column.parameter in _CARRYING or column.name == "options" else ()

    yield from plan_record(target, "Port", found.row, port.port, effect, disturbed)
    names = found.interfaces
    if port.interfaces is not None and set(port.interfaces) != set(found.interfaces):
        yield exchange_devices(wish, target, port, found, state, free, effect, interrupted)
        names = tuple(name for name in found.interfaces if name in port.interfaces)
    for name in names:
        row = state.interfaces[name].row
        place = "%s/%s" % (target, name)
        if port.type is not None and port.type != state.interfaces[name].type:
            step = Step(
                sets=(("Interface", row["_uuid"], setting("type", port.type)),),
                disturbed=interrupted,
                loses=((port.name, port_devices(found, state)),),
                touches=(name,),
            )
            yield Action(place, "type", state.interfaces[name].type, port.type, "differs", effect, data=step)
        yield from plan_record(place, "Interface", row, port.interface, effect, disturbed)
    yield from new_qos(wish, port, found, state, effect)


def _links(wish, port, found, state, effect):
    """Bring the devices up, and the host's addresses to the bridge, because on a port they would not answer."""
    if effect != NOW:
        if any(_moves(port, name, state) for name in port.members) and state.unavailable is None:
            raise Unsupported(
                "the addresses of %s cannot move to %s while ovs-vswitchd is not running: start its service first"
                % (port.name, wish.name)
            )
        return
    names = port.members if port.interfaces or found is None else found.interfaces
    for name in names:
        link = state.links.get(name)
        made = port.type in (None, "system", "internal", "tap")
        if (
            port.up
            and name not in port.down
            and made
            and name != wish.name
            and not (link.up if link is not None else port.type not in ("internal", "tap"))
        ):
            yield Action(
                "%s/%s/%s" % (wish.name, port.name, name), "up", False, True, "differs", data=Step(up=(name, True))
            )
        if _moves(port, name, state):
            yield _move(wish, port, name, state)


def _moves(port, name, state):
    if name not in state.addresses:
        return False
    return port.moves or (port.moves is None and name in state.management)


def _move(wish, port, name, state):
    routes = [route for route in state.routes if route.get("dev") == name or route.get("nexthops")]
    move = Move.of(name, wish.name, state.addresses[name], routes)
    listed = ["%s/%s" % (info["local"], info["prefixlen"]) for info in state.addresses[name]]
    return Action(
        "%s/%s" % (wish.name, name),
        "addresses",
        {name: listed},
        {wish.name: listed},
        "on a port they would not answer; the host's own network configuration must name %s from now on" % wish.name,
        reversible=BEST_EFFORT,
        data=Step(move=move, disturbed=(name,)),
    )
