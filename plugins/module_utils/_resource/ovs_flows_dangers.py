# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes of flows would take from somebody."""

from __future__ import annotations

from .._model.errors import Danger
from .._model.openflow_cookie import is_ours
from .ovs_flows_plan import is_default, plan_bridge
from .ovs_flows_state import reached
from .ovs_flows_uses import uses

FAIL_MODE = "fail_mode"


def _closed(wish, bridge, change, recorded):
    """Guests that a secure bridge let through, and whose ports the guard closes."""
    listed = recorded.guests if wish.guest_ports is None else {port.interface_id for port in wish.guest_ports}
    served = {bridge.guests[key] for key in listed if key in bridge.guests}
    closed = tuple("the guest's port %s" % port.name for port in bridge.guests_besides(()) if port.name not in served)
    for flow, found, _path in change.put:
        if closed and wish.guarded and found is not None and is_default(found):
            what = "closing ports of %s without listed flows" % wish.name
            yield Danger("flow:%s/%s" % (wish.name, flow.where), what, closed)


def _users(change, bridge, gone):
    """Whoever uses a group or meter that goes and is none of ours: nobody spoke of their flows and groups."""
    for flow in change.take:
        if gone in change.goes_with.get(flow.key, ()) and not is_ours(flow.cookie):
            yield "the flow %s,actions=%s of somebody else's (cookie 0x%x), which goes with it" % (
                flow.where,
                flow.actions,
                flow.cookie,
            )
    changed = {number for number, _before, _after in change.groups}
    for number, text in bridge.groups.items():
        if gone in uses(text) and number not in changed:
            yield "group %d (%s), which names it" % (number, text)


def _numbered(change, bridge, recorded):
    """Of groups and meters."""
    for kind, changes, ours in (
        ("group", change.groups, recorded.groups),
        ("meter", change.meters, recorded.meters),
    ):
        for number, before, after in changes:
            consent = "%s:%s/%d" % (kind, change.name, number)
            if after is None:
                users = tuple(_users(change, bridge, (kind, number)))
                if users:
                    yield Danger(consent, "removing %s %d of %s" % (kind, number, change.name), users)
            elif before is not None and number not in ours:
                users = ("whoever made it (%s)" % before,)
                yield Danger(consent, "changing %s %d of %s" % (kind, number, change.name), users)


def _replaced(change):
    """Flows of somebody else's that ours take the place of."""
    for flow, found, path in change.put:
        taken = found is not None and not is_ours(found.cookie) and path is not None
        if taken and not is_default(found):
            users = ("whoever put %s there (cookie 0x%x)" % (found.actions, found.cookie),)
            what = "%s, in place of the flow of the same match," % path
            yield Danger("flow:%s/%s" % (change.name, flow.where), what, users)


def dangers(desired, state, actions):
    """A Danger for each."""
    moved = {action.target for action in actions if action.field == FAIL_MODE}
    for wish, bridge in reached(desired, state):
        recorded = state.recorded(wish.name)
        change = plan_bridge(wish, bridge, recorded)
        guests = sorted(name for name in bridge.guest_names if name in bridge.ports)
        if wish.name in moved and guests:
            what = "changing fail_mode of %s, which empties its tables for a moment," % wish.name
            yield Danger("fail_mode:%s" % wish.name, what, tuple("the guest's port %s" % name for name in guests))
        if wish.name not in moved:
            yield from _closed(wish, bridge, change, recorded)
        yield from _replaced(change)
        yield from _numbered(change, bridge, recorded)
