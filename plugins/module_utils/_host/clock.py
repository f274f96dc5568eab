# SPDX-License-Identifier: GPL-3.0-or-later
"""Time that tests can replace."""

from __future__ import annotations

import time


class Clock:
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
