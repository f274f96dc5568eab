# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows, groups, meters and the guard as they were, as parameters."""

from __future__ import annotations

from .._host.ovs_hook import HOOK
from .._model.openflow_cookie import GUARD, GUEST, PLAIN, is_ours, kind_of
from .._model.openflow_others import Others
from .._model.openflow_wish import ALLOW, DROP
from .._model.undo import Undo
from .ovs_flows_plan import DEFAULT_FLOW, BridgeChange, is_default
from .ovs_flows_state import RECORD
from .ovs_flows_undo_check import group_params, meter_params, without_problems


def lead_back(before, actions):
    """The Undo of ``actions``. What is ours is told as it was wished, because a guest's port may have another number by
    then; what was others' word for word."""
    changes = {action.data.name: action.data for action in actions if isinstance(action.data, BridgeChange)}
    guests = {action.target.partition("/")[0] for action in actions if action.field == "flows_at_start"}
    uncovered = [
        "%s was %s, and does not become so again" % (HOOK, action.before)
        for action in actions
        if action.target == HOOK and action.before not in ("absent", "present")
    ]
    if any(action.target == RECORD for action in actions):
        for name, bridge in before.bridges.items():
            if before.recorded(name).former_fail_mode is not None and not bridge.secure:
                uncovered.append("the fail mode of %s was no longer the guard's" % name)
    bridges, consents = [], []
    for name in sorted({*changes, *guests}):
        item = {"name": name}
        if name in changes:
            item.update(_bridge(changes[name], before, name in guests, consents, uncovered))
        if name in guests or "guest_ports" in item:
            item["guest_ports"] = _guest_ports(before.recorded(name))
        bridges.append(item)
    if not bridges:
        return Undo(None, tuple(dict.fromkeys(consents)), tuple(uncovered))
    params, told = without_problems({"bridges": bridges, "missing": "skip"})
    return Undo(params, tuple(dict.fromkeys(consents)), (*uncovered, *told))


def _bridge(change, before, rerecorded, consents, uncovered):
    bridge, recorded = before.bridges[change.name], before.recorded(change.name)
    emptied = change.fail_mode is not False
    put = [(flow, found) for flow, found, _path in change.put]
    kinds = {kind_of(flow.cookie) for flow, _found in put} | {kind_of(flow.cookie) for flow in change.take}
    kinds |= {kind_of(found.cookie) for _flow, found in put if found is not None}
    item = {}
    if PLAIN in kinds or emptied:
        ours = [flow for flow in bridge.flows if kind_of(flow.cookie) == PLAIN]
        item["flows"] = [
            {"table": flow.table, "priority": flow.priority, "match": flow.match, "actions": flow.actions}
            for flow in ours
        ]
    if GUEST in kinds or emptied:
        item["guest_ports"] = []
    _guard(change, bridge, recorded, kinds, item, consents)
    altered = {}
    for kind, reader in (("groups", group_params), ("meters", meter_params)):
        if getattr(change, kind) or emptied:
            item[kind], altered[kind] = _ours(reader, getattr(bridge, kind), getattr(recorded, kind))
    _others(change, bridge, recorded, put, altered, item)
    uncovered += _no_longer_ours(change.name, altered)
    consents += ["fail_mode:%s" % change.name] * emptied
    consents += ["management:%s" % name for name in (change.name, *change.hosts_ports)]
    uncovered += _not_led_back(change, bridge, item, put, kinds, rerecorded)
    return item


def _not_led_back(change, bridge, item, put, kinds, rerecorded):
    """Ours is led back to what was wished, which may not have been in place."""
    if GUEST in kinds and not rerecorded:
        yield "flows of guests' ports of %s become as they were to be, not as they were" % change.name
    lost = any(found is None and kind_of(flow.cookie) == GUARD for flow, found in put)
    if lost and item.get("unlisted_ports") == DROP:
        yield "flows of the guard of %s, which were not there, stay" % change.name
    if any(is_ours(flow.cookie) and flow.lasting for flow in bridge.flows):
        yield "flows of ours on %s that were to end by themselves do so no longer" % change.name


def _no_longer_ours(name, altered):
    for kind, texts in altered.items():
        for number, text in sorted(texts.items()):
            yield "%s %d of %s was altered by somebody (%s): it is led back word for word, and is no longer ours" % (
                kind[:-1],
                number,
                name,
                text,
            )


def _guard(change, bridge, recorded, kinds, item, consents):
    if GUARD not in kinds and change.fail_mode is False:
        return
    guarded = recorded.former_fail_mode is not None
    item["unlisted_ports"] = DROP if guarded and bridge.secure else ALLOW
    if item["unlisted_ports"] == DROP:
        consents.append("flow:%s/%s" % (change.name, DEFAULT_FLOW.where))


def _guest_ports(recorded):
    return [dict(port, interface_id=interface_id) for interface_id, port in sorted(recorded.guests.items())]


def _ours(reader, found, ours):
    """``(parameters, {number: text} of those that cannot be wished)`` of our groups or meters."""
    listed = {number: reader(number, found[number]) for number in ours if number in found}
    raw = {number: found[number] for number, params in listed.items() if params is None}
    return [params for params in listed.values() if params is not None], raw


def _others(change, bridge, recorded, put, altered, item):
    """What was taken from others, what they made of ours, and what they lose where the run was cut off between the fail
    mode and the flows."""
    taken = [found for _flow, found in put if found is not None] + list(change.take)
    mine = {"groups": recorded.groups, "meters": recorded.meters}
    numbered = {
        kind: {
            **{number: was for number, was, _after in getattr(change, kind) if was is not None and number not in ours},
            **altered.get(kind, {}),
        }
        for kind, ours in mine.items()
    }
    guards_default = change.fail_mode is not False
    flows = tuple(flow for flow in taken if not is_ours(flow.cookie) and not (guards_default and is_default(flow)))
    others = Others(flows, **numbered).to_params()
    if others:
        item["others"] = others
    if change.fail_mode is not False:
        rest = Others(
            tuple(flow for flow in bridge.flows if not is_ours(flow.cookie) and not is_default(flow)),
            {number: text for number, text in bridge.groups.items() if number not in recorded.groups},
            {number: text for number, text in bridge.meters.items() if number not in recorded.meters},
        ).to_params()
        if rest:
            item["others_if_emptied"] = rest
