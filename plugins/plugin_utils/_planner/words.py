# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that others chose, and lists of them, short enough for a line."""

from __future__ import annotations

from ...module_utils._model.display_text import display_text

LONGEST = 80
_NAMED = 3


def short(value):
    text = display_text(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def few(names, most=_NAMED):
    """``a, b, c and 4 more``."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else "%s and %d more" % (shown, len(names) - most)
