# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that tests can replace."""

from __future__ import annotations

import time


class Clock:
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)

    @staticmethod
    def date():
        """Now as ``2026-11-27T07:49:39Z``, for people to read; it may jump."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
