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


def _told_group(change, number):
    texts = {each: after for each, _before, after in change.groups}
    line = group_line(number, texts[number]) if texts.get(number) else "group_id=%d" % number
    return "%s (%s)" % (change.group_paths.get(number, "a group of others"), line)


def _told_flow(change, flow):
    for wanted, _found, path in change.put:
        if wanted.key == flow.key:
            return "%s (%s,actions=%s)" % (path or "the default flow", wanted.where, wanted.actions)
    return "%s,actions=%s" % (flow.where, flow.actions)


def _told_line(change, line):
    """``line``: one of :func:`bundle_lines`."""
    kind, verb, text = line.split(" ", 2)
    if kind == "group":
        return _told_group(change, int(text.partition(",")[0][len("group_id=") :]))
    for flow, _found, _path in change.put:
        if verb == "add" and text == flow.to_add():
            return _told_flow(change, flow)
    return line


def _told(change, lines, error):
    """The refusal, with the place in the user's own list of what the switch or ovs-ofctl names."""
    if error.line is not None and 1 <= error.line <= len(lines):
        return "%s: refused by ovs-ofctl: %s" % (_told_line(change, lines[error.line - 1]), error.cause)
    if error.flow is not None:
        return "%s: refused by the switch with %s" % (_told_flow(change, error.flow), error.error)
    if error.group is not None:
        return "%s: refused by the switch with %s" % (_told_group(change, error.group), error.error)
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
    """Sentences on those that are not as they were: what led here must not be hidden by them."""
    for number, before, after in change.meters:
        if after is not None:
            verb, line = ("del", "meter=%d" % number) if before is None else ("mod", meter_line(number, before))
            try:
                host.ofctl.meter(change.name, change.protocol, verb, line)
            except VnicError as error:
                yield "meter %d is not as it was: %s" % (number, getattr(error, "cause", error))


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
            left, told = list(_undo_meters(host, change)), _told(change, lines, error)
            if left:
                raise ApplyFailed(error.command, "%s; and %s" % (told, "; ".join(left))) from None
            raise ApplyFailed(error.command, "nothing was changed: %s" % told) from None
    if change.fail_mode is not False:
        _change_fail_mode(host, change)
    for number, _before, after in change.meters:
        if after is None:
            host.ofctl.meter(name, protocol, "del", "meter=%d" % number)
