# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks of RPS and XPS as sysfs prints them, without their many leading zeros."""

from __future__ import annotations

import re

_MASK = re.compile(r"[0-9a-fA-F]{1,8}(,[0-9a-fA-F]{1,8})*", re.ASCII)


def short_mask(text):
    """``f,00000000`` for ``00000000,0000000f,00000000``; ``0`` when no CPU is in it. Raises ValueError for anything
    else.

    Done on the text, because a large host has thousands of masks of a thousand CPUs each.
    """
    if not _MASK.fullmatch(text):
        raise ValueError("%r is no CPU mask" % (text,))
    return text.lower().lstrip("0,") or "0"
