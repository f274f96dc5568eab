# SPDX-License-Identifier: GPL-3.0-or-later
"""What was healed since the host's boot, so that nobody is fought who changes it back each time. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

SCHEMA = 1
WITHIN = 3600.0  # seconds
MOST = 3  # times in that, then it is somebody else's
KEPT = 512  # things


@dataclass(frozen=True)
class Healing:
    """One field of one thing. ``count``: how often since the boot; ``last``: a date to read; ``what``: in words.

    ``times``: of the last few, seconds since the boot, each with a word for the guests and the switch that ran then: a guest
    that starts anew has its own devices, a switch no flows, and putting those right again fights nobody.
    """

    kind: str
    target: str
    field: str
    count: int
    last: str
    what: str
    times: tuple

    @property
    def key(self):
        return self.kind, self.target, self.field

    def is_fight(self, now, starts):
        recent = [when for when, then in self.times if 0 <= now - when < WITHIN and then == starts]
        return len(recent) >= MOST


@dataclass(frozen=True)
class Healed:
    """``healings``: of everything that was healed, the latest last."""

    healings: tuple = ()

    def fought(self, kind, now, starts):
        """``{(target, field): Healing}`` of what is not to be written again now."""
        return {
            (each.target, each.field): each
            for each in self.healings
            if each.kind == kind and each.is_fight(now, starts)
        }

    def add(self, kind, actions, now, starts, date):
        """With ``actions``, each just done on a thing of ``kind``."""
        known = {each.key: each for each in self.healings}
        for action in actions:
            former = known.pop((kind, action.target, action.field), None)
            times = (former.times if former else ()) + ((now, starts),)
            known[kind, action.target, action.field] = Healing(
                kind=kind,
                target=action.target,
                field=action.field,
                count=(former.count if former else 0) + 1,
                last=date,
                what=describe(action),
                times=times[-MOST:],
            )
        return Healed(tuple(known.values())[-KEPT:])

    def to_text(self):
        return json.dumps({"schema": SCHEMA, "healed": [asdict(each) for each in self.healings]}, indent=1) + "\n"


def describe(action):
    """``mtu of br0 from 1500 to 9000``, with the reason where there is one."""
    shown = action.to_dict()
    text = "%s of %s from %s to %s" % (action.field, action.target, _short(shown["before"]), _short(shown["after"]))
    return "%s (%s)" % (text, action.reason) if action.reason else text


def _short(value):
    text = value if isinstance(value, str) else "none" if value is None else json.dumps(value, sort_keys=True)
    return text if len(text) <= 80 else text[:79] + "…"


def parse_healed(text):
    """What cannot be read counts as nothing: it is about this boot alone, and at worst something is healed once more."""
    try:
        data = json.loads(text)
        if data["schema"] != SCHEMA:
            return Healed()
        return Healed(tuple(_healing(each) for each in data["healed"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Healed()


def _healing(data):
    words = {name: str(data[name]) for name in ("kind", "target", "field", "last", "what")}
    times = tuple((float(when), str(starts)) for when, starts in data["times"])
    return Healing(count=int(data["count"]), times=times, **words)
