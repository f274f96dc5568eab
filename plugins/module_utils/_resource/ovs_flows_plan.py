# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a bridge's tables hold to what they are to hold: the flows, groups and meters to put and to take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .._model.errors import InvalidInput, Problem
from .._model.openflow_cookie import GUARD, GUEST, PLAIN, cookie_of, is_ours, kind_of
from .._model.openflow_others import Others
from .._model.openflow_ports import LOCAL_PORT
from .._model.openflow_text import Flow
from .ovs_flows_uses import going, refuse_users, uses

SECURE = "secure"
# What a bridge without a controller holds by itself unless its fail mode is secure (ofproto/ofproto.c, ofproto_flush__ and
# ofproto/fail-open.c; ovs-vswitchd.conf.db(5), Bridge, fail_mode)
DEFAULT_FLOW = Flow(0, 0, "", "NORMAL")


def is_default(flow):
    """Whether it does what a bridge does by itself, whoever put it there."""
    return (flow.key, flow.actions) == (DEFAULT_FLOW.key, DEFAULT_FLOW.actions)


@dataclass(frozen=True)
class BridgeChange:
    """All that changes on one bridge. ``put``: ``((Flow, found Flow or None, path or None), …)``; ``take``: found flows;
    ``groups`` and ``meters``: ``{number: (text before or None, text after or None)}``; ``fail_mode``: the new one, None
    for none, or False where it stays; ``fail_mode_before``; ``hosts_ports``: names of those that are no guests';
    ``goes_with``: ``{key: {("group" or "meter", number), …}}`` of the flows in ``take`` that a switch would delete with
    these; ``group_paths``: ``{number: path}`` of those listed."""

    name: str
    protocol: str
    put: tuple = ()
    take: tuple = ()
    groups: tuple = ()
    meters: tuple = ()
    fail_mode: object = False
    fail_mode_before: object = None
    hosts_ports: tuple = ()
    goes_with: dict = field(default_factory=dict)
    group_paths: dict = field(default_factory=dict)

    def takes_from_others(self, where):
        """Whether a flow of somebody else's goes that :attr:`Flow.where` describes as ``where``."""
        return any(flow.where == where and not is_ours(flow.cookie) for flow in self.take)


def guard_flows(bridge):
    """Ports that are no guests' stay open, every other port, those of guests yet to come among them, is dropped."""
    cookie = cookie_of(GUARD)
    for name, number in sorted(bridge.ports.items(), key=lambda item: item[1]):
        if name not in bridge.guest_names:
            yield Flow(0, 1, "in_port=%s" % ("LOCAL" if number == LOCAL_PORT else number), "NORMAL", cookie)
    yield Flow(0, 0, "", "drop", cookie)


def _wanted(wish, bridge):
    """``[(Flow with our cookie, path)]`` of all that is stated."""
    for flow, guest in wish.all_flows():
        if flow.path in bridge.meant:
            cookie = cookie_of(GUEST, guest.interface_id) if guest else cookie_of(PLAIN)
            yield replace(bridge.meant[flow.path], cookie=cookie, lasting=()), flow.path
    if wish.guarded:
        for flow in guard_flows(bridge):
            yield flow, wish.path + ".unlisted_ports"


def _once(wanted):
    """``{key: (Flow, path)}``. Raises InvalidInput for two flows in one place, of which a switch keeps the last."""
    found, problems = {}, []
    for flow, path in wanted:
        if flow.key in found and found[flow.key][0] != flow:
            message = (
                "is the same flow as %s: a switch holds one for each table, priority and match" % found[flow.key][1]
            )
            problems.append(Problem(path, flow.where, message))
        found.setdefault(flow.key, (flow, path))
    if problems:
        raise InvalidInput(problems)
    return found


def _stated_kinds(wish):
    kinds = set()
    if wish.flows is not None:
        kinds.add(PLAIN)
    if wish.guest_ports is not None:
        kinds.add(GUEST)
    if wish.guarded is not None:
        kinds.add(GUARD)
    return kinds


def _has_default(bridge, mode):
    return mode != SECURE and not bridge.has_controller


def new_fail_mode(wish, bridge, recorded):
    """The fail mode to set, None for none, or False where it stays."""
    if wish.guarded is True and not bridge.secure:
        return SECURE
    # One that is not the guard's any more was changed since, by whom it may concern.
    if wish.guarded is False and recorded.former_fail_mode is not None and bridge.secure:
        former = None if recorded.former_fail_mode == "none" else recorded.former_fail_mode
        return former if former != bridge.fail_mode else False
    return False


def put_back(wish, bridge):
    """The Others that are to be there: a bridge that was cut off between its fail mode and its flows has none at all."""
    if any(not is_default(flow) for flow in bridge.flows):
        return wish.others
    more = wish.if_emptied
    return Others(
        wish.others.flows + more.flows,
        {**more.groups, **wish.others.groups},
        {**more.meters, **wish.others.meters},
    )


def _flow_changes(wish, bridge, recorded, mode, others, gone):
    """``(put, take, goes_with)``. A flow of somebody else's that is as wished counts as there, and stays when ours go.
    ``gone``: groups and meters that go, as of :func:`uses`."""
    wanted, kinds = _once(_wanted(wish, bridge)), _stated_kinds(wish)
    refuse_users(wish, bridge, recorded, wanted, others, gone)
    there = {flow.key: flow for flow in bridge.flows}
    put, take, goes_with = [], [], {}
    for key, (flow, path) in wanted.items():
        found = there.get(key)
        same = found is not None and found.actions == flow.actions and not found.lasting
        if not same or (is_ours(found.cookie) and found.cookie != flow.cookie):
            put.append((flow, found, path))
    theirs = {flow.key: flow for flow in others.flows}
    put += [
        (flow, there.get(key), wish.path + ".others")
        for key, flow in theirs.items()
        if key not in wanted and there.get(key) != flow
    ]
    has_default = _has_default(bridge, mode)
    default_comes = has_default or (recorded.former_default and wish.guarded is False)
    for key, found in there.items():
        if key in wanted or key in theirs:
            continue
        used = uses(found.actions) & gone
        stated = kind_of(found.cookie) in kinds
        purged = not is_ours(found.cookie) and wish.purge and not (has_default and is_default(found))
        if (stated or (used and is_ours(found.cookie))) and default_comes and key == DEFAULT_FLOW.key:
            put.append((DEFAULT_FLOW, found, None))
        elif stated or purged or used:
            take.append(found)
            if not stated and not purged:
                goes_with[key] = used
    return tuple(put), tuple(take), goes_with


def _numbered_changes(wished, found, ours, purge, theirs, unknown=()):
    """``((number, before, after), …)`` for groups or meters: new and changed ones first. ``unknown``: numbers of those listed
    whose text is not known yet; they stay."""
    if wished is None:
        wished, left = {}, set(found) - set(ours) if purge else set()
    else:
        left = set(found) if purge else set(ours) & set(found)
    wished = {**theirs, **wished}
    changed = [
        (number, found.get(number), text) for number, text in sorted(wished.items()) if found.get(number) != text
    ]
    return tuple(changed + [(number, found[number], None) for number in sorted(left - set(wished) - set(unknown))])


def _unknown_groups(wish, bridge):
    """Numbers of listed groups that name a port which is not there."""
    return {group.number for group in wish.groups or ()} - set(bridge.group_texts)


def plan_bridge(wish, bridge, recorded):
    """The :class:`BridgeChange`. Pure."""
    mode = new_fail_mode(wish, bridge, recorded)
    others = put_back(wish, bridge)
    groups = _numbered_changes(
        None if wish.groups is None else bridge.group_texts,
        bridge.groups,
        recorded.groups,
        wish.purge,
        others.groups,
        _unknown_groups(wish, bridge),
    )
    meters = _numbered_changes(wish.meters, bridge.meters, recorded.meters, wish.purge, others.meters)
    put, take, goes_with = _flow_changes(
        wish, bridge, recorded, bridge.fail_mode if mode is False else mode, others, going(groups, meters)
    )
    return BridgeChange(
        name=wish.name,
        protocol=bridge.protocol,
        put=put,
        take=take,
        groups=groups,
        meters=meters,
        fail_mode=mode,
        fail_mode_before=bridge.fail_mode,
        hosts_ports=tuple(sorted(set(bridge.ports) - bridge.guest_names)),
        goes_with=goes_with,
        group_paths={group.number: group.path for group in wish.groups or ()},
    )


def _kept_numbers(wished, ours, found, unknown=()):
    """Those of ours afterwards: what we made before and what is not there yet or, by consent, taken over."""
    if wished is None:
        return tuple(ours)
    made = {number for number, text in wished.items() if number in ours or found.get(number) != text}
    return tuple(sorted(made | (set(unknown) & set(ours))))


def plan_record(wish, bridge, recorded):
    """The BridgeRecord once all is done; ``bridge`` is None where there is no such bridge yet."""
    parts = {}
    if wish.guest_ports is not None:
        parts["guests"] = {port.interface_id: port.to_record() for port in wish.guest_ports}
    if bridge is not None:
        parts["protocol"] = bridge.protocol or recorded.protocol
        groups = None if wish.groups is None else bridge.group_texts
        parts["groups"] = _kept_numbers(groups, recorded.groups, bridge.groups, _unknown_groups(wish, bridge))
        parts["meters"] = _kept_numbers(wish.meters, recorded.meters, bridge.meters)
        if wish.guarded is True and recorded.former_fail_mode is None:
            parts["former_fail_mode"] = bridge.fail_mode or "none"
            parts["former_default"] = any(is_default(flow) and not is_ours(flow.cookie) for flow in bridge.flows)
        elif wish.guarded is False:
            parts.update(former_fail_mode=None, former_default=False)
    return recorded.changed(**parts)
