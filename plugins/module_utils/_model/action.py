# SPDX-License-Identifier: GPL-3.0-or-later
"""An action is data: from its one form come check mode, diff, verification, audit and rollback."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

NOW = "now"
DRIVER_PROBE = "driver_probe"
GUEST_START = "guest_start"
SERVICE_START = "service_start"
BOOT = "boot"
EFFECTS = (NOW, DRIVER_PROBE, GUEST_START, SERVICE_START, BOOT)

YES = "yes"
BEST_EFFORT = "best_effort"
NO = "no"
REVERSIBILITIES = (YES, BEST_EFFORT, NO)

DONE = "done"
FAILED = "failed"
UNSUPPORTED = "unsupported"


class Unknown:
    """What could not be read, or is known only after an earlier step was applied. Never equal to a wish; guards treat it as in use."""

    def __repr__(self):
        return "unknown"

    def __bool__(self):
        return False


UNKNOWN = Unknown()


def plain(value):
    """``value`` as JSON-ready data: unknown becomes the word, value objects their string."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    return str(value) if value is not UNKNOWN else "unknown"


@dataclass(frozen=True)
class Action:
    """One difference between what is and what is wished.

    ``target``: the object (``br0``, ``enp1s0#3``, ``web1/front``); ``field``: what of it (``mtu``; ``state`` for existence).
    ``effect``: when it takes effect; only ``now`` is verified at once. ``reversible``: ``no`` marks a point of no return, which needs consent.
    ``data``: what ``apply`` needs beyond before and after; it is not compared or shown.
    """

    target: str
    field: str
    before: object
    after: object
    reason: str = ""
    effect: str = NOW
    reversible: str = YES
    data: object = dataclasses.field(default=None, compare=False, repr=False)

    def to_dict(self):
        return {
            "target": self.target,
            "field": self.field,
            "before": plain(self.before),
            "after": plain(self.after),
            "reason": self.reason,
            "effect": self.effect,
            "reversible": self.reversible,
        }


@dataclass(frozen=True)
class Result:
    """What became of one action: ``done``, ``failed`` or ``unsupported``, with the system's own words."""

    action: Action
    status: str
    message: str = ""

    def to_dict(self):
        return dict(self.action.to_dict(), status=self.status, message=self.message)


@dataclass(frozen=True)
class Pending:
    """What is already written but takes effect later (``until``), so that nothing is left to do now."""

    target: str
    field: str
    current: object
    wanted: object
    until: str
    reason: str = ""

    def to_dict(self):
        return {
            "target": self.target,
            "field": self.field,
            "current": plain(self.current),
            "wanted": plain(self.wanted),
            "until": self.until,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Outcome:
    """Everything a run of the engine knows at its end.

    ``before`` and ``after``: resource states; ``actions``: what was (or in check mode would be) done; ``results``: one per action tried;
    ``pending``: what waits for a guest start, a driver probe, a service's start or a boot; ``notes``: what the user should know and nothing failed for.
    """

    before: object
    after: object
    actions: tuple
    results: tuple = ()
    pending: tuple = ()
    notes: tuple = ()

    @property
    def changed(self):
        return bool(self.actions)
