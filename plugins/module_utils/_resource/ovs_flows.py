# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows of Open vSwitch's bridges, and what puts those of guests' ports in place when a guest starts."""

from __future__ import annotations

from dataclasses import dataclass

from .._host.ovs_hook import HOOK, hook_text
from .._model.action import DONE, Action, Result
from .._model.errors import Problem
from .._model.openflow_cookie import KINDS, is_ours, kind_of
from .._model.openflow_parse import parse_flows
from .._model.openflow_record import BridgeRecord, record_text
from .libvirt_hooks import put_hook
from .ovs_flows_apply import carry_out
from .ovs_flows_dangers import FAIL_MODE, dangers
from .ovs_flows_notes import notes, pending
from .ovs_flows_plan import BridgeChange, plan_bridge, plan_record
from .ovs_flows_state import DIRECTORY, RECORD, all_wishes, reached, read_state
from .ovs_flows_uses import in_words
from .resource import Resource

AT_START, RECORD_FIELD, HOOK_FIELD = "flows_at_start", "record", "hook"


@dataclass(frozen=True)
class RecordChange:
    """``text``: the record's, or None where it stays; ``hook``: True to put the hook in place, False to remove it."""

    text: object = None
    hook: object = None


class OvsFlows(Resource):
    kind = "ovs_flows"

    def validate(self, params, host):
        desired, problems = parse_flows(params)
        problems.raise_if_any()
        return desired

    def observe(self, host, desired):
        return read_state(host, desired)

    def undo(self, desired, before, actions):
        from .ovs_flows_undo import lead_back  # only a run that changes something needs it

        return lead_back(before, actions)

    def missing(self, desired, state):
        found = self._missing(desired, state)
        return [] if desired.skips and not state.unavailable else found

    @staticmethod
    def _missing(desired, state):
        if state.unavailable:
            return [Problem("bridges", ", ".join(desired.names), state.unavailable)] if desired.bridges else []
        problems = []
        for wish in desired.bridges:
            bridge = state.bridges.get(wish.name)
            if bridge is None:
                problems.append(
                    Problem(
                        wish.path + ".name",
                        wish.name,
                        "is no bridge of Open vSwitch on this host: make it first, with ovs_bridge",
                    )
                )
            elif bridge.protocol is None and (wish.asks or wish.name in state.record):
                message = "speaks neither OpenFlow14 nor OpenFlow15, which bundles need: add one to its protocols, with ovs_bridge"
                problems.append(Problem(wish.path + ".name", wish.name, message))
            else:
                problems += bridge.lacking
        return problems

    def _wanted_record(self, desired, state):
        """``{bridge: BridgeRecord}`` once all is done."""
        record = dict(state.record)
        for wish in all_wishes(desired, state):
            bridge = state.at(wish.name)
            gone = wish.path == "purge" and bridge is None and not state.unavailable
            record[wish.name] = BridgeRecord() if gone else plan_record(wish, bridge, state.recorded(wish.name))
        # A port sits on one bridge: of two entries the hook would take the wrong one, and refuse the guest's start.
        listed = {port.interface_id: wish.name for wish in desired.bridges for port in wish.guest_ports or ()}
        for name, kept in record.items():
            guests = {key: port for key, port in kept.guests.items() if listed.get(key, name) == name}
            record[name] = kept.changed(guests=guests)
        return record

    @staticmethod
    def _until_done(wanted, state):
        """The record while it is done: what was ours stays so, because a step may fail."""
        kept = dict(wanted)
        for name, before in state.record.items():
            after = kept[name]
            kept[name] = after.changed(
                groups=tuple(sorted(set(before.groups) | set(after.groups))),
                meters=tuple(sorted(set(before.meters) | set(after.meters))),
                former_fail_mode=after.former_fail_mode or before.former_fail_mode,
                former_default=after.former_default or before.former_default,
            )
        return kept

    def plan(self, desired, state):
        wanted = self._wanted_record(desired, state)
        texts = [record_text(record) for record in (state.record, self._until_done(wanted, state), wanted)]
        actions = list(self._start_actions(wanted, state))
        first = RecordChange(texts[1])
        if texts[1] != texts[0] and not actions:
            actions.append(Action(RECORD, RECORD_FIELD, "as before", "what is ours now", "differs"))
        actions = [_with(action, first) for action in actions]
        needed = any(record.guests for record in wanted.values())
        if needed and state.hook != hook_text():
            reason = "puts flows of guests' ports in place when they start"
            before = "absent" if state.hook is None else "another version"
            actions.append(Action(HOOK, HOOK_FIELD, before, "present", reason, data=RecordChange(hook=True)))
        for wish, bridge in reached(desired, state):
            actions += self._bridge_actions(wish, bridge, state)
        if texts[2] != texts[1]:
            actions.append(
                Action(
                    RECORD,
                    RECORD_FIELD,
                    "with what goes",
                    "without it",
                    "what went is no longer ours",
                    data=RecordChange(texts[2]),
                )
            )
        if not needed and state.hook is not None:
            actions.append(
                Action(
                    HOOK, HOOK_FIELD, "present", "absent", "no guest's port has flows", data=RecordChange(hook=False)
                )
            )
        return actions

    @staticmethod
    def _start_actions(wanted, state):
        for name in sorted(set(wanted) | set(state.record)):
            before = state.recorded(name).guests
            after = wanted[name].guests
            for key in sorted(set(before) | set(after)):
                if before.get(key) != after.get(key):
                    reason = (
                        "flows of %s's port, put in place whenever it starts"
                        % (after.get(key) or before.get(key))["guest"]
                    )
                    yield Action(
                        "%s/%s" % (name, key),
                        AT_START,
                        _shown_port(before.get(key)),
                        _shown_port(after.get(key)),
                        reason,
                    )

    @staticmethod
    def _bridge_actions(wish, bridge, state):
        change = plan_bridge(wish, bridge, state.recorded(wish.name))
        for number, before, after in change.meters:
            yield Action(change.name, "meter %d" % number, before, after, _why(before, after), data=change)
        for number, before, after in change.groups:
            yield Action(change.name, "group %d" % number, before, after, _why(before, after), data=change)
        for flow in change.take:
            reason = "ours, and not listed" if is_ours(flow.cookie) else "purge"
            if flow.key in change.goes_with:
                reason = "goes with %s, which it uses" % in_words(change.goes_with[flow.key])
            yield Action(change.name, flow.where, flow.actions, None, reason, data=change)
        for flow, found, path in change.put:
            reason = (
                "what a bridge does by itself"
                if path is None
                else "%s is not there" % path
                if found is None
                else "%s differs" % path
            )
            yield Action(change.name, flow.where, found and found.actions, flow.actions, reason, data=change)
        if change.fail_mode is not False:
            reason = (
                "without flows nothing is forwarded" if change.fail_mode == "secure" else "as it was before the guard"
            )
            yield Action(change.name, FAIL_MODE, bridge.fail_mode, change.fail_mode, reason, data=change)

    def dangers(self, host, desired, state, actions):
        return dangers(desired, state, actions)

    def disturbs(self, action):
        change = action.data
        cuts = isinstance(change, BridgeChange) and (
            action.field == FAIL_MODE or change.takes_from_others(action.field)
        )
        return (action.target,) + change.hosts_ports if cuts else ()

    def pending(self, desired, state):
        return pending(desired, state)

    def notes(self, desired, state):
        if desired.skips:
            yield from ("left out: %s" % problem for problem in self._missing(desired, state))
        yield from notes(desired, state)

    def facts(self, outcome):
        """Known from the files' times, so that a run which ended between the hook and libvirt's restart is made up for."""
        new = any(action.target == HOOK and action.before == "absent" for action in outcome.actions)
        return {"hook_installed": new or (outcome.after.hook is not None and outcome.after.unnoticed)}

    def batches(self, actions):
        """The record first: a guest that starts meanwhile gets its flows. Then each bridge, and what went from the record last."""
        groups = []
        for action in actions:
            if groups and groups[-1][-1].data is action.data:
                groups[-1].append(action)
            else:
                groups.append([action])
        return groups

    def apply(self, host, batch):
        change = batch[0].data
        if isinstance(change, RecordChange):
            self._write(host, change)
        else:
            carry_out(host, change)
        return [Result(action, DONE) for action in batch]

    @staticmethod
    def _write(host, change):
        if change.text is not None:
            host.files.make_directory(DIRECTORY)
            host.files.replace(RECORD, change.text, 0o600)
        if change.hook is True:
            put_hook(host, HOOK, hook_text())
        elif change.hook is False:
            host.files.remove(HOOK)

    def show(self, state):
        return {
            name: {
                "fail_mode": bridge.fail_mode,
                "flows": {
                    "%s (%s)" % (flow.where, KINDS.get(kind_of(flow.cookie), "others'")): flow.actions
                    for flow in bridge.flows
                },
                "groups": bridge.groups,
                "meters": bridge.meters,
                "flows_at_start": {key: _shown_port(port) for key, port in state.recorded(name).guests.items()},
            }
            for name, bridge in state.bridges.items()
        }


def _with(action, data):
    return Action(action.target, action.field, action.before, action.after, action.reason, data=data)


def _why(before, after):
    return "not listed" if after is None else "is not there" if before is None else "differs"


def _shown_port(port):
    """A port's flows as the user wrote them, one a line; None for none."""
    if port is None:
        return None
    lines = [
        "table=%d,priority=%d%s,actions=%s"
        % (flow["table"], flow["priority"], "," + flow["match"] if flow["match"] else "", flow["actions"])
        for flow in port["flows"]
    ]
    return {"protected": port["protected"], "flows": lines}
