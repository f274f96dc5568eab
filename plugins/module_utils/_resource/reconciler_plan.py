# SPDX-License-Identifier: GPL-3.0-or-later
"""From what of the reconciler is on a host to what is to be there."""

from __future__ import annotations

from dataclasses import dataclass

from .._host import engine_file
from .._model.action import UNKNOWN, Action
from .._model.reconciler_hook import HOOK, HOOK_TEXT
from .._model.reconciler_rules import RULES, rules_text
from .._model.reconciler_units import STARTED, TIMER, UNITS, unit_texts
from .reconciler_state import ABSENT, DESIRED, OTHER, PRESENT, unit_path

KEPT = "desired state"  # the target; its fields are kinds of resources
SYSTEMD = "systemd"
CONTENT, ENABLED, ACTIVE, FAILED, READ = "content", "enabled", "active", "failed", "unit files"
# the steps, each applied together
ENGINE, STATE, UNIT_FILES, SWITCHES, HOOK_FILE, RULE_FILE, RUN_FILES = (
    "engine state units switches hook rules run".split()
)


@dataclass(frozen=True)
class Step:
    """``step``: with which others it is applied; ``value``: the file's whole text or bytes, the resources to keep, or None
    for what goes."""

    step: str
    value: object = None


def wanted_files(wish, unmanaged, python):
    """``{path: text}`` of all files but the engine and the desired state."""
    if not wish.present:
        return {}
    files = {unit_path(name): text for name, text in unit_texts(python, wish.interval).items()}
    files[HOOK] = HOOK_TEXT
    files[RULES] = rules_text(unmanaged)
    return files


_WHY = {
    HOOK: "asks for a pass when a guest starts or ends",
    RULES: "asks for a pass when hardware comes, and keeps network managers off what guests own",
}


def _file_action(path, files, state, step):
    before, after = state.files.get(path), files.get(path)
    if before != after:
        shown = ABSENT if before is None else OTHER if after is not None else PRESENT
        reason = _WHY.get(path, "runs passes") if after is not None else "nothing is kept here any more"
        yield Action(path, CONTENT, shown, ABSENT if after is None else PRESENT, reason, data=Step(step, after))


def _engine_actions(wish, state):
    if wish.present and state.archive:
        reason = "what a pass runs, without Ansible"
        yield Action(engine_file.PATH, CONTENT, state.engine, PRESENT, reason, data=Step(ENGINE, state.archive))
    elif not wish.present and state.engine != ABSENT and not state.run_open:
        yield Action(engine_file.PATH, CONTENT, PRESENT, ABSENT, "nothing is kept here any more", data=Step(ENGINE))


def _state_actions(wish, state):
    if not wish.present:
        if state.resources is not None:
            yield Action(KEPT, DESIRED, PRESENT, ABSENT, "nothing is kept here any more", data=Step(STATE))
        return
    step, known = Step(STATE, wish.resources), isinstance(state.resources, dict)
    before = state.resources if known else {}
    if not known:
        found = ABSENT if state.resources is None else "unreadable: %s" % state.damage
        yield Action(KEPT, DESIRED, found, PRESENT, "what passes lead the host to", data=step)
    for kind in sorted(set(before) | set(wish.resources)):
        if before.get(kind) != wish.resources.get(kind):
            yield Action(KEPT, kind, before.get(kind), wish.resources.get(kind), "differs", data=step)


def _off_actions(names, state):
    """Of units that go, before their files do: systemctl needs these. The services are left to their end: one of them may
    be what runs this."""
    for name in names:
        unit = state.units[name]
        if unit.active and name in STARTED:
            yield Action(name, ACTIVE, True, False, "goes", data=Step(SWITCHES))
        if unit.enabled:
            yield Action(name, ENABLED, True, False, "goes", data=Step(SWITCHES))


def _on_actions(names, state):
    for name in names:
        unit = state.units[name]
        if not unit.enabled:
            yield Action(name, ENABLED, False, True, "starts at boot", data=Step(SWITCHES))
        if not unit.active and name in STARTED:
            yield Action(name, ACTIVE, False, True, "waits for events and for its time", data=Step(SWITCHES))


def plan(wish, state, python):
    """What reads comes after what it reads, so that whatever is cut off in between starts nothing that is not whole."""
    files = wanted_files(wish, state.guest_vfs if wish.unmanaged is None else wish.unmanaged, python)
    here = [name for name in UNITS if unit_path(name) in files]
    gone = [name for name in UNITS if name not in here]
    on = [*_engine_actions(wish, state), *_state_actions(wish, state)]
    changed = [action for name in UNITS for action in _file_action(unit_path(name), files, state, UNIT_FILES)]
    if not changed and any(unit.stale for unit in state.units.values()):
        changed = [Action(SYSTEMD, READ, "of before", "as they are", "changed since", data=Step(UNIT_FILES))]
    if not wish.present:
        changed += [
            Action(name, FAILED, True, False, "goes", data=Step(UNIT_FILES))
            for name in UNITS
            if state.units[name].failed
        ]
    hook = list(_file_action(HOOK, files, state, HOOK_FILE))
    rules = list(_file_action(RULES, files, state, RULE_FILE))
    switched_off = list(_off_actions(gone, state))
    if wish.present:
        return on + switched_off + changed + hook + rules + list(_on_actions(here, state))
    run = [Action(path, CONTENT, PRESENT, ABSENT, "goes", data=Step(RUN_FILES)) for path in state.runtime]
    return switched_off + rules + hook + changed + run + on[::-1]


def former_wish(wish_type, state, interval, unmanaged):
    """The wish that leads to ``state``, as far as one can."""
    if state.resources is None:
        return wish_type(False)
    return wish_type(True, {} if state.resources is UNKNOWN else state.resources, interval, unmanaged)


def timer_text(state):
    return state.files.get(unit_path(TIMER), "")
