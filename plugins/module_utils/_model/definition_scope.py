# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a guest's two definitions a wish speaks of: the one for its next start, the running one, or both."""

from __future__ import annotations

BOTH, PERSISTENT, LIVE = "both", "persistent", "live"
SCOPES = (BOTH, PERSISTENT, LIVE)


def overlap(one, other):
    """Whether two wishes with these scopes can contradict each other."""
    return BOTH in (one, other) or one == other


def unique_by_scope(wishes, problems):
    """Record a guest that is listed twice for the same definition."""
    for scope in SCOPES:
        of_scope = [wish if wish.scope == scope else None for wish in wishes]
        for key in ("uuid", "name"):
            problems.unique([None if wish is None else getattr(wish, key) for wish in of_scope], "guest")
