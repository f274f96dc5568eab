# SPDX-License-Identifier: GPL-3.0-or-later
"""Believe the host, not the exit code: read again until it shows what was applied."""

from __future__ import annotations

from .._model.action import NOW, UNSUPPORTED
from .._model.errors import VerificationFailed

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0


def settle(resource, desired, host, results, actions):
    """The state once nothing that takes effect now differs any more.

    Raises VerificationFailed with what still differs when the resource's budget is used up.
    """
    excused = {(result.action.target, result.action.field) for result in results if result.status == UNSUPPORTED}
    deadline = host.clock.monotonic() + resource.budget(actions)
    pause = FIRST_PAUSE
    while True:
        state = resource.observe(host, desired)
        remaining = [
            action
            for action in resource.plan(desired, state)
            if action.effect == NOW and (action.target, action.field) not in excused
        ]
        if not remaining:
            return state
        left = deadline - host.clock.monotonic()
        if left <= 0:
            lines = [
                "%s %s: wished %r, found %r" % (a.target, a.field, a.to_dict()["after"], a.to_dict()["before"])
                for a in remaining
            ]
            raise VerificationFailed(
                "applied without an error, but the host does not show it: " + "; ".join(lines), remaining
            )
        host.clock.sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)
