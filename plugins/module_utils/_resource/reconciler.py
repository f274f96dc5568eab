# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a host as it was confirmed, without Ansible: the desired state, the engine, and what starts it."""

from __future__ import annotations

import sys

from .._host import engine_file
from .._model.action import DONE, UNKNOWN, Result
from .._model.errors import InvalidInput, Problem
from .._model.reconciler_rules import RULES, unmanaged_in
from .._model.reconciler_units import UNITS, interval_in, unit_texts
from .._model.reconciler_wish import ReconcilerWish, parse_reconciler
from .._model.undo import Undo
from .reconciler_plan import former_wish, plan, timer_text
from .reconciler_state import ABSENT, OTHER, read_state
from .resource import Resource

PYTHON = "/usr/bin/python3"


class Reconciler(Resource):
    """``make_archive``: from the engine's bytes that are installed to those that should be; without it, as on the host
    itself, the engine is taken as it is. ``python``: the interpreter that runs passes."""

    kind = "reconciler"

    def __init__(self, make_archive=None, python=None):
        self._make_archive = make_archive
        self._python = python or sys.executable or PYTHON

    def validate(self, params, host):
        wish = parse_reconciler(params)
        try:
            unit_texts(self._python, wish.interval)
        except ValueError as error:
            message = "%s, and could not be started at boot: run with another ansible_python_interpreter" % error
            raise InvalidInput([Problem("ansible_python_interpreter", self._python, message)]) from None
        return wish

    def observe(self, host, desired):
        return read_state(host, desired, self._make_archive)

    def missing(self, desired, state):
        if not desired.present:
            return []
        problems = [
            Problem("state", "present", "needs %s, which is masked: `systemctl unmask %s`" % (name, name))
            for name in UNITS
            if state.units[name].masked
        ]
        if state.engine == ABSENT and not state.archive:
            problems.append(Problem("state", "present", "needs %s, which is gone: run the module" % engine_file.PATH))
        return problems

    def plan(self, desired, state):
        return plan(desired, state, self._python)

    def undo(self, desired, before, actions):
        if before.resources is UNKNOWN:
            return Undo(uncovered=("what was kept before could not be read (%s) and is not put back" % before.damage,))
        interval, unmanaged = interval_in(timer_text(before)), unmanaged_in(before.files.get(RULES))
        wish = former_wish(ReconcilerWish, before, interval, unmanaged)
        params = {"state": "absent"}
        if wish.present:
            params = {
                "state": "present",
                "resources": wish.resources,
                "interval": interval,
                "unmanaged": list(unmanaged),
            }
        return Undo(params=params, uncovered=tuple(self._not_put_back(wish, before, actions)))

    def _not_put_back(self, wish, before, actions):
        """What differed already from what leading back makes, and the engine, which reads older states too."""
        for action in self.plan(wish, before):
            if action.target != engine_file.PATH:
                yield "%s of %s was %s, and will be %s" % (action.field, action.target, action.before, action.after)
        if any(action.target == engine_file.PATH and action.before == OTHER for action in actions):
            yield "%s stays in its new version, which reads what was kept before" % engine_file.PATH

    def notes(self, desired, state):
        for name in state.unknown_vfs:
            yield "network managers are not kept off virtual function %s: it is not known where it will be" % name
        for manager in state.managers:
            yield str(manager)
        if not desired.present and state.run_open:
            yield (
                "%s stays, because a run is open, which it carries: run again when that is confirmed" % engine_file.PATH
            )

    def facts(self, outcome):
        kept = outcome.after.resources if isinstance(outcome.after.resources, dict) else {}
        return {"hook_installed": outcome.after.unnoticed, "kept": sorted(kept)}

    def batches(self, actions):
        groups = []
        for action in actions:
            if groups and groups[-1][-1].data.step == action.data.step:
                groups[-1].append(action)
            else:
                groups.append([action])
        return groups

    def apply(self, host, batch):
        from .reconciler_apply import carry_out

        carry_out(host, batch)
        return [Result(action, DONE) for action in batch]

    def show(self, state):
        return {
            "resources": "unreadable" if state.resources is UNKNOWN else state.resources,
            "engine": state.engine,
            "files": state.files,
            "units": {name: {"enabled": unit.enabled, "active": unit.active} for name, unit in state.units.items()},
        }
