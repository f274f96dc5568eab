# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a pass of the reconciler, which has the host's lock from its beginning to its end."""

from __future__ import annotations

from .._model.errors import ApplyFailed
from .journal import Journal


class PassJournal(Journal):
    """``opened``: whether writing has begun."""

    def __init__(self, host):
        super().__init__(host, held=True)
        self.opened = False

    def open(self, resource, before, actions, undo):
        self.opened = True
        super().open(resource, before, actions, undo)

    def close(self):
        """A pass that is done is not kept: it led to what was confirmed, so that nobody wants to go back behind it, and the
        run that was confirmed, which somebody may want back, keeps its place among the last entries."""
        from .._model.journal_entry import DONE, EntryName

        own = self._loaded.entry_name
        super().close()
        if own is None:
            return
        try:
            self._host.journal.move([], [str(EntryName(own.number, own.kind, DONE))])
        except ApplyFailed:
            pass  # one more entry that is done
