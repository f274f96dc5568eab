# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges of Open vSwitch with their ports, mirrors and queues."""

from __future__ import annotations

from dataclasses import replace

from .._host.ovs import NOT_RUNNING
from .._model.action import SERVICE_START, Pending
from .._model.errors import Problem
from .._model.fields import Problems
from .._model.ovs_columns import BRIDGE, INTERFACE, INTERFACE_MAPS, MAPS, PORT
from .._model.ovs_parse import parse_bridges
from .ovs_bridge_apply import carry_out
from .ovs_bridge_dangers import dangers
from .ovs_bridge_plan import going, plan_all
from .ovs_bridge_state import read_state
from .ovs_free_names import unlisted
from .ovs_mirror_plan import mirror_fields, ports_of
from .ovs_record import shown
from .ovs_switch_plan import HW_OFFLOAD, SWITCH, restart_left
from .resource import Resource

_ABSENT = (
    "does not exist on this host: a device must be there before a bridge takes it (another kind of port has a type)"
)


class OvsBridge(Resource):
    kind = "ovs_bridge"

    def validate(self, params, host):
        problems = Problems()
        desired = parse_bridges(params, problems)
        problems.raise_if_any()
        return desired

    def observe(self, host, desired):
        return read_state(host, desired)

    def undo(self, desired, before, actions):
        from .ovs_bridge_undo import lead_back  # only a run that changes something needs it

        return lead_back(before, actions)

    def missing(self, desired, state):
        problems = list(self._missing(desired, state))
        return [] if desired.skips and state.unavailable is None else problems

    def _missing(self, desired, state):
        present = [wish for wish in desired.bridges if wish.present]
        # without Open vSwitch all is gone; a database that is down still has it
        asked = desired.bridges if state.installed else present
        if state.unavailable is not None and (asked or desired.purge and state.installed):
            yield Problem("bridges", [wish.name for wish in asked], "needs Open vSwitch: %s" % state.unavailable)
        # without Open vSwitch it is off; a database that is down may say on
        if state.unavailable is not None and (desired.hw_offload or desired.hw_offload is False and state.installed):
            yield Problem(HW_OFFLOAD, desired.hw_offload, "needs Open vSwitch: %s" % state.unavailable)
        gone = going(desired, state)
        for wish in present:
            found = state.bridges.get(wish.name) if wish.name not in gone else None
            stay = set(found.ports) if found is not None else set()
            if found is not None and wish.purge_ports:
                stay -= set(unlisted(wish, found, state))
            there = stay - set(wish.leaving) | {port.name for port in wish.staying} | {wish.name}
            for port in wish.staying:
                yield from self._missing_devices(port, wish, state)
            for mirror in wish.mirrors or ():
                for name in ports_of(mirror) if mirror.present else ():
                    if name not in there:
                        yield Problem(
                            mirror.path,
                            name,
                            "is no port of %s: a mirror copies between ports of its own bridge" % wish.name,
                        )

    @staticmethod
    def _missing_devices(port, wish, state):
        if port.name == wish.name or port.type not in (None, "system"):
            return
        for name in port.members:
            interface = state.interfaces.get(name)
            made_by_us = interface is not None and interface.type != "system"
            bond = (
                port.interfaces is None and port.name in state.ports and name not in state.ports[port.name].interfaces
            )
            if name not in state.links and not made_by_us and not bond:
                yield Problem("%s.name" % port.path, name, _ABSENT)

    def _reached(self, desired, state):
        """``(desired, problems)``: without the ports whose devices are not there, and without the mirrors of such ports."""
        told = []
        while True:
            problems = list(self._missing(desired, state))
            lacking = {problem.path.rpartition(".name")[0] or problem.path for problem in problems}
            if not lacking:
                return desired, told
            told += problems
            bridges = []
            for wish in desired.bridges:
                ports = wish.ports and tuple(port for port in wish.ports if port.path not in lacking)
                mirrors = wish.mirrors and tuple(mirror for mirror in wish.mirrors if mirror.path not in lacking)
                bridges.append(replace(wish, ports=ports, mirrors=mirrors))
            if tuple(bridges) == desired.bridges:
                return desired, told
            desired = replace(desired, bridges=tuple(bridges))

    def plan(self, desired, state):
        return list(plan_all(self._reached(desired, state)[0] if desired.skips else desired, state))

    def dangers(self, host, desired, state, actions):
        return dangers(host, desired, state, actions)

    def disturbs(self, action):
        return action.data.disturbed

    def pending(self, desired, state):
        if state.unavailable is not None or state.switch != NOT_RUNNING:
            return
        reason = "it is in the database, and ovs-vswitchd is not running"
        if desired.hw_offload and state.hw_offload:
            yield Pending(SWITCH, HW_OFFLOAD, False, True, SERVICE_START, reason)
        for wish in desired.bridges:
            if wish.present and wish.name in state.bridges:
                yield Pending(wish.name, "state", None, "present", SERVICE_START, reason)

    def leads(self, params):
        return {(SWITCH, HW_OFFLOAD)} if params.get(HW_OFFLOAD) is not None else ()

    def remarks(self, actions):
        return restart_left(actions)

    def notes(self, desired, state):
        if desired.skips:
            yield from ("left out: %s" % problem for problem in self._reached(desired, state)[1])
        for wish in desired.bridges:
            for name in (wish.name,) + tuple(member for port in wish.staying for member in port.members):
                interface = state.interfaces.get(name)
                if wish.present and interface is not None and interface.error:
                    yield "%s/%s/%s is in error: ovs-vswitchd says: %s" % (
                        interface.bridge,
                        interface.port,
                        name,
                        interface.error,
                    )

    def apply(self, host, batch):
        return carry_out(host, batch)

    def show(self, state):
        names = state.port_names()
        bridges = {
            bridge.name: dict(
                _settings(bridge.row, BRIDGE + MAPS),
                controllers=bridge.targets,
                mirrors={name: _mirrors(rows, names) for name, rows in bridge.mirrors.items()},
                ports={name: _port(state.ports[name], state) for name in bridge.ports},
            )
            for bridge in state.bridges.values()
        }
        return dict(bridges, **{SWITCH: {HW_OFFLOAD: state.hw_offload}})


def _settings(row, columns):
    return {column.parameter: shown(column.read(row)) for column in columns}


def _mirrors(rows, names):
    """The one mirror of a name; a list where others made several."""
    found = [mirror_fields(row, names) for row in rows]
    return found if len(found) > 1 else found[0]


def _port(port, state):
    interfaces = {
        name: dict(_settings(state.interfaces[name].row, INTERFACE + INTERFACE_MAPS), type=state.interfaces[name].type)
        for name in port.interfaces
    }
    return dict(_settings(port.row, PORT + MAPS), interfaces=interfaces, qos=port.qos)
