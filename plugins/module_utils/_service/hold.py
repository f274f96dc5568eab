# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``hold`` of what runs on the host: what the checkpoint's service runs."""

from __future__ import annotations

import signal
import sys

from .._model.checkpoint_record import LEAST, MOST, is_token
from .guard import Guard

USAGE = "hold open TOKEN SECONDS | hold undo TOKEN [WHY]: started by the module kvm.vnic.checkpoint, not by people"
MISUSED = 2


def _say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class _Stop:
    """Whether systemd asked the service to end. What is being led back is led back to its end all the same."""

    def __init__(self):
        self._told = False
        signal.signal(signal.SIGTERM, self._note)

    def _note(self, number, frame):
        self._told = True

    def __call__(self):
        return self._told


def _seconds(text):
    return int(text) if text.isascii() and text.isdigit() and LEAST <= int(text) <= MOST else None


def hold(host, arguments, say=_say, stopped=None, roll_back=None):
    """``["open", token, seconds]`` or ``["undo", token, why]``; returns the exit code."""
    words = list(arguments)
    doing, run = (words + ["", ""])[:2]
    opens = doing == "open" and len(words) == 3 and _seconds(words[2]) is not None
    undoes = doing == "undo" and len(words) in (2, 3)
    if not is_token(run) or not (opens or undoes):
        say(USAGE)
        return MISUSED
    if roll_back is None:
        from .._engine.rollback import roll_back
    guard = Guard(host, say, stopped or _Stop(), roll_back)
    return guard.open(run, _seconds(words[2])) if opens else guard.undo(run, "".join(words[2:]))
