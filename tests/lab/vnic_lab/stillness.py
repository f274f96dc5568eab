# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells a booting machine from one that has come to a stop: when its processors have all lost their timers they sleep, and
nobody is left to complain of it on the console."""

from __future__ import annotations

import os
import time
from pathlib import Path

SECONDS = 40.0
# Booting takes a processor or more; the emulator of a machine that had stopped took 0.03 of one.
SHARE = 0.1


class Stillness:
    """What an emulator's process has used lately."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []

    def forget(self) -> None:
        self._seen.clear()

    def lasts(self, pid: int) -> bool:
        """Whether it has hardly used a processor for ``SECONDS``, as far as it was asked; False when it has ended."""
        now, used = time.monotonic(), processor_seconds(pid)
        if used is None:
            self.forget()
            return False
        self._seen.append((now, used))
        while len(self._seen) > 1 and now - self._seen[1][0] >= SECONDS:
            del self._seen[0]
        since, before = self._seen[0]
        return now - since >= SECONDS and used - before < SHARE * (now - since)


def processor_seconds(pid: int) -> float | None:
    """Of all its threads, in user and kernel mode: proc_pid_stat(5)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
