# SPDX-License-Identifier: GPL-3.0-or-later
"""The service of a checkpoint, as the module sees it: started, and waited for by what it writes down."""

from __future__ import annotations

from .._model.checkpoint_record import UNDOING
from .._model.errors import ApplyFailed, RunInProgress
from .checkpoint_file import Unreadable, read_record
from .journal import LOCK
from .undo_run import BUSY, UNDO_INCOMPLETE

UNIT = "kvm-vnic-checkpoint.service"
PAUSE = 0.2  # seconds
OPENING = 90.0  # seconds; the service waits up to 60 for another run
UNDOING_TIME = 1800.0  # seconds: each driver may take 300 for its VFs
ENDING = 10.0  # seconds: the service of the run before ends a second after it was confirmed
# The signal to end goes to the service alone: its child that reads and writes files must outlive it. It goes last when
# memory is short.
PROPERTIES = (("KillMode", "mixed"), ("OOMScoreAdjust", "-900"), ("TimeoutStopSec", "600"))


def start(host, argv, description, seconds=ENDING, reached=lambda record: False):
    """Waits up to ``seconds`` for the service of another run to end, unless the record is ``reached`` meanwhile: then it is
    done. Raises ApplyFailed or Unsupported: nothing was begun then."""
    deadline = host.clock.monotonic() + seconds
    while True:
        try:
            host.systemd.run_transient(UNIT, argv, description, PROPERTIES)
            return
        except ApplyFailed as error:
            record = _read(host)
            if record is not None and reached(record):
                return
            state = host.systemd.state(UNIT)
            if state.has_failed:  # it is kept for people to see, and in the way of the next
                host.systemd.forget_failure(UNIT)
            elif not state.is_going:
                raise
            if host.clock.monotonic() >= deadline:
                raise ApplyFailed(
                    error.command, "nothing was begun: %s is in the way: %s" % (UNIT, error.cause)
                ) from None
            host.clock.sleep(PAUSE)


def wait_for(host, reached, seconds, undoing):
    """The record once ``reached(record)``. While a run is undone, ``undoing`` seconds are what it may take.

    Raises RunInProgress or ApplyFailed when the service ends before that, or time is over.
    """
    began = host.clock.monotonic()
    while True:
        going = host.systemd.is_active(UNIT)  # before the record: what it wrote last must not be missed
        record = _read(host)
        if record is not None and reached(record):
            return record
        if not going:
            raise _ended(host, host.systemd.state(UNIT), seconds)
        _pause(host, began, undoing if record is not None and record.state == UNDOING else seconds)


def wait_for_end(host, seconds):
    """The record when the service has ended. Raises RunInProgress or ApplyFailed when it could not do its work."""
    began = host.clock.monotonic()
    while True:
        state = host.systemd.state(UNIT)
        if not state.is_going:
            record = _read(host)
            if record is None or not record.ended or not _did_its_work(state):
                raise _ended(host, state, seconds)
            return record
        _pause(host, began, seconds)


def _did_its_work(state):
    return state.result == "success" or (state.result, state.code) == ("exit-code", UNDO_INCOMPLETE)


def _pause(host, began, limit):
    if host.clock.monotonic() - began >= limit:
        raise ApplyFailed(UNIT, "did not come to its end within %g s; it goes on: journalctl -u %s" % (limit, UNIT))
    host.clock.sleep(PAUSE)


def _read(host):
    try:
        return read_record(host)
    except Unreadable:
        return None  # the service sets it aside


def _ended(host, state, seconds):
    if state.code == BUSY:
        return RunInProgress(LOCK, host.files.read_or(LOCK, ""), seconds)
    why = "ended before its work was done (%s, code %d): journalctl -u %s" % (state.result, state.code, UNIT)
    return ApplyFailed(UNIT, why)
