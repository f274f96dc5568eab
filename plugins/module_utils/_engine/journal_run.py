# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a run that changes something: its lock, its entry, and the entries of earlier runs that it ends."""

from __future__ import annotations

import json
import os

from .._model.action import UNKNOWN, plain
from .._model.errors import ApplyFailed, NotJournalled
from .._model.journal_entry import (
    DONE,
    FAILED,
    OPEN,
    UNREAD,
    EntryName,
    JournalEntry,
    describe_actions,
    describe_run,
    is_covered,
    parse_entry_names,
)
from .journal import DIRECTORY
from .unfinished import is_running, process_of, read_unfinished

OVER = "over"  # what a run that let go of the lock leaves behind its own line
WAIT = 10.0  # seconds for the lock
KEPT = 32  # entries that are done, and as many of the others


class JournalRun:
    def __init__(self, host, resource, params):
        self._host, self._resource, self._params = host, resource, plain(params)
        self._run, self._lock, self._name = os.urandom(8).hex(), None, None
        self._listed, self._earlier, self._problems = (), [], []

    def read(self):
        """Read anew what earlier runs of the same resource left unfinished."""
        self._listed, self._earlier = self._host.files.list_or(DIRECTORY), []
        if self._listed is UNKNOWN:
            return
        own = [name for name in parse_entry_names(self._listed) if name.unfinished and name.kind == self._resource.kind]
        try:
            self._earlier = read_unfinished(self._host, own) if own else []
        except ApplyFailed as error:
            self._problems.append("whether an earlier run did not end cannot be told: %s" % error)

    def _settles(self, found):
        return found.entry is None or is_covered(found.entry, self._params, self._resource.leads(self._params))

    def settles_some(self):
        return any(map(self._settles, self._earlier))

    def notes(self):
        told = list(self._problems)
        for found in self._earlier:
            if found.entry is None:
                told.append("the journal's entry %s/%s %s" % (DIRECTORY, found.name, found.problem))
                continue
            if self._lock is None and is_running(self._host, found.entry):
                continue
            text = "%s: it was about to change %s" % (
                describe_run(found.entry, found.name.state),
                describe_actions(found.entry),
            )
            if not self._settles(found):
                text += ". This run does not name all of that: run again what did not come to its end"
            told.append(text)
        return told

    def begin(self, former):
        """Hold the lock; returns whether somebody had it since its content was ``former``. Raises RunInProgress or
        NotJournalled."""
        owner = {
            "run": self._run,
            "module": "kvm.vnic.%s" % self._resource.kind,
            "pid": os.getpid(),
            "since": self._host.clock.date(),
        }
        lock = self._host.run_lock()
        try:
            found = lock.take(json.dumps(owner, sort_keys=True), WAIT)
        except ApplyFailed as error:
            raise NotJournalled(error) from None
        self._lock = lock
        self.read()
        return found != former or not (found == "" or found.endswith(OVER))

    def end(self, failed):
        """Let go of the lock; what was begun and not closed is marked when this run tells that it ``failed``."""
        try:
            if failed and self._name is not None:
                self._mark({self._name: FAILED})
        finally:
            self._lock.release()

    def open(self, before, actions):
        if self._listed is UNKNOWN:
            raise NotJournalled(ApplyFailed(DIRECTORY, "cannot be listed"))
        boot, born = process_of(self._host, os.getpid())
        entry = JournalEntry(
            run=self._run,
            kind=self._resource.kind,
            pid=os.getpid(),
            boot=boot,
            born=born,
            began=self._host.clock.date(),
            params=self._params,
            before=plain(self._resource.show(before)),
            actions=[action.to_dict() for action in actions],
        )
        numbers = [name.number for name in parse_entry_names(self._listed)]
        name = EntryName(max(numbers, default=0) + 1, entry.kind, OPEN)
        try:
            self._host.journal.write(str(name), entry.to_text())
        except ApplyFailed as error:
            raise NotJournalled(error) from None
        self._name = name

    def close(self):
        ends = {found.name: DONE if found.entry else UNREAD for found in self._earlier if self._settles(found)}
        if self._name is not None:
            ends[self._name] = DONE
        self._mark(ends)

    def _mark(self, ends):
        """``{EntryName: how it ended}``. Does not raise: the host is as it is."""
        moves = [(str(name), str(EntryName(name.number, name.kind, end))) for name, end in ends.items()]
        names = {str(name) for name in parse_entry_names(self._listed)} - {old for old, _new in moves} | {
            new for _old, new in moves
        }
        half = [name for name in self._listed if name.startswith(".") and parse_entry_names([name[1:]])]
        try:
            self._host.journal.move(moves, half + _outdated(names))
            self._name = None
        except ApplyFailed as error:
            self._problems.append(
                "the journal could not be closed, so the next run tells of this one once more: %s" % error
            )


def _outdated(names):
    """Those of the names beyond the newest of each sort."""
    sorts = {True: [], False: []}
    for name in parse_entry_names(names):
        sorts[name.state == DONE].append(str(name))
    return sorts[True][:-KEPT] + sorts[False][:-KEPT]
