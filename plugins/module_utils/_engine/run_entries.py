# SPDX-License-Identifier: GPL-3.0-or-later
"""What the journal has of a run with a checkpoint."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.errors import ApplyFailed
from .._model.journal_entry import UNDONE, UNREAD, parse_entry_names
from .journal import DIRECTORY
from .unfinished import read_unfinished


def entries_of(host, run):
    """Those of the checkpoint ``run`` that were not undone yet, as of read_unfinished, newest first. Raises VnicError.

    An unfinished one among them that cannot be read may be one of them, and is listed.
    """
    listed = host.files.list_or(DIRECTORY)
    if listed is UNKNOWN:
        raise ApplyFailed(DIRECTORY, "cannot be listed")
    names = [name for name in parse_entry_names(listed) if name.state not in (UNDONE, UNREAD)]
    found = read_unfinished(host, names) if names else []
    own = {each.name for each in found if each.entry is not None and each.entry.run_of == run}
    first = min((name.number for name in own), default=0)
    lost = {each.name for each in found if own and each.entry is None and each.name.number > first}
    ours = [each for each in found if each.name in own or each.name in lost]
    return sorted(ours, key=lambda each: each.name.number, reverse=True)
