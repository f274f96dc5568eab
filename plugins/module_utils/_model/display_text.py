# SPDX-License-Identifier: GPL-3.0-or-later
"""Strings that others chose (guests' names, aliases of devices, kernel arguments), made safe to show."""

from __future__ import annotations

import unicodedata

REPLACEMENT = "\ufffd"
# Control, format (which turn the direction of what follows), lone surrogates, line and paragraph separators
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def display_text(text):
    """``text`` with every control character replaced by U+FFFD.

    Replaced and not left out: of two names that differ in nothing else, one must not come to look like the other.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(REPLACEMENT if unicodedata.category(character) in _HIDDEN else character for character in text)


def display_data(value):
    """Plain data with every string in it, keys included, through :func:`display_text`; what is no plain data is left as
    it is."""
    if isinstance(value, str):
        return display_text(value)
    if isinstance(value, dict):
        return {display_data(key): display_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [display_data(item) for item in value]
    return value
