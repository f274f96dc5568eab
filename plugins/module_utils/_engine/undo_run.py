# SPDX-License-Identifier: GPL-3.0-or-later
"""Leading back what a run changed, and writing down what became of that. Whoever does it holds the host's lock."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from .._model.checkpoint_record import UNDO_FAILED, UNDOING, UNDONE, shorten
from .._model.errors import VnicError
from .checkpoint_file import read_record, write_record

# Longer than any step of a run may take (a write of sriov_numvfs has 300 s, and there may be several).
STEP_WAIT = 900.0
# Exit codes of the service. Another run has the host (EX_TEMPFAIL of sysexits.h); not everything was led back.
BUSY, UNDO_INCOMPLETE = 75, 3
ASKED = "it was asked for"
INTERRUPTED = (
    "it was neither confirmed nor undone when the service that guarded it ended: killed, or the host was started anew"
)


def owner_line(host, run, doing):
    """Who holds a lock, as one line for the lock's file."""
    owner = {
        "run": run,
        "module": "kvm.vnic.checkpoint",
        "pid": os.getpid(),
        "since": host.clock.date(),
        "doing": doing,
    }
    return json.dumps(owner, sort_keys=True)


def _lead_back(host, run, roll_back, kinds):
    """``(lines, whether all of it could be led back)``; raises nothing: there is nobody to mend it but who reads the lines."""
    from .run_entries import entries_of

    try:
        report = roll_back(host, entries_of(host, run), kinds)
        return report.lines, not report.failed
    except VnicError as error:
        return ["not undone: %s" % error], False
    except Exception as error:  # pylint: disable=broad-except
        return ["not undone, by an error of kvm.vnic itself: %s: %s" % (type(error).__name__, error)], False


def _left(host, run):
    from .run_entries import entries_of

    try:
        return len(entries_of(host, run))
    except VnicError:
        return 0  # _lead_back has told of it


def _write_down(host, record, say):
    try:
        write_record(host, record)
    except VnicError as error:
        say("that the run %s is %s could not be written down: %s" % (record.run, record.state, error))


def undo_run(host, record, why, say, roll_back, kinds=None):
    """Lead back all that the run changed and return the record as it is then: ``undone`` or ``undo_failed``.

    With ``kinds``, only what is of these kinds; while others are left it stays ``undoing``. A full disk keeps nothing from
    being led back. ``say(line)`` gets each line as it comes.
    """
    record = replace(record, state=UNDOING, why=why)
    say("undoing the run %s, because %s" % (record.run, why))
    _write_down(host, record, say)
    lines, done = _lead_back(host, record.run, roll_back, kinds)
    for line in lines:
        say(line)
    left = _left(host, record.run)
    if left and done and kinds is None:
        lines.append("%d steps of the run are left in the journal as not undone" % left)
        say(lines[-1])
    if kinds is None or not left:
        record = replace(record, state=UNDONE if done and not left else UNDO_FAILED)
    if record.state == UNDONE and record.confirmed == record.run:
        record = replace(record, confirmed="", steps=0)
    record = replace(record, told=shorten([*record.told, *lines]))
    _write_down(host, record, say)
    return record


def resume(host, kinds=None, say=print, roll_back=None):
    """What a pass at boot does first, while it holds the host's lock: undo a run that nobody guards any more.

    ``kinds``: those that can be led back now, None for all. Returns the record after, or None where there was nothing to do.
    Raises RunInProgress while a step of that run still writes, ApplyFailed, Unreadable.
    """
    record = read_record(host)
    if record is None or record.ended:
        return None
    step = host.step_lock()
    step.take(owner_line(host, record.run, "undo"), STEP_WAIT)
    try:
        return undo_run(host, record, record.why or INTERRUPTED, say, roll_back or _roll_back(), kinds)
    finally:
        step.release()


def _roll_back():
    from .rollback import roll_back

    return roll_back
