# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out what changes on one bridge: one bundle, and around it what a bundle cannot hold."""

from __future__ import annotations

from .._host.ofctl import BundleRefused
from .._model.errors import ApplyFailed, Unsupported, VnicError
from .._model.openflow_text import meter_line
from .ovs_flows_plan import SECURE


def group_line(number, text):
    return "group_id=%d,%s" % (number, text)


def bundle_lines(change):
    """Groups before the flows that may use them, flows that go before those that come, groups that go last: with a group
    go the flows that use it (OpenFlow 1.4, 6.7)."""
    lines = []
    for number, before, after in change.groups:
        if after is not None:
            lines.append("group %s %s" % ("add" if before is None else "modify", group_line(number, after)))
    lines += ["flow delete_strict " + flow.to_delete() for flow in change.take]
    lines += ["flow add " + flow.to_add() for flow, _found, _path in change.put]
    lines += ["group delete group_id=%d" % number for number, _before, after in change.groups if after is None]
    return lines


def _told(change, error):
    """The refusal, with the place in the user's own list of the flow that the switch names."""
    if error.flow is not None:
        for flow, _found, path in change.put:
            if flow.key == error.flow.key:
                return "%s (%s,actions=%s): refused by the switch with %s" % (
                    path or "the default flow",
                    flow.where,
                    flow.actions,
                    error.error,
                )
        return "%s,actions=%s: refused by the switch with %s" % (error.flow.where, error.flow.actions, error.error)
    return error.cause


def _forward_again(host, change):
    """A secure bridge without flows forwards nothing, not even the connection to the host: rather as before."""
    if change.fail_mode == SECURE:
        try:
            host.ovs.set_bridge(change.name, "fail_mode", change.fail_mode_before, wait=False)
        except VnicError:
            pass  # what led here is told


def _change_fail_mode(host, change):
    """A bridge whose fail mode changes loses flows, groups and meters (recorded with 3.1 and 3.5): put them back at once."""
    name, protocol = change.name, change.protocol
    flows, groups, meters = (
        host.ofctl.flows(name, protocol),
        host.ofctl.groups(name, protocol),
        host.ofctl.meters(name, protocol),
    )
    try:
        host.ovs.set_bridge(name, "fail_mode", change.fail_mode)
    except VnicError:
        _forward_again(host, change)
        raise
    try:
        _put_back(host, change, flows, groups, meters)
    except (ApplyFailed, Unsupported) as error:
        _forward_again(host, change)
        raise ApplyFailed(
            "ovs-ofctl bundle %s" % name,
            "the fail mode of %s was changed, which emptied its tables, and what was there is not taken back: %s; run again to put ours back"
            % (name, error.cause if isinstance(error, ApplyFailed) else error),
        ) from None


def _put_back(host, change, flows, groups, meters):
    name, protocol = change.name, change.protocol
    left = host.ofctl.meters(name, protocol)
    for number, text in meters.items():
        if number not in left:
            host.ofctl.meter(name, protocol, "add", meter_line(number, text))
    left = host.ofctl.groups(name, protocol)
    lines = ["group add " + group_line(number, text) for number, text in groups.items() if number not in left]
    host.ofctl.bundle(name, protocol, lines + ["flow add " + flow.to_add() for flow in flows])


def _undo_meters(host, change):
    for number, before, after in change.meters:
        if after is not None:
            verb, line = ("del", "meter=%d" % number) if before is None else ("mod", meter_line(number, before))
            host.ofctl.meter(change.name, change.protocol, verb, line)


def carry_out(host, change):
    """Raises ApplyFailed; a bundle that the switch refuses leaves the flows and groups as they were."""
    name, protocol = change.name, change.protocol
    for number, before, after in change.meters:
        if after is not None:
            host.ofctl.meter(name, protocol, "add" if before is None else "mod", meter_line(number, after))
    lines = bundle_lines(change)
    if lines:
        try:
            host.ofctl.bundle(name, protocol, lines)
        except BundleRefused as error:
            _undo_meters(host, change)
            raise ApplyFailed(error.command, "nothing was changed: %s" % _told(change, error)) from None
    if change.fail_mode is not False:
        _change_fail_mode(host, change)
    for number, _before, after in change.meters:
        if after is None:
            host.ofctl.meter(name, protocol, "del", "meter=%d" % number)
