# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of the last run that was opened with a checkpoint: which it was, and how it ended. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

from .display_text import display_text

SCHEMA = 1
OPEN, UNDOING, CONFIRMED, UNDONE, UNDO_FAILED = "open", "undoing", "confirmed", "undone", "undo_failed"
STATES = (OPEN, UNDOING, CONFIRMED, UNDONE, UNDO_FAILED)
TOKEN = re.compile(r"[a-f][0-9a-f]{15}")  # YAML must not take it for a number
LEAST, MOST = 10, 86400  # seconds in which a run may be confirmed
LINES = 200  # that are kept of what an undoing told

_ENDS = {
    OPEN: "was neither confirmed nor undone yet",
    UNDOING: "is being undone, or was cut off while it was",
    CONFIRMED: "was confirmed",
    UNDONE: "was undone",
    UNDO_FAILED: "was to be undone, and that FAILED: look at the host before anything else",
}


def is_token(text):
    return isinstance(text, str) and bool(TOKEN.fullmatch(text))


def new_token(noise):
    """A token made of eight random bytes."""
    text = noise.hex()
    return "abcdef"[noise[0] % 6] + text[1:]


@dataclass(frozen=True)
class CheckpointRecord:
    """``run``: the token; ``opened``: a date to read; ``confirm_within``: seconds, counted from the end of the last step.

    ``why``: why it is or was undone, "" until then; ``told``: what was undone and what was not, line by line.
    ``confirmed``: token of the last run that was confirmed and changed something, which may be this one; "" for none.
    ``steps``: how many entries the journal had of that one when it was confirmed.
    ``former``: this dictionary of the run before, without its own ``former``; empty for none.
    """

    run: str
    state: str
    opened: str
    confirm_within: int
    why: str = ""
    told: tuple = ()
    confirmed: str = ""
    steps: int = 0
    former: dict = None

    @property
    def ended(self):
        return self.state not in (OPEN, UNDOING)

    def to_dict(self):
        return dict(asdict(self), told=list(self.told), former=dict(self.former or {}))

    def to_text(self):
        return json.dumps(dict(self.to_dict(), schema=SCHEMA), sort_keys=True) + "\n"

    @property
    def before(self):
        """The record of the run before, None for none."""
        return _record(self.former) if self.former else None

    def as_former(self):
        """What the record of the next run keeps of this one."""
        kept = self.to_dict()
        del kept["former"]
        return kept


_KINDS = {"run": str, "state": str, "opened": str, "confirm_within": int, "why": str, "told": list}
_LATER = {"confirmed": str, "steps": int, "former": dict}


def parse_record(text):
    """Raises ValueError that says what is wrong."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is damaged: no JSON") from None
    if not isinstance(data, dict) or not _is(data.get("schema"), int):
        raise ValueError("is damaged: it has no schema version")
    if data["schema"] > SCHEMA:
        raise ValueError(
            "has schema %d, of a newer version of kvm.vnic: this one reads up to %d" % (data["schema"], SCHEMA)
        )
    record = _record(data)
    if record.former:
        _record(record.former)
    return record


def _is(value, kind):
    return isinstance(value, kind) and not isinstance(value, bool)


def _record(data):
    for name, kind in {**_KINDS, **_LATER}.items():
        if (name in _KINDS and name not in data) or not _is(data.get(name, kind()), kind):
            raise ValueError("is damaged: %s is missing or of a wrong kind" % name)
    texts = all(isinstance(line, str) for line in data["told"])
    if not is_token(data["run"]) or data["state"] not in STATES or not texts:
        raise ValueError("is damaged: its run, state or told is none")
    found = {name: data[name] for name in {**_KINDS, **_LATER} if name in data}
    return CheckpointRecord(**dict(found, told=tuple(data["told"]), former=data.get("former") or None))


def describe_end(record):
    """How the run stands, in one sentence without a full stop."""
    because = ", because %s" % record.why if record.why and record.state != CONFIRMED else ""
    when = ", opened at %s," % record.opened if record.opened else ""
    return display_text("the run %s%s %s%s" % (record.run, when, _ENDS[record.state], because))


def describe_age(seconds):
    """``95 s``, ``12 min`` or ``3 h 5 min``."""
    seconds = int(seconds)
    if seconds < 120:
        return "%d s" % seconds
    minutes = seconds // 60
    return "%d min" % minutes if minutes < 120 else "%d h %d min" % divmod(minutes, 60)


def shorten(lines):
    """The first of many lines, and how many more there were."""
    lines = [display_text(str(line)) for line in lines]
    more = len(lines) - LINES
    return tuple(lines[:LINES] + ["%d more lines: see the journal of the host's service" % more] * (more > 0))
