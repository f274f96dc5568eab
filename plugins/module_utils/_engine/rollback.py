# SPDX-License-Identifier: GPL-3.0-or-later
"""Leading a host back to where it was before the runs that journal entries tell of: by converging to it, newest first.

Whoever calls holds the locks. Nothing is written for what already is as it was, and an entry is marked once it and all that
are newer are led back: so this can be cut off, or fail, and be begun again. Were one marked before a newer one is led back,
the next try would lead both to where they were in between.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._model.consent import Consent
from .._model.display_text import display_text
from .._model.errors import ApplyFailed, VnicError
from .._model.journal_entry import UNDONE as MARK
from .._model.journal_entry import EntryName, describe_action
from .._model.undo import parse_undo
from .converge import converge

UNDONE, NOTHING_TO_UNDO, NOT_UNDONE = "undone", "nothing_to_undo", "not_undone"


@dataclass(frozen=True)
class LedBack:
    """What became of one entry: ``state``; ``why`` not; ``actions``: what was written, as of Action.to_dict; ``uncovered``:
    sentences on what cannot be led back."""

    entry: str
    kind: str
    state: str
    why: str = ""
    actions: tuple = ()
    uncovered: tuple = ()

    @property
    def lines(self):
        """Sentences for the user."""
        heads = {
            UNDONE: ["%s: %s" % (self.kind, "; ".join(map(describe_action, self.actions)))],
            NOTHING_TO_UNDO: [] if self.uncovered else ["%s: is as it was before" % self.kind],
            NOT_UNDONE: ["%s: NOT undone, and entry %s of the journal is kept: %s" % (self.kind, self.entry, self.why)],
        }
        sentences = heads[self.state] + ["%s: not covered: %s" % (self.kind, sentence) for sentence in self.uncovered]
        return [display_text("; ".join(filter(None, sentence.splitlines()))) for sentence in sentences]


@dataclass(frozen=True)
class Report:
    """``entries``: a LedBack for each, in the order in which they were tried."""

    entries: tuple = ()

    @property
    def failed(self):
        return any(each.state == NOT_UNDONE for each in self.entries)

    @property
    def lines(self):
        return [line for each in self.entries for line in each.lines]


class _Former(Consent):
    """Consents to what leads back. The connection came in over the former state, so it may be disturbed for it."""

    def covers(self, name):
        return name.startswith("management:") or super().covers(name)


class _NoJournal:
    """An entry stays until it is led back: nothing else is to be kept of that. The locks are the caller's."""

    unfinished = False

    def wait_for_turn(self):
        return False

    def look(self, resource, params):
        pass

    def notes(self):
        return []

    def __enter__(self):
        return False

    def __exit__(self, kind, error, trace):
        pass

    def open(self, resource, before, actions, undo):
        pass

    def record(self, results):
        pass

    def close(self):
        pass


def roll_back(host, entries, kinds=None):
    """Lead ``host`` back over ``entries`` (as of ``run_entries``), the newest first, and return the Report.

    ``kinds``: ``{kind: callable that returns the Resource}``; entries of others are left for who can lead them back. Without
    it, all that the journal tells of. What fails is told and does not keep the rest from being tried.
    """
    if kinds is None:
        from .._resource.registry import JOURNALLED as known
    else:
        known, entries = kinds, [each for each in entries if each.name.kind in kinds]
    done = []
    for each in sorted(entries, key=lambda each: each.name.number, reverse=True):
        done.append(_lead_back(host, each, known, mark=not Report(done).failed))
    return Report(tuple(done))


def _lead_back(host, found, kinds, mark):
    name, kind = str(found.name), found.name.kind
    if found.entry is None:
        return LedBack(name, kind, NOT_UNDONE, found.problem)
    if kind not in kinds:
        return LedBack(name, kind, NOT_UNDONE, "this version of kvm.vnic does not know it")
    undo = parse_undo(found.entry.undo)
    actions, why = _converge(host, kinds[kind], undo) if undo.params is not None else ((), "")
    if mark and not why:
        try:
            host.journal.move([(name, str(EntryName(found.name.number, kind, MARK)))], [])
        except ApplyFailed as error:
            why = "it is as it was, which could not be written down: %s" % error
    state = NOT_UNDONE if why else UNDONE if actions else NOTHING_TO_UNDO
    return LedBack(name, kind, state, why, actions, undo.uncovered)


def _converge(host, make, undo):
    """The actions, as dictionaries, and why it failed, or ""."""
    try:
        outcome = converge(make(), undo.params, host, _Former(undo.consents), _NoJournal())
    except VnicError as error:
        return (), str(error)
    except Exception as error:  # pylint: disable=broad-except
        # a defect of one kind must not leave the others as they are
        return (), "%s: %s" % (type(error).__name__, error)
    return tuple(action.to_dict() for action in outcome.actions), ""
