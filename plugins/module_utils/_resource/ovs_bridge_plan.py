# SPDX-License-Identifier: GPL-3.0-or-later
"""From the bridges that are to those wished."""

from __future__ import annotations

from .._model.action import BEST_EFFORT, NOW, SERVICE_START, Action
from .._model.errors import Conflict
from .._model.ovs_columns import MAPS
from .._model.ovs_parse import HWADDR
from .._model.ovs_value import word
from .ovs_free_names import free_names
from .ovs_give_back import plan_give_back
from .ovs_mirror_plan import plan_mirrors
from .ovs_port_plan import drop_port, local_devices, plan_ports, port_devices
from .ovs_port_refusals import refuse_vlans
from .ovs_record import owner_word, plan_record, record_fields, record_words
from .ovs_step import MAKE, REFER, REMOVE, Step
from .ovs_switch_plan import plan_switch

ALL_OF_IT = ("datapath_type", "fail_mode", "stp", "rstp")


def going(desired, state):
    """``{bridge: reason}`` of those that are removed."""
    found = {wish.name: "not wished" for wish in desired.bridges if not wish.present and wish.name in state.bridges}
    if desired.purge:
        listed = {wish.name for wish in desired.bridges}
        for bridge in state.bridges.values():
            if bridge.ours and bridge.name not in listed:
                found[bridge.name] = "made by kvm.vnic and not listed"
    return found


def plan_all(desired, state):
    """Every action, in order. Pure. Raises Conflict for what belongs to somebody else, InvalidInput for what contradicts a
    setting that stays."""
    effect = NOW if state.applied else SERVICE_START
    gone = going(desired, state)
    refuse_vlans(desired, state, gone)
    free = free_names(desired, state, gone)
    actions = list(plan_switch(desired, state, effect))
    actions += [_removal(state, state.bridges[name], free, reason, effect) for name, reason in sorted(gone.items())]
    for wish in desired.bridges:
        if wish.present:
            actions += _plan_bridge(wish, state, gone, free, effect)
    for wish in desired.bridges:
        for port in wish.ports or ():
            actions += plan_give_back(wish, port, state, effect)
    return actions


def _removal(state, bridge, free, reason, effect):
    commands = [(REMOVE, ("remove", "Open_vSwitch", ".", "bridges", word(bridge.row["_uuid"])))]
    for name in bridge.ports:
        commands += drop_port(state.ports[name], state, free)
    lost = tuple((name, port_devices(state.ports[name], state)) for name in bridge.ports if name != bridge.name)
    step = Step(tuple(commands), disturbed=local_devices(bridge, state), loses=lost)
    return Action(bridge.name, "state", "present", None, reason, effect, BEST_EFFORT, step)


def _plan_bridge(wish, state, gone, free, effect):
    bridge = state.bridges.get(wish.name)
    if bridge is None or wish.name in gone:
        _refuse_name(wish, state, free)
        yield _creation(wish, effect)
    else:
        yield from _adjustments(wish, bridge, state, effect)
    yield from plan_ports(wish, bridge, state, gone, free, effect)
    yield from plan_mirrors(wish, bridge, state, effect)
    if wish.up is not None and effect == NOW:
        link = state.links.get(wish.name)
        before = link.up if link is not None else False
        if before != wish.up:
            step = Step(up=(wish.name, wish.up), disturbed=() if wish.up else (wish.name,))
            yield Action(wish.name, "up", before, wish.up, "differs", data=step)


def _refuse_name(wish, state, free):
    port, interface, link = state.ports.get(wish.name), state.interfaces.get(wish.name), state.links.get(wish.name)
    where = (port or interface) and (port or interface).bridge
    if where is not None and (port is None or port.name not in free.ports):
        raise Conflict(
            "%s cannot become a bridge of Open vSwitch, because it is a port of its bridge %s: choose another name"
            % (wish.name, where)
        )
    # a link that ovs-vswitchd made is its internal port; without an answer of the database we cannot tell whose it is
    if link is not None and link.kind != "openvswitch" and state.unavailable is None:
        what = "a Linux bridge" if link.kind == "bridge" else "a device of the host (%s)" % (link.kind or "hardware")
        raise Conflict(
            "%s cannot become a bridge of Open vSwitch, because it is %s: choose another name, or remove that first"
            % (wish.name, what)
        )


def _creation(wish, effect):
    commands = [(MAKE, ("add-br", wish.name))]
    sets = [("Bridge", wish.name, text) for text in [owner_word()] * wish.owned + record_words(wish.bridge)]
    sets += [("Interface", wish.name, text) for text in record_words(wish.local)]
    fields = dict(record_fields(wish.bridge), **record_fields(wish.local))
    if wish.controllers:
        fields["controllers"] = list(wish.controllers)
        commands += _controllers(wish.name, wish.name, wish.controllers)
    return Action(
        wish.name,
        "state",
        None,
        fields,
        "does not exist yet",
        effect,
        data=Step(tuple(commands), tuple(sets), touches=(wish.name,)),
    )


def _controllers(name, row, targets):
    for number, target in enumerate(targets):
        symbol = "@controller-%s-%d" % (name, number)
        yield REFER, ("--id=%s" % symbol, "create", "Controller", "target=%s" % word(target))
        yield REFER, ("add", "Bridge", row, "controller", symbol)


def _adjustments(wish, bridge, state, effect):
    def disturbed(column):
        if column in MAPS:
            keys = wish.bridge.maps[column]
            other_mac = HWADDR in keys and keys[HWADDR] != bridge.row[column.name].get(HWADDR)
            return (wish.name,) if other_mac else ()
        return local_devices(bridge, state) if column.parameter in ALL_OF_IT else ()

    yield from plan_record(wish.name, "Bridge", bridge.row, wish.bridge, effect, disturbed)
    if wish.name in state.interfaces:
        yield from plan_record(
            wish.name, "Interface", state.interfaces[wish.name].row, wish.local, effect, lambda column: (wish.name,)
        )
    if wish.controllers is not None and sorted(wish.controllers) != bridge.targets:
        row = word(bridge.row["_uuid"])
        more = [target for target in wish.controllers if target not in bridge.controllers]
        commands = [
            (REMOVE, ("remove", "Bridge", row, "controller", word(found)))
            for target, rows in sorted(bridge.controllers.items())
            for found in rows[1 if target in wish.controllers else 0 :]
        ] + list(_controllers(wish.name, row, more))
        yield Action(
            wish.name,
            "controllers",
            bridge.targets,
            sorted(wish.controllers),
            "differs; with it ovs-vswitchd may empty the bridge's flow tables",
            effect,
            data=Step(tuple(commands), disturbed=local_devices(bridge, state)),
        )
