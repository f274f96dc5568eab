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
from .._model.errors import Conflict, InvalidInput, Problem, VnicError
from .checkpoint_file import Unreadable, read_record, write_record
from .checkpoint_service import start, wait_for, wait_for_end
from .undo_run import ASKED, INTERRUPTED, owner_line

STEP_TIME = 10.0  # seconds that a step of the run may take to end, before that is told
OPENING = 90.0  # seconds; the service waits up to 60 for another run
UNDOING_TIME = 1800.0  # seconds: each driver may take 300 for its VFs


class RunOpen(Conflict):
    """Another run is open on this host: wait for its end, or undo it."""

    kind = "locked"


class RunEnded(Conflict):
    """What was to be confirmed is no more: ``details`` tell what became of it."""

    kind = "run_ended"

    def __init__(self, run, record, why):
        self.run, self.record = run, record
        super().__init__("the run %s cannot be confirmed: %s" % (run, why))

    def details(self):
        return {"run": self.run, "former": former_words(self.record)}


class UndoFailed(VnicError):
    """Not everything was led back: somebody must look at the host. ``record`` tells line by line."""

    kind = "undo_failed"

    def __init__(self, record):
        self.record = record
        super().__init__(
            "%s. What is not as before: %s. Mend it by hand or run again with state undone and run %s; the journal is kept"
            % (describe_end(record), "; ".join(record.told) or "nothing was told", record.run)
        )

    def details(self):
        return {"run": self.record.run, "told": list(self.record.told)}


def former_words(record):
    """What is worth telling of the run before, as plain data; empty where it was confirmed or there was none."""
    if record is None or record.state == CONFIRMED:
        return {}
    return {
        "run": record.run,
        "state": "interrupted" if record.state in (OPEN, UNDOING) else record.state,
        "opened": record.opened,
        "why": record.why,
        "told": list(record.told),
        "text": describe_end(record),
    }


def unreadable_words(error):
    return {"run": "", "state": "unreadable", "opened": "", "why": "", "told": [], "text": str(error)}


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
    """``(token, former, whether an interrupted run was undone for it)``: a new run is open and guarded. ``program``: argv of
    the host's own command.

    Raises RunOpen, RunInProgress, ApplyFailed, Unsupported.
    """
    unreadable, before = None, None
    try:
        _refuse_while_open(host)
        before = read_record(host)
    except Unreadable as error:
        unreadable = unreadable_words(error)
    run = new_token(os.urandom(8))
    start(
        host, [*program, "hold", "open", run, str(within)], "kvm.vnic: undoes the run %s unless it is confirmed" % run
    )
    record = wait_for(host, lambda found: found.run == run, OPENING, UNDOING_TIME)
    return run, unreadable or former_words(record.before), before is not None and not before.ended


def confirm_run(host, run):
    """Whether this confirmed it: False when it was confirmed before. Raises RunEnded, RunInProgress, ApplyFailed."""
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
            return False
        if record.state != OPEN:
            raise RunEnded(run, record, "; ".join([describe_end(record), *record.told]))
        if _guarded(host) != run:
            raise RunEnded(
                run, record, "%s. It is undone at the next boot, by the next run, or with state undone" % INTERRUPTED
            )
        from .run_entries import entries_of

        steps = len(entries_of(host, run))
        kept = {"confirmed": run, "steps": steps} if steps else {}
        write_record(host, replace(record, state=CONFIRMED, **kept))
        return True
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
    """``(whether something was undone, the record after)``; the record is None where there is nothing to undo. ``run``: "" for
    the last confirmed one. Raises UndoFailed, RunOpen, RunInProgress, InvalidInput, ApplyFailed, Unreadable."""
    record = read_record(host)
    target = _to_undo(record, run)
    guarded = record is not None and not record.ended and _guarded(host) == record.run
    if guarded and not run:
        _refuse_while_open(host)
    if not target or (record.run == target and record.state == UNDONE):
        return False, record if target else None
    if guarded and record.run == target:
        _ask(host, target, why)
    else:
        _refuse_while_open(host)
        start(host, [*program(), "hold", "undo", target, *([why] * bool(why))], "kvm.vnic: undoes the run %s" % target)
    record = wait_for_end(host, UNDOING_TIME)
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
