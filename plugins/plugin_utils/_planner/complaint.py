# SPDX-License-Identifier: GPL-3.0-or-later
"""An invalid inventory as one message that a person can work through."""

from __future__ import annotations

import reprlib

from ...module_utils._model.display_text import display_text

_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = 120
_SHOWN.maxlevel = 2


def complaint(error, who, host=None):
    """All problems of an InvalidInput, one a line. ``who``: the plugin that speaks; ``host``: whose plan was to be
    made.
    """
    where = " for %s" % display_text(host) if host is not None else ""
    head = "%s: nothing was planned%s, because of %d problem%s:" % (
        who,
        where,
        len(error.problems),
        "s"[: len(error.problems) != 1],
    )
    lines = [
        "- %s: %s %s" % (display_text(p.path), display_text(_SHOWN.repr(p.value)), display_text(p.message))
        for p in error.problems
    ]
    return "\n".join([head] + lines)
