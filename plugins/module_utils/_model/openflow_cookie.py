# SPDX-License-Identifier: GPL-3.0-or-later
"""The cookies by which our flows are known from others': 16 bits of mark, 8 of kind, 40 of whose flow it is."""

from __future__ import annotations

import hashlib

MARK = 0x6B76  # "kv"
PLAIN, GUEST, GUARD = 0, 1, 2
KINDS = {PLAIN: "plain", GUEST: "guest", GUARD: "guard"}


def cookie_of(kind, owner=""):
    """The cookie of every flow of one kind and owner (a guest port's interface id; empty for the others), as a number."""
    whose = int.from_bytes(hashlib.sha256(owner.encode()).digest()[:5], "big") if owner else 0
    return MARK << 48 | kind << 40 | whose


def is_ours(cookie):
    return cookie >> 48 == MARK


def kind_of(cookie):
    """``PLAIN``, ``GUEST``, ``GUARD``, or None for a flow of somebody else's or of a kind of a later release."""
    kind = cookie >> 40 & 0xFF
    return kind if is_ours(cookie) and kind in KINDS else None
