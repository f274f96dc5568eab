# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows, groups, meters and the guard as they were, as parameters."""

from __future__ import annotations

import re

from .._host.ovs_hook import HOOK
from .._model.openflow_cookie import GUARD, GUEST, PLAIN, is_ours, kind_of
from .._model.openflow_others import Others
from .._model.openflow_wish import ALLOW, DROP
from .._model.undo import Undo
from .ovs_flows_plan import DEFAULT_FLOW, BridgeChange, is_default
from .ovs_flows_state import RECORD

_METER = re.compile(r"(kbps|pktps)( burst)? bands=\s*type=drop rate=(\d+)(?: burst_size=(\d+))?")


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
    params = {"bridges": bridges, "missing": "skip"} if bridges else None
    return Undo(params, tuple(dict.fromkeys(consents)), tuple(uncovered))


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
    if change.groups or emptied:
        item["groups"] = [
            _group(number, bridge.groups[number]) for number in recorded.groups if number in bridge.groups
        ]
    if change.meters or emptied:
        item["meters"] = [
            _meter(number, bridge.meters[number]) for number in recorded.meters if number in bridge.meters
        ]
    _others(change, bridge, recorded, put, item)
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


def _guard(change, bridge, recorded, kinds, item, consents):
    if GUARD not in kinds and change.fail_mode is False:
        return
    guarded = recorded.former_fail_mode is not None
    item["unlisted_ports"] = DROP if guarded and bridge.secure else ALLOW
    if item["unlisted_ports"] == DROP:
        consents.append("flow:%s/%s" % (change.name, DEFAULT_FLOW.where))


def _guest_ports(recorded):
    return [dict(port, interface_id=interface_id) for interface_id, port in sorted(recorded.guests.items())]


def _group(number, text):
    kind, *buckets = text.split(",bucket=")
    return {"id": number, "type": kind.partition("=")[2], "buckets": buckets}


def _meter(number, text):
    unit, _flag, rate, burst = _METER.fullmatch(text).groups()
    return dict({"id": number, "unit": unit, "rate": int(rate)}, **({"burst": int(burst)} if burst else {}))


def _others(change, bridge, recorded, put, item):
    """What was taken from others, and what they lose where the run was cut off between the fail mode and the flows."""
    taken = [found for _flow, found in put if found is not None] + list(change.take)
    mine = {"groups": recorded.groups, "meters": recorded.meters}
    numbered = {
        kind: {
            number: was for number, was, _after in getattr(change, kind) if was is not None and number not in mine[kind]
        }
        for kind in mine
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
