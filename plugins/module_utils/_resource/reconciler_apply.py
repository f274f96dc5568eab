# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out one step."""

from __future__ import annotations

from .._host import engine_file
from .._host.unit_files import announce, reload_rules
from .._model.desired_state import DesiredState
from .._model.reconciler_rules import unmanaged_in
from .._model.reconciler_units import TIMER
from .libvirt_hooks import put_hook
from .reconciler_plan import (
    ACTIVE,
    CONTENT,
    ENABLED,
    ENGINE,
    FAILED,
    HOOK_FILE,
    RULE_FILE,
    RUN_FILES,
    STATE,
    SWITCHES,
    UNIT_FILES,
)
from .reconciler_state import DESIRED, MODE, OTHER, unit_path


def _engine(host, actions):
    archive = actions[0].data.value
    if archive is None:
        host.files.remove(engine_file.PATH)
    else:
        engine_file.install(host, archive)


def _state(host, actions):
    resources = actions[0].data.value
    if resources is None:
        host.state.move([], [DESIRED])
    else:
        host.state.replace(DESIRED, DesiredState(host.clock.date(), resources).to_text())


def _file(host, action, mode=MODE):
    if action.data.value is None:
        host.files.remove(action.target)
    else:
        host.files.replace(action.target, action.data.value, mode)


def _units(host, actions):
    for action in actions:
        if action.field == CONTENT:
            _file(host, action)
    host.systemd.reload()
    for action in actions:
        if action.field == FAILED:
            host.systemd.forget_failure(action.target)
        elif action.target == unit_path(TIMER) and action.before == OTHER:
            host.systemd.stop(TIMER)  # one that runs keeps to the time for which it was set
            host.systemd.start(TIMER)


def _switches(host, actions):
    chosen = {
        (field, wanted): [action.target for action in actions if action.field == field and action.after is wanted]
        for field in (ACTIVE, ENABLED)
        for wanted in (True, False)
    }
    for (field, wanted), names in chosen.items():
        if names:
            change = {
                (ACTIVE, True): host.systemd.start,
                (ACTIVE, False): host.systemd.stop,
                (ENABLED, True): host.systemd.enable,
                (ENABLED, False): host.systemd.disable,
            }[field, wanted]
            change(*names)


def _hook(host, actions):
    action = actions[0]
    if action.data.value is None:
        host.files.remove(action.target)
    else:
        put_hook(host, action.target, action.data.value)


def _rules(host, actions):
    text = actions[0].data.value
    _file(host, actions[0])
    reload_rules(host)
    devices = [
        "/sys/class/net/%s" % name
        for address in unmanaged_in(text)
        for name in host.pci.netdevs(address)
        if "/" not in name
    ]
    announce(host, devices)


def _run_files(host, actions):
    for action in actions:
        host.files.remove(action.target)


_STEPS = {
    ENGINE: _engine,
    STATE: _state,
    UNIT_FILES: _units,
    SWITCHES: _switches,
    HOOK_FILE: _hook,
    RULE_FILE: _rules,
    RUN_FILES: _run_files,
}


def carry_out(host, actions):
    """``actions``: all of one step. Raises ApplyFailed."""
    _STEPS[actions[0].data.step](host, actions)
