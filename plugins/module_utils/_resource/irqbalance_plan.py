# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeping irqbalance off the functions whose interrupts are placed."""

from __future__ import annotations

from .._model.action import DONE, FAILED, UNKNOWN, Action, Result
from .._model.environment_file import with_setting
from .._model.errors import ApplyFailed, Conflict, InvalidInput, Problem, Unsupported
from .._model.irq_wish import NONE
from .._model.irqbalance_settings import (
    ARGUMENTS,
    BANNED_CPUS,
    BANNED_MASK,
    DIRECTORY,
    is_ours,
    script_path,
    script_text,
    with_policy_script,
)
from .device_irqs import AFFINITY
from .irqbalance import UNIT

TARGET = "irqbalance"
KEPT_OFF, BANNED, RESTART, OLD_SCRIPTS = "kept_off", "banned_cpus", "running_policy", "old_policies"
EXACT = "settings"
_LEAVE = "or say 'irqbalance: leave'"


def plan_irqbalance(desired, state):
    """The actions, in order: its settings, its restart, what nobody needs any more."""
    balance = state.balance
    if not desired.concerns_irqbalance or not balance.installed:
        return []
    if desired.settings is not None:
        from .irqbalance_exact import plan_exact  # only leading back is so exact

        return plan_exact(desired.settings, balance)
    listed = frozenset(state.placements.functions)
    devices = listed if desired.purge else listed | balance.kept_off
    script = script_path(devices) if devices else None
    actions = []
    if devices or is_ours(balance.script):
        _refuse(balance, devices)
        if script != balance.script or devices != balance.kept_off or not balance.intact:
            if not (script is None and balance.script is None):
                reason = "irqbalance would move their interrupts within seconds"
                actions.append(
                    Action(TARGET, KEPT_OFF, sorted(balance.kept_off), sorted(devices), reason, data=balance)
                )
    actions += _plan_banned(desired, state)
    actions += _plan_restart(desired, state, script, actions)
    old = sorted(set(balance.scripts) - {script})
    if old:
        actions.append(Action(TARGET, OLD_SCRIPTS, old, [], "nobody asks them any more"))
    return actions


def _refuse(balance, devices):
    """Raise when our script would not be asked."""
    if balance.foreign_script is not None and devices:
        raise Conflict(
            "irqbalance asks the policy script %s, which is not ours (%s of %s): take it out there, %s"
            % (balance.foreign_script, ARGUMENTS, balance.file or UNIT, _LEAVE)
        )
    if not balance.command:
        raise Unsupported(
            "irqbalance is installed, and systemd does not know how it is started (%s): it cannot be told to leave "
            "these interrupts alone; remove it, %s" % (UNIT, _LEAVE)
        )
    if not balance.takes_arguments or balance.file is None:
        raise Conflict(
            "the unit %s does not take %s from a file below /etc (its command is '%s'), so that irqbalance cannot be "
            "told to leave these interrupts alone: give the unit back its own command, %s"
            % (UNIT, ARGUMENTS, " ".join(balance.command), _LEAVE)
        )


def _plan_banned(desired, state):
    balance, tuned = state.balance, state.tuned
    if tuned.isolates:
        if desired.banned_cpus is not None:
            raise Conflict(
                "banned_cpus: tuned's profile %s isolates CPUs and writes irqbalance's ban itself: change "
                "isolated_cores in %s instead, and leave this out" % (tuned.profile, tuned.source)
            )
        return []
    before = balance.banned
    if desired.banned_cpus is None:
        if before is None or before is UNKNOWN:
            return []
        after = before | state.around.kept_free
    else:
        after = None if desired.banned_cpus == NONE else desired.banned_cpus | state.around.kept_free
    if after == before and not (desired.banned_cpus is not None and balance.settings.get(BANNED_MASK)):
        return []
    if after is not None and state.around.online and not state.around.online - after:
        raise InvalidInput(
            [
                Problem(
                    "banned_cpus",
                    str(after),
                    "leaves irqbalance none of the CPUs that are online, %s" % (state.around.online),
                )
            ]
        )
    if balance.file is None:
        raise Conflict("banned_cpus: the unit %s reads no file below /etc" % UNIT)
    # What is set replaces irqbalance's own choice, the isolated CPUs and those without a tick (cputree.c,
    # setup_banned_cpus).
    reason = "a list replaces irqbalance's own, so that isolated CPUs and those without a tick are in it"
    shown = [cpus if cpus is None or cpus is UNKNOWN else str(cpus) for cpus in (before, after)]
    return [Action(TARGET, BANNED, shown[0], shown[1], reason, data=balance)]


def _plan_restart(desired, state, script, actions):
    """A running irqbalance asks about an interrupt only when it discovers it, and reads its settings once. Up to its
    restart it may still move what was found in place, hence ``data``."""
    balance = state.balance
    if not balance.running:
        return []
    stale = balance.running_script is not UNKNOWN and script != balance.running_script
    stale = stale and (script is not None or is_ours(balance.running_script))
    if desired.banned_cpus is not None and balance.running_banned is not UNKNOWN:
        stale = stale or balance.running_banned != balance.settings.get(BANNED_CPUS)
    if not (stale or actions):
        return []
    reason = "it asks only about what it discovers: restarted"
    in_place = tuple(placement for placement in state.placements.found if placement.as_wished)
    return [Action(TARGET, RESTART, balance.running_script, script, reason, data=in_place)]


def apply_irqbalance(host, action):
    """The Result of one of these actions."""
    try:
        if action.field == KEPT_OFF:
            write_script(host, action.after)
            _set(host, action.data, ARGUMENTS, _arguments(action))
        elif action.field == BANNED:
            _set(host, action.data, BANNED_MASK, None)
            _set(host, action.data, BANNED_CPUS, action.after)
        elif action.field == EXACT:
            from .irqbalance_exact import apply_exact

            apply_exact(host, action.data)
        elif action.field == RESTART:
            host.commands.run(["systemctl", "try-restart", UNIT])
            _put_back(host, action.data or ())
        else:
            for path in action.before:
                host.files.remove(path)
    except ApplyFailed as error:
        return Result(action, FAILED, str(error))
    return Result(action, DONE)


def _put_back(host, placements):
    """What the former irqbalance moved after it was looked at."""
    paths = [AFFINITY % placement.irq.number for placement in placements]
    found = host.files.read_many(paths)
    for path, placement in zip(paths, placements):
        if found[path] is not UNKNOWN and found[path] != str(placement.wanted):
            host.files.write(path, str(placement.wanted))


def write_script(host, devices):
    if not devices:
        return
    host.files.make_directory(DIRECTORY.rpartition("/")[0])
    host.files.make_directory(DIRECTORY)
    host.files.replace(script_path(devices), script_text(devices), 0o755)


def _arguments(action):
    balance = action.data
    text = with_policy_script(balance.settings.get(ARGUMENTS, ""), script_path(action.after) if action.after else None)
    return text if text or ARGUMENTS in balance.foreign else None


def _set(host, balance, name, value):
    """One setting in the administrator's file, everything else of which stays as it is."""
    path = host.files.real_path(balance.file)
    before = host.files.content(path)
    status = host.files.stat(path)
    try:
        after = with_setting(before or "", name, value)
    except ValueError as error:
        raise ApplyFailed("set %s in %s" % (name, path), str(error)) from None
    if after != before and (before is not None or after):
        host.files.replace(path, after, 0o644 if status is None else status["mode"] & 0o7777)


def notes_irqbalance(desired, state):
    balance, tuned = state.balance, state.tuned
    if balance is None or not balance.installed:
        return
    if desired.targets and not desired.concerns_irqbalance and balance.running:
        off = balance.running_script is UNKNOWN or set(state.placements.functions) <= balance.kept_off
        if not off:
            yield "irqbalance runs and is left alone: it may move these interrupts at any time"
    if tuned.isolates:
        missing = _not_banned(state)
        yield "tuned's profile %s isolates CPUs (%s), so that irqbalance's banned CPUs are left to it%s" % (
            tuned.profile,
            tuned.source,
            "; they lack the isolated CPUs %s" % missing if missing else "",
        )


def _not_banned(state):
    """CPUs that stay without irqbalance's own ban because a list replaces it."""
    banned = state.balance.banned
    return None if banned in (None, UNKNOWN) else state.around.kept_free - banned
