# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that was opened and has changed nothing yet: its token is known, and nobody has to guard it.

Its first step that has something to change arms it. So a run that finds nothing to do starts nothing, and writes nothing
that outlives a boot.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from .._model.checkpoint_record import is_token
from .._model.errors import ApplyFailed, Unsupported

NAME = "opened"


_NOBODY = (
    "nothing was changed, because no service of the host could be had that undoes the run %s unless it is confirmed: %s"
)


class NotGuarded(ApplyFailed):
    """What is about to change would be undone by nobody, so nothing was changed."""

    def __init__(self, run, failure):
        super().__init__(failure.command, failure.cause)
        self._run = run

    def __str__(self):
        return _NOBODY % (self._run, super().__str__())


@dataclass(frozen=True)
class Opened:
    """``run``: the token that was handed out last; ``confirm_within``: seconds."""

    run: str = ""
    confirm_within: int = 0


def note_opened(host, run, within):
    """From now on only this token can be armed. Raises ApplyFailed."""
    host.volatile.replace(NAME, json.dumps({"run": run, "confirm_within": within}, sort_keys=True) + "\n")


def read_opened(host):
    """The Opened; an empty one where there is none since the boot, or none that can be read."""
    if NAME not in host.files.listdir(host.volatile.directory):
        return Opened()
    text, _problem = host.volatile.read([NAME])[NAME]
    try:
        data = json.loads(text or "")
        return Opened(data["run"], int(data["confirm_within"])) if is_token(data["run"]) else Opened()
    except (ValueError, KeyError, TypeError):
        return Opened()


def is_new(host, run, last):
    """Whether the run ``run`` was opened last and has changed nothing yet; ``last``: token of the last one that did, or None."""
    return bool(run) and run != last and read_opened(host).run == run


def arm(host, run):
    """Have a service guard the run from now on. Of two steps that do so at once, one starts it and both wait for it.

    Raises NotGuarded, RunInProgress, Unsupported, or Conflict when another run was opened meanwhile: nothing was changed.
    """
    from .._host.engine_file import PATH
    from .checkpoint_service import OPENING, UNDOING_TIME, start, wait_for
    from .open_run import require_open

    opened = read_opened(host)
    if opened.run != run:
        require_open(host, run, host.run_lock().held_by())
    words = [sys.executable, PATH, "hold", "open", run, str(opened.confirm_within)]
    description = "kvm.vnic: undoes the run %s unless it is confirmed" % run
    try:
        start(host, words, description, OPENING, lambda record: record.run == run)
        wait_for(host, lambda record: record.run == run, OPENING, UNDOING_TIME)
    except ApplyFailed as error:
        raise NotGuarded(run, error) from None
    except Unsupported as error:
        raise Unsupported(_NOBODY % (run, error)) from None
