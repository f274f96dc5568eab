# SPDX-License-Identifier: GPL-3.0-or-later
"""What YAML makes of values that were not quoted, in words that tell the user what to write instead."""

from __future__ import annotations

import datetime
import difflib
import re

_TEMPLATE = re.compile(r"\{\{|\{%|\{#")


def kind_of(value):
    """``value``'s type in YAML's own words."""
    if value is None:
        return "empty (null)"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return "a date"
    return "of type %s" % type(value).__name__


def with_article(what):
    """``an IP address``, ``a UUID``."""
    return "%s %s" % ("an" if what[:1].lower() in "aeio" else "a", what)


def no_text(value, what, example):
    """Why ``value``, which is no string, is not ``what``, and how to write it."""
    if value is None:
        return "is empty: write %s such as %s, or leave the key out" % (with_article(what), example)
    if isinstance(value, bool):
        return "is a boolean, no %s: YAML reads on, off, yes, no, true and false so; put it in quotes" % what
    if isinstance(value, (int, float)):
        return (
            "is a number, no %s: YAML reads digits with colons, dots, underscores or a leading zero as numbers "
            "(12:30:00, 52:54, 0000:03:00.0); put it in quotes, as in %s" % (what, example)
        )
    if isinstance(value, (datetime.date, datetime.datetime)):
        return "is a date, no %s: YAML reads 2024-01-01 so; put it in quotes" % what
    return "is %s: expected %s such as %s" % (kind_of(value), with_article(what), example)


def unexpanded(text):
    """Why ``text`` is refused when a template was left in it, else None."""
    if _TEMPLATE.search(text):
        return "is a template that was not expanded: it came from where Ansible expands none, such as a module's output"
    return None


def did_you_mean(given, known):
    """``" did you mean 'vfs'?"`` or nothing."""
    close = difflib.get_close_matches(str(given)[:100], [str(name) for name in known], n=1, cutoff=0.6)
    return " did you mean %r?" % close[0] if close else ""
