# SPDX-License-Identifier: GPL-3.0-or-later
"""irqbalance told exactly what it was told at another time."""

from __future__ import annotations

from .._model.action import UNKNOWN, Action
from .._model.environment_file import read_environment, with_exact
from .._model.errors import ApplyFailed, Conflict
from .._model.irqbalance_settings import ARGUMENTS, BANNED_CPUS, is_ours, policy_script, script_path
from .irqbalance_plan import EXACT, OLD_SCRIPTS, RESTART, TARGET, write_script


def _script(wish):
    return script_path(wish.kept_off) if wish.kept_off else None


def _named(wish):
    """The script that the lines name."""
    line = wish.lines.get(ARGUMENTS)
    if line is None:
        return None
    return policy_script(read_environment("%s=%s" % (ARGUMENTS, line)).get(ARGUMENTS, "").split())


def plan_exact(wish, balance):
    """The actions that lead to the BalanceWish ``wish``. Raises Conflict."""
    before = {name: balance.lines[name] for name in wish.lines}
    if wish.lines and balance.file is None:
        raise Conflict("irqbalance_settings: irqbalance's unit reads no file below /etc")
    script, actions = _script(wish), []
    lacks = script is not None and (script not in balance.scripts or script == balance.script and not balance.intact)
    empty = balance.present and not wish.file and not any(balance.lines.values()) and balance.empty
    if before != wish.lines or lacks or empty:
        reason = "as it was told before"
        actions.append(Action(TARGET, EXACT, before, dict(wish.lines), reason, data=(wish, balance)))
    if balance.running and (actions or _stale(balance)):
        after = _named(wish) if ARGUMENTS in wish.lines else balance.script
        actions.append(Action(TARGET, RESTART, balance.running_script, after, "it reads its settings when it starts"))
    if wish.kept_off is not None:
        old = sorted(set(balance.scripts) - {script, _named(wish)})
        if old:
            actions.append(Action(TARGET, OLD_SCRIPTS, old, [], "nobody asks them any more"))
    return actions


def _stale(balance):
    told = ((balance.running_script, balance.script), (balance.running_banned, balance.settings.get(BANNED_CPUS)))
    return any(running is not UNKNOWN and (running or None) != (now or None) for running, now in told)


def apply_exact(host, data):
    """Raises ApplyFailed."""
    wish, balance = data
    if wish.kept_off:
        write_script(host, wish.kept_off)
    if not wish.lines:
        return
    path = host.files.real_path(balance.file)
    before, status = host.files.content(path), host.files.stat(path)
    after = before or ""
    for name, exact in wish.lines.items():
        try:
            after = with_exact(after, name, exact)
        except ValueError as error:
            raise ApplyFailed("set %s in %s" % (name, path), str(error)) from None
    if not after and not wish.file:
        if before is not None:
            host.files.remove(path)
    elif after != (before or ""):
        host.files.replace(path, after, 0o644 if status is None else status["mode"] & 0o7777)


def settings_before(balance, fields):
    """The parameter that leads back to ``balance`` what actions on ``fields`` change, and sentences on what it does not."""
    from .irqbalance_plan import BANNED, KEPT_OFF

    names = [ARGUMENTS] * (KEPT_OFF in fields) + [name for name in balance.lines if name != ARGUMENTS] * (
        BANNED in fields
    )
    params = {"lines": {name: balance.lines[name] for name in names}, "file": balance.present} if names else None
    uncovered = []
    if KEPT_OFF in fields:
        params["kept_off"] = sorted(balance.kept_off)
        if is_ours(balance.script) and not balance.intact:
            uncovered.append(
                "the policy script %s was not as kvm.vnic wrote it, and does not become so again" % balance.script
            )
    orphans = sorted(set(balance.scripts) - {balance.script})
    if orphans and OLD_SCRIPTS in fields:
        uncovered.append("policy scripts that nobody asked are gone for good: %s" % ", ".join(orphans))
    if RESTART in fields and _stale(balance):
        uncovered.append("irqbalance had not read its settings, and has read them since")
    return params, uncovered
