# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back from what a run is about to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .action import plain


@dataclass(frozen=True)
class Undo:
    """Made before the first write, from the state that was there, and kept in the journal.

    ``params``: parameters as the module would get them, whose convergence leads what the actions change back to where it
    was; None where there is nothing to lead back. ``consents``: those that this needs for what the run itself made, never
    for what others may use by now. ``uncovered``: sentences on what cannot be led back, for the user.
    """

    params: dict = None
    consents: tuple = ()
    uncovered: tuple = ()

    def to_dict(self):
        return {
            "params": plain(self.params),
            "consents": [str(name) for name in self.consents],
            "uncovered": [str(sentence) for sentence in self.uncovered],
        }


def parse_undo(data):
    """The Undo that :meth:`Undo.to_dict` made ``data`` of. Raises ValueError."""
    if not isinstance(data, dict) or not isinstance(data.get("params"), (dict, type(None))):
        raise ValueError("is damaged: its way back is of a wrong kind")
    lists = [data.get(name) for name in ("consents", "uncovered")]
    if not all(isinstance(each, list) and all(isinstance(text, str) for text in each) for each in lists):
        raise ValueError("is damaged: its way back is of a wrong kind")
    return Undo(data.get("params"), *map(tuple, lists))
