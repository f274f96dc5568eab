# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of the journal: what a run was about to change, and what was there. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields

from .display_text import display_text
from .undo import Undo, parse_undo

SCHEMA = 2
SHOWN_ACTIONS = 5
SHOWN_VALUE = 40  # characters

OPEN, FAILED, DONE, UNDONE, UNREAD = "open", "failed", "done", "undone", "unread"
_NAME = re.compile(r"([0-9]{8,12})-([a-z_]+)\.(open|failed|done|undone|unread)")
_OLD = Undo(uncovered=("a run of an older kvm.vnic wrote this down, which kept no way back",))


@dataclass(frozen=True)
class EntryName:
    """A file's name: its number, which only grows, the kind of resource, and how far the run came.

    ``state``: ``open``, ``failed`` (the run told of it), ``done``, ``undone`` (led back by another run), or ``unread`` (set
    aside, because it could not be read).
    """

    number: int
    kind: str
    state: str

    def __str__(self):
        return "%08d-%s.%s" % (self.number, self.kind, self.state)

    @property
    def unfinished(self):
        return self.state in (OPEN, FAILED)


def parse_entry_names(names):
    """The EntryNames among ``names``, oldest first; other files are none of ours."""
    matches = [match for match in map(_NAME.fullmatch, names) if match]
    return sorted((EntryName(int(m[1]), m[2], m[3]) for m in matches), key=lambda name: (name.number, str(name)))


@dataclass(frozen=True)
class JournalEntry:
    """``run``: its random id; ``kind``: of the resource; ``pid``, ``boot``, ``born``: the process, its boot and its start in
    clock ticks since then, as proc(5) has them, so that no other process is taken for it; ``began``: a date to read.

    ``params``: as the module got them; ``before``: all that the resource shows of the host; ``actions``: dictionaries as of
    Action.to_dict, in their order. ``run_of``: the token of the checkpoint that the run was part of, or ""; ``undo``: the
    way back, as of Undo.to_dict.
    """

    run: str
    kind: str
    pid: int
    boot: str
    born: str
    began: str
    params: dict
    before: object
    actions: list
    run_of: str
    undo: dict

    def to_text(self):
        return json.dumps(dict(asdict(self), schema=SCHEMA), sort_keys=True) + "\n"

    def is_process(self, boot, born):
        """Whether the process of number ``pid`` that started at ``born`` after ``boot`` is the one that wrote this."""
        return bool(self.born) and (self.boot, self.born) == (boot, born)


def parse_entry(text):
    """Raises ValueError that says what is wrong."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is damaged: no JSON") from None
    if not isinstance(data, dict) or not isinstance(data.get("schema"), int):
        raise ValueError("is damaged: it has no schema version")
    if data["schema"] > SCHEMA:
        raise ValueError(
            "has schema %d, of a newer version of kvm.vnic: this one reads up to %d" % (data["schema"], SCHEMA)
        )
    if data["schema"] < 2:
        data = dict(data, run_of="", undo=_OLD.to_dict())
    found = {}
    for field in fields(JournalEntry):
        value = data.get(field.name)
        kind = {"str": str, "int": int, "dict": dict, "list": list}.get(field.type, object)
        if field.name not in data or not isinstance(value, kind):
            raise ValueError("is damaged: %s is missing or of a wrong kind" % field.name)
        found[field.name] = value
    if not all(isinstance(action, dict) for action in found["actions"]):
        raise ValueError("is damaged: an action is of a wrong kind")
    parse_undo(found["undo"])
    return JournalEntry(**found)


def _short(value):
    text = value if isinstance(value, str) else "none" if value is None else json.dumps(value, sort_keys=True)
    return text if len(text) <= SHOWN_VALUE else text[: SHOWN_VALUE - 1] + "…"


def describe_action(action):
    """``br0 mtu from 1500 to 9000``."""
    return "%s %s from %s to %s" % (
        action.get("target"),
        action.get("field"),
        _short(action.get("before")),
        _short(action.get("after")),
    )


def describe_actions(entry):
    """``br0 mtu from 1500 to 9000; …`` of the first actions."""
    told = [describe_action(action) for action in entry.actions[:SHOWN_ACTIONS]]
    more = len(entry.actions) - len(told)
    return display_text("; ".join(told + ["%d more" % more] * bool(more)))


def describe_run(entry, state):
    """Which run it was, and how it ended."""
    ended = "failed" if state == FAILED else "did not end"
    return display_text("a run of %s that process %d began at %s %s" % (entry.kind, entry.pid, entry.began, ended))


def _thing(text):
    """The object that a target or a parameter speaks of: ``br0`` of ``br0/p1``, ``ens2`` of ``ens2#3``."""
    return re.split("[/# ]", text, maxsplit=1)[0]


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(key)
            yield from _strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)


def is_covered(entry, params):
    """Whether a run with ``params`` settles what ``entry`` was about: it has the same wish, takes away whatever is not
    listed, or names every object that was to change. A file of the module's own, which no wish names, is led by each."""
    if params.get("purge") or params == entry.params:
        return True
    named = {_thing(text) for text in _strings(params)}
    targets = [str(action.get("target")) for action in entry.actions]
    return all(target.startswith("/") or _thing(target) in named for target in targets)
