# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening, confirming and undoing a run, as the module asks for it. The undoing itself is the service's."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from .._model.checkpoint_record import (
    CONFIRMED,
    OPEN,
    UNDO_FAILED,
    UNDOING,
    UNDONE,
    describe_age,
    describe_end,
    new_token,
)
from .._model.errors import InvalidInput, Problem
from .checkpoint_ends import RunEnded, RunOpen, UndoFailed, former_words, unreadable_words
from .checkpoint_file import Unreadable, read_record, set_aside, write_record
from .checkpoint_service import UNDOING_TIME, start, wait_for_end
from .opened import is_new, note_opened
from .undo_run import ASKED, INTERRUPTED, owner_line

STEP_TIME = 10.0  # seconds that a step of the run may take to end, before that is told


def _owner(content):
    """What the lock's content says of who holds it."""
    try:
        found = json.loads(content.split("\n", 1)[0])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _guarded(host):
    """Token of the run, or of the module, that holds the host now; "" for none."""
    return str(_owner(host.run_lock().held_by()).get("run", ""))


def _age(host, pid):
    """Seconds since the process began, by the clock that nobody sets; None where that cannot be told."""
    from .unfinished import process_of

    born = process_of(host, pid)[1]
    uptime = host.files.read_or("/proc/uptime", "").split()
    try:
        return float(uptime[0]) - int(born) / os.sysconf("SC_CLK_TCK")
    except (IndexError, ValueError):
        return None


def _refuse_while_open(host):
    owner = _owner(host.run_lock().held_by())
    if owner.get("module") != "kvm.vnic.checkpoint":
        return  # a module or a pass: the service waits for its end
    record = read_record(host)
    if record is None or record.run != owner.get("run") or record.ended:
        return
    pid = owner.get("pid")
    age = _age(host, pid) if isinstance(pid, int) else None
    raise RunOpen(
        "nothing was opened: %s%s; process %s guards it since %s. Wait for its end, or undo it: state undone, run %s"
        % (
            describe_end(record),
            "" if age is None else " (%s ago)" % describe_age(age),
            pid,
            owner.get("since"),
            record.run,
        )
    )


def peek(host):
    """What the run before came to, as far as it can be read: for check mode, and for who only asks."""
    try:
        return former_words(read_record(host))
    except Unreadable as error:
        return unreadable_words(error)


def open_run(host, within, program):
    """``(token, former, whether an interrupted run was undone for it)``: a new run may begin, and is guarded from its first
    step that changes something. ``program``: a function that returns the argv of the host's own command.

    Raises RunOpen, RunInProgress, ApplyFailed, Unsupported, or Unreadable while somebody guards what cannot be read.
    """
    words = program()  # the first step that changes something needs it, too
    _refuse_while_open(host)
    former, interrupted = _settled(host, words)
    run = new_token(os.urandom(8))
    note_opened(host, run, within)
    return run, former, interrupted


def _settled(host, program):
    """How the run before ended, and whether it was undone for that."""
    try:
        record = read_record(host)
    except Unreadable as error:
        set_aside(host)
        return unreadable_words(error), False
    interrupted = record is not None and not record.ended
    if interrupted:
        record = _undo_unguarded(host, record.run, "", program)
    return former_words(record), interrupted


def _undo_unguarded(host, run, why, program):
    """The record after. Raises RunInProgress or ApplyFailed when it did not come to its end."""
    start(host, [*program, "hold", "undo", run, *([why] * bool(why))], "kvm.vnic: undoes the run %s" % run)
    return wait_for_end(host, UNDOING_TIME)


def confirm_run(host, run):
    """The record of the run, which is confirmed; None when it changed nothing. Raises RunEnded, RunInProgress, ApplyFailed,
    Unreadable."""
    record = read_record(host)
    if is_new(host, run, record and record.run):
        return None
    step = host.step_lock()
    step.take(owner_line(host, run, "confirm"), STEP_TIME)
    try:
        record = read_record(host)
        if record is None or record.run != run:
            why = (
                "no run was opened here"
                if record is None
                else "the last run of this host is another: " + describe_end(record)
            )
            raise RunEnded(run, record, why)
        if record.state == CONFIRMED:
            return record
        if record.state != OPEN:
            raise RunEnded(run, record, "; ".join([describe_end(record), *record.told]))
        if _guarded(host) != run:
            raise RunEnded(
                run, record, "%s. It is undone at the next boot, by the next run, or with state undone" % INTERRUPTED
            )
        from .run_entries import entries_of

        steps = len(entries_of(host, run))
        kept = {"confirmed": run, "steps": steps} if steps else {}
        record = replace(record, state=CONFIRMED, **kept)
        write_record(host, record)
        return record
    finally:
        step.release()


def _to_undo(record, run):
    """The token of what is to be undone, "" for nothing. Raises InvalidInput."""
    if record is None:
        known = ()
    elif not run:
        return record.confirmed if record.state in (CONFIRMED, UNDONE) else record.run
    else:
        known = (record.run, record.confirmed)
    if run and run not in known:
        last = "no run was ever opened here" if record is None else describe_end(record)
        raise InvalidInput(
            [Problem("run", run, "is no run of this host that can be undone: only the last one, and the last that was "
                     "confirmed and changed something, can. The last: %s" % last)]
        )  # fmt: skip
    return run


def undo(host, run, why, program):
    """``(whether something was undone, the record after)``; the record is None where there is nothing to undo, as of a run that
    changed nothing. ``run``: "" for the last confirmed one. Raises UndoFailed, RunOpen, RunInProgress, InvalidInput, ApplyFailed, Unreadable."""
    record = read_record(host)
    if is_new(host, run, record and record.run):
        return False, None
    target = _to_undo(record, run)
    guarded = record is not None and not record.ended and _guarded(host) == record.run
    if guarded and not run:
        _refuse_while_open(host)
    if not target or (record.run == target and record.state == UNDONE):
        return False, record if target else None
    if guarded and record.run == target:
        _ask(host, target, why)
        record = wait_for_end(host, UNDOING_TIME)
    else:
        _refuse_while_open(host)
        record = _undo_unguarded(host, target, why, program())
    if record.state == CONFIRMED:
        raise RunOpen(
            "the run %s was confirmed by somebody else meanwhile, and is not undone: run again to undo it" % target
        )
    if record.state == UNDO_FAILED:
        raise UndoFailed(record)
    return True, record


def _ask(host, run, why):
    """Have the service that guards the run undo it now."""
    step = host.step_lock()
    step.take(owner_line(host, run, "undo"), STEP_TIME)
    try:
        record = read_record(host)
        if record is not None and record.run == run and record.state == OPEN:
            write_record(host, replace(record, state=UNDOING, why=why or ASKED))
    finally:
        step.release()
