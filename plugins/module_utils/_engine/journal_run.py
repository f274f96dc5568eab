# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a run that changes something: its lock, its entry, and the entries of earlier runs that it ends."""

from __future__ import annotations

import json
import os

from .._model.action import UNKNOWN, plain
from .._model.errors import ApplyFailed, Conflict, NotJournalled
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
    parse_entry,
    parse_entry_names,
)
from .journal import DIRECTORY, LOCK, PASS_OWNER
from .open_run import RECORD, is_unguarded, names_run, require_open
from .turn import PASS_WAIT, take_in_turn
from .unfinished import is_running, process_of, read_unfinished

OVER = "over"  # what a run that let go of the lock leaves behind its own line
WAIT = 10.0  # seconds for the lock
PAUSE = 0.5
KEPT = 32  # entries that are done, and as many of the others


class JournalRun:
    def __init__(self, host, resource, params, checkpoint="", held=False):
        self._host, self._resource, self._params = host, resource, plain(params)
        self._run, self._lock, self._name = os.urandom(8).hex(), None, None
        self._checkpoint, self._held, self._alone = checkpoint, held, False
        self._guarded = bool(checkpoint)
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
            if not self._alone and is_running(self._host, found.entry):
                continue
            text = "%s: it was about to change %s" % (
                describe_run(found.entry, found.name.state),
                describe_actions(found.entry),
            )
            if not self._settles(found):
                text += ". This run does not name all of that: run again what did not come to its end"
            told.append(text)
        return told

    def wait_for_turn(self, former):
        """See Journal. Whether that one has come to his end is not told: a lock is taken later. Raises NotJournalled."""
        lock, began = self._host.run_lock(), self._host.clock.monotonic()
        if not is_unguarded(self._host, self._checkpoint):
            return False
        try:
            content = lock.held_by()
            while content and not names_run(content, self._checkpoint):
                if self._host.clock.monotonic() - began >= (PASS_WAIT if PASS_OWNER in content else WAIT):
                    break
                self._host.clock.sleep(PAUSE)
                content = lock.held_by()
        except ApplyFailed as error:
            raise NotJournalled(error) from None
        return self._host.files.read_or(LOCK, "") != former

    def begin(self, former, changing=True):
        """Hold the lock; returns whether somebody may have had it since its content was ``former``.

        The first step of a run that has something to change has the run guarded from then on. Raises NotJournalled,
        NotGuarded, Unsupported, RunInProgress, or Conflict when the run that this is a step of has ended.
        """
        if self._held:
            self._alone = True
            self.read()
            return False
        owner = {
            "run": self._run,
            "module": "kvm.vnic.%s" % self._resource.kind,
            "pid": os.getpid(),
            "since": self._host.clock.date(),
        }
        armed = False
        if self._checkpoint and is_unguarded(self._host, self._checkpoint):
            self._guarded = armed = changing
        if armed:
            from .opened import arm

            arm(self._host, self._checkpoint)
        lock = self._host.step_lock() if self._guarded else self._host.run_lock()
        try:
            found = take_in_turn(lock, json.dumps(owner, sort_keys=True), WAIT)
            self._lock = lock
            if self._guarded:
                # from here on it cannot be undone meanwhile: that takes the lock of a step, too
                require_open(self._host, self._checkpoint, self._host.run_lock().held_by())
        except ApplyFailed as error:
            self._release()
            raise NotJournalled(error) from None
        except Conflict:
            self._release()
            raise
        self._alone = True
        self.read()
        return armed or found != former or not (found == "" or found.endswith(OVER))

    def end(self, failed):
        """Let go of the lock; what was begun and not closed is marked when this run tells that it ``failed``."""
        try:
            if failed and self._name is not None:
                self._mark({self._name: FAILED})
        finally:
            self._release()

    def _release(self):
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def open(self, before, actions, undo):
        if self._checkpoint and not self._guarded:
            raise Conflict("the host was changed by somebody else meanwhile: nothing was written, run again")
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
            run_of=self._checkpoint,
            undo=undo.to_dict(),
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
            self._host.journal.move(moves, half + self._droppable(_outdated(names), moves))
            self._name = None
        except ApplyFailed as error:
            self._problems.append(
                "the journal could not be closed, so the next run tells of this one once more: %s" % error
            )

    def _droppable(self, names, moves):
        """Those of the names without what leads back a run that may be undone: the open one, and those that the checkpoint's
        record names, as the last that was confirmed."""
        if not names:
            return []
        now = {new: old for old, new in moves}
        try:
            record = self._host.files.content(RECORD) or ""
            found = self._host.journal.read([now.get(name, name) for name in names])
        except ApplyFailed:
            return []  # until that can be told, everything is kept
        return [name for name in names if not _is_kept(found[now.get(name, name)][0], record, self._checkpoint)]


def _is_kept(text, record, checkpoint):
    if text is None:
        return True
    try:
        run = parse_entry(text).run_of
    except ValueError:
        return False  # it leads nobody back
    return bool(run) and (run == checkpoint or run in record)


def _outdated(names):
    """Those of the names beyond the newest of each sort."""
    sorts = {True: [], False: []}
    for name in parse_entry_names(names):
        sorts[name.state == DONE].append(str(name))
    return sorts[True][:-KEPT] + sorts[False][:-KEPT]
