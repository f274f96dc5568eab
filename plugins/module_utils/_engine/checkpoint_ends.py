# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run with a checkpoint ended, as errors and as words."""

from __future__ import annotations

from .._model.checkpoint_record import CONFIRMED, OPEN, UNDOING, describe_end
from .._model.errors import Conflict, VnicError


class RunOpen(Conflict):
    """Another run is open on this host: wait for its end, or undo it."""

    kind = "locked"


class RunEnded(Conflict):
    """What was to be confirmed is no more: ``details`` tell what became of it."""

    kind = "run_ended"

    def __init__(self, run, record, why):
        self.run, self.record = run, record
        super().__init__("the run %s cannot be confirmed: %s" % (run, why))

    def details(self):
        return {"run": self.run, "former": former_words(self.record)}


class UndoFailed(VnicError):
    """Not everything was led back: somebody must look at the host. ``record`` tells line by line."""

    kind = "undo_failed"

    def __init__(self, record):
        self.record = record
        super().__init__(
            "%s. What is not as before: %s. Mend it by hand or run again with state undone and run %s; the journal is kept"
            % (describe_end(record), "; ".join(record.told) or "nothing was told", record.run)
        )

    def details(self):
        return {"run": self.record.run, "told": list(self.record.told)}


def former_words(record):
    """What is worth telling of the run before, as plain data; empty where it was confirmed or there was none."""
    if record is None or record.state == CONFIRMED:
        return {}
    return {
        "run": record.run,
        "state": "interrupted" if record.state in (OPEN, UNDOING) else record.state,
        "opened": record.opened,
        "why": record.why,
        "told": list(record.told),
        "text": describe_end(record),
    }


def unreadable_words(error):
    return {"run": "", "state": "unreadable", "opened": "", "why": "", "told": [], "text": str(error)}
