# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept on this host, and what came of it, in words. Reads only."""

from __future__ import annotations

from .._engine.checkpoint_file import Unreadable, read_record
from .._engine.healing import read_healed
from .._engine.reconcile import DESIRED
from .._model.checkpoint_record import describe_end
from .._model.desired_state import parse_desired_state
from .._model.errors import VnicError
from .._model.reconciler_units import UNITS

SHOWN = 20  # of what was healed


def status(host):
    """Lines of text."""
    yield from _kept(host)
    yield from _runs(host)
    yield from _units(host)
    yield from _healed(host)


def _kept(host):
    if DESIRED not in host.files.listdir(host.state.directory):
        yield "kept: nothing; no state was confirmed with the module reconciler"
        return
    path = "%s/%s" % (host.state.directory, DESIRED)
    try:
        text, problem = host.state.read([DESIRED])[DESIRED]
        desired = parse_desired_state(text) if problem is None else None
    except (VnicError, ValueError) as error:
        yield "kept: cannot be told: %s %s" % (path, error)
        return
    if desired is None:
        yield "kept: cannot be told: %s cannot be read: %s" % (path, problem)
        return
    yield "kept: what was confirmed at %s (%s):" % (desired.saved, path)
    for kind, params in desired.resources.items():
        counts = [
            "%s: %d" % (name, len(value)) for name, value in sorted(params.items()) if value and isinstance(value, list)
        ]
        yield "  %s%s" % (kind, " (%s)" % ", ".join(counts) if counts else "")


def _runs(host):
    try:
        holder = host.run_lock().held_by()
    except VnicError as error:
        holder = str(error)
    if holder:
        yield "now: a run changes this host: %s" % holder.split("\n", 1)[0]
    try:
        record = read_record(host)
    except Unreadable as error:
        yield "last run with a checkpoint: %s" % error
        return
    if record is not None:
        yield "last run with a checkpoint: %s" % describe_end(record)
        for line in record.told:
            yield "  %s" % line


def _units(host):
    properties = "Id,LoadState,ActiveState,Result,ExecMainStartTimestamp,ExecMainExitTimestamp"
    try:
        shown = host.commands.run(["systemctl", "show", "--property=" + properties, "--", *UNITS]).output
    except VnicError as error:
        yield "passes: cannot be told: %s" % error
        return
    for block in shown.strip().split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        yield "%s: %s" % (unit.get("Id", "?"), _unit_words(unit))


def _unit_words(unit):
    if unit.get("LoadState") == "not-found":
        return "is not installed"
    words = unit.get("ActiveState", "")
    if not unit["Id"].endswith(".service"):
        return words
    if words == "activating":
        return "runs since %s" % unit.get("ExecMainStartTimestamp")
    if not unit.get("ExecMainExitTimestamp"):
        return "did not run since the boot"
    return "last ended at %s: %s" % (unit["ExecMainExitTimestamp"], unit.get("Result"))


def _healed(host):
    healings = read_healed(host).healings
    if not healings:
        yield "put right since the boot: nothing"
        return
    yield "put right since the boot, the latest first:"
    for healing in healings[::-1][:SHOWN]:
        times = "" if healing.count == 1 else ", %d times" % healing.count
        yield "  %s %s: %s%s" % (healing.last, healing.kind, healing.what, times)
    if len(healings) > SHOWN:
        yield "  and %d more" % (len(healings) - SHOWN)
