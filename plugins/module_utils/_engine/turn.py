# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for one's turn: for a pass of the reconciler longer than for a run, because it comes to its end by itself."""

from __future__ import annotations

from .._model.errors import RunInProgress
from .journal import PASS_OWNER

PASS_WAIT = 300.0  # seconds


def take_in_turn(lock, owner, seconds):
    """What ``lock.take`` returns and raises; ``seconds`` are what a run may take to its end."""
    try:
        return lock.take(owner, seconds)
    except RunInProgress as error:
        if PASS_OWNER not in error.holder:
            raise
    return lock.take(owner, PASS_WAIT)
