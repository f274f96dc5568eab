# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain data out of what Ansible hands to a filter: tagged strings and numbers, lazy mappings and lists."""

from __future__ import annotations

from collections.abc import Mapping

MAX_DEPTH = 40


def plain(value, depth=0):
    """``value`` as dict, list, str, int, float, bool or None; what is none of these (a date) stays as it is.

    Keys stay what they are, so that a network named by a number can be told so. Raises ValueError for data nested
    without end.
    """
    if depth > MAX_DEPTH:
        raise ValueError("is nested more than %d levels deep" % MAX_DEPTH)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Mapping):
        return {plain(key, depth + 1): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    return value
