# SPDX-License-Identifier: GPL-3.0-or-later
"""Undoing a run that nobody guards any more, as a pass of the reconciler does it while it holds the host's lock.

Both functions return ``(whether that went well, whether there is a state to keep then)``, and raise VnicError.
"""

from __future__ import annotations

from .._model.checkpoint_record import UNDO_FAILED
from .._resource.registry import ALSO_GUESTS, JOURNALLED, NEEDS_LIBVIRT, RECONCILER
from .checkpoint_file import read_record
from .run_entries import entries_of
from .undo_run import resume


def undo_interrupted(host, say):
    """All of it."""
    return _went_well(resume(host, None, say)), True


def undo_before_guests(host, say):
    """The host's side. What keeps a state at all goes last, with the guests' side: it is what undoes that, too."""
    kinds = {name: make for name, make in JOURNALLED.items() if name not in NEEDS_LIBVIRT and name != ALSO_GUESTS}
    new = _is_new(host)
    if new:
        del kinds[RECONCILER]
        say("nothing was kept on this host before the run that was cut off")
    return _went_well(resume(host, kinds, say)), not new


def _went_well(record):
    return record is None or record.state != UNDO_FAILED


def _is_new(host):
    """Whether it was the run that was cut off that made this host keep a state."""
    record = read_record(host)
    entries = entries_of(host, record.run) if record is not None else []
    undos = [found.entry.undo for found in entries if found.name.kind == RECONCILER and found.entry is not None]
    return any((undo["params"] or {}).get("state") == "absent" for undo in undos)
