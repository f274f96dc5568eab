# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts read totally: what is missing, ``"unknown"`` or of another type becomes None or empty."""

from __future__ import annotations

from functools import lru_cache

from .cpu_set import CpuSet


def mapping(value):
    return value if isinstance(value, dict) else {}


def listed(value):
    return value if isinstance(value, list) else []


def mappings(value):
    return [item for item in listed(value) if isinstance(item, dict)]


def text(value):
    return value if isinstance(value, str) and value not in ("", "unknown") else None


def whole(value):
    """A number that counts something, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def flag(value):
    return value if isinstance(value, bool) else None


@lru_cache(maxsize=4096)
def _cpus(words):
    try:
        return CpuSet.from_list(words)
    except ValueError:
        return None


def cpus(value):
    """The CpuSet of a CPU list, or None; ``""`` is the empty set."""
    return _cpus(value) if isinstance(value, str) else None
