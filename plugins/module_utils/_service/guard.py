# SPDX-License-Identifier: GPL-3.0-or-later
"""The service that guards a run: it holds the host's lock until the run is confirmed, and undoes it otherwise.

systemd runs it outside of any ssh session. What it says goes to the systemd journal.
"""

from __future__ import annotations

from dataclasses import replace

from .._engine.checkpoint_file import Unreadable, read_record, set_aside, write_record
from .._engine.journal import STEP
from .._engine.undo_run import ASKED, BUSY, INTERRUPTED, STEP_WAIT, UNDO_INCOMPLETE, owner_line, undo_run
from .._host.run_lock import OVER
from .._model.checkpoint_record import CONFIRMED, OPEN, UNDOING, UNDONE, CheckpointRecord, describe_end
from .._model.errors import ApplyFailed, Conflict, RunInProgress, VnicError

POLL = 1.0  # seconds
DONE, FAILED = 0, 1  # exit codes, as are BUSY and UNDO_INCOMPLETE
LOCK_WAIT = 60.0  # seconds: another run, or a pass of the reconciler, may be about to end


class Guard:
    """``say(line)``: tells people; ``stopped()``: whether the service is to end; ``roll_back``: as of ``_engine.rollback``."""

    def __init__(self, host, say, stopped, roll_back):
        self._host, self._say, self._stopped, self._roll_back = host, say, stopped, roll_back
        self._lock, self._step = host.run_lock(), host.step_lock()
        self._seen = ""  # the content of the step's lock: it is another one after each step
        self._waits = False

    def open(self, run, within):
        """Guard the new run, which may be confirmed ``within`` seconds after its last step. Returns the exit code."""
        return self._locked(run, "a run that may be undone", lambda: self._guard(run, within))

    def undo(self, run, why=""):
        """Undo the run, which nobody guards. Returns the exit code."""
        return self._locked(run, "undo", lambda: self._undo_ended(run, why))

    def _locked(self, run, doing, work):
        try:
            self._lock.take(owner_line(self._host, run, doing), LOCK_WAIT)
            return work()
        except RunInProgress as error:
            self._say(str(error))
            return BUSY
        except VnicError as error:
            self._say(str(error))
            return FAILED
        finally:
            # a step that waits for its turn must find the run ended
            self._lock.release()
            self._step.release()

    def _guard(self, run, within):
        self._step.take(owner_line(self._host, run, "open"), STEP_WAIT)
        record = self._begin(run, within)
        self._step.release()
        self._say("guarding the run %s: undone unless it is confirmed within %d s of its last step" % (run, within))
        self._seen = self._step_content()
        return self._watch(record)

    def _begin(self, run, within):
        former = self._settled()
        if former is not None and former.run == run:  # it was armed before, and has ended
            raise Conflict(describe_end(former))
        record = CheckpointRecord(run, OPEN, self._host.clock.date(), within)
        if former is not None:
            record = replace(record, confirmed=former.confirmed, steps=former.steps, former=former.as_former())
        write_record(self._host, record)
        return record

    def _settled(self):
        """The record of the run before, undone where it was cut off."""
        try:
            former = read_record(self._host)
        except Unreadable as error:
            self._say(str(error))
            set_aside(self._host)
            return None
        if former is not None and not former.ended:
            former = self._undo(former, former.why or INTERRUPTED)
        return former

    def _undo(self, record, why):
        return undo_run(self._host, record, why, self._say, self._roll_back)

    def _undo_ended(self, run, why):
        self._step.take(owner_line(self._host, run, "undo"), STEP_WAIT)
        record = read_record(self._host)
        if record is not None and record.run != run and not record.ended:
            record = self._undo(record, record.why or INTERRUPTED)
        if record is not None and record.run != run and record.confirmed == run:
            record = CheckpointRecord(
                run, CONFIRMED, "", record.confirm_within, "", (), run, record.steps, record.as_former()
            )
        if record is None or record.run != run:
            self._say("there is no run %s that could be undone" % run)
            return FAILED
        if record.state != UNDONE:
            record = self._undo(record, why or record.why or (ASKED if record.ended else INTERRUPTED))
        return self._tell_end(record)

    def _tell_end(self, record):
        self._say(describe_end(record))
        return DONE if record.state in (CONFIRMED, UNDONE) else UNDO_INCOMPLETE

    def _watch(self, record):
        clock, last = self._host.clock, self._host.clock.monotonic()
        while not self._stopped():
            record = self._latest(record)
            if record.state == CONFIRMED:
                return self._tell_end(record)
            if self._stepping():
                last = clock.monotonic()
            late = clock.monotonic() - last >= record.confirm_within
            if late or record.state == UNDOING:
                ended = self._try_undo(record)
                if ended is not None:
                    return self._tell_end(ended)
            clock.sleep(POLL)
        self._say("told to end: the run %s is left open, and undone at the next boot or by the next run" % record.run)
        return DONE

    def _latest(self, known):
        """The record on the disk; what cannot be read, or is of another run, confirms nothing."""
        try:
            record = read_record(self._host)
        except Unreadable:
            return known
        return record if record is not None and record.run == known.run else known

    def _step_content(self):
        return self._host.files.read_or(STEP, "")

    def _stepping(self):
        """Whether a step runs, or one ran since the last time."""
        content, before = self._step_content(), self._seen
        self._seen = content
        if content != before:
            return True
        if not content or content.endswith(OVER):
            return False
        try:
            return bool(self._step.held_by())  # one that was killed leaves its line
        except ApplyFailed:
            return False

    def _try_undo(self, record):
        """The record after, or None when a step came first."""
        try:
            found = self._step.take(owner_line(self._host, record.run, "undo"), 0)
        except RunInProgress as error:
            if not self._waits:
                self._say("the run %s is to be undone when its step has ended: %s" % (record.run, error.holder))
            self._waits = True
            return None
        except ApplyFailed as error:
            self._say("%s (undoing all the same: no step can be taken either)" % error)
            found = self._seen
        latest = self._latest(record)
        if latest.state == CONFIRMED:
            return latest
        if latest.state == OPEN and found != self._seen:  # it ran between the look and the lock
            self._step.release()
            return None
        why = "it was not confirmed within %d s of its last step" % record.confirm_within
        return self._undo(latest, latest.why or why)
