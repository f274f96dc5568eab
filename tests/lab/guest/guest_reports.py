# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test guest says about its NICs: one JSON object a line in its log."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

LOGS = Path("/var/log/lab-guests")


def log_of(name: str) -> Path:
    """The guest's reports, a JSON object a line."""
    return LOGS / f"{name}.log"


def console_of(name: str) -> Path:
    """The guest's serial console: silent unless its kernel complains."""
    return LOGS / f"{name}.console"


def reports(text: str) -> list[dict]:
    """The complete reports in a log, oldest first; anything else and half lines are passed over."""
    found = []
    for line in text.splitlines():
        start = line.find('{"report":')
        if start < 0:
            continue
        try:
            found.append(json.loads(line[start:]))
        except ValueError:
            continue
    return found


def read_log(name: str, offset: int = 0) -> tuple[str, int]:
    """Text from ``offset`` on and the end's offset; from the beginning when the file was started anew."""
    try:
        with log_of(name).open("rb") as source:
            size = source.seek(0, 2)
            source.seek(offset if offset <= size else 0)
            return source.read().decode("utf-8", "replace"), size
    except FileNotFoundError:
        return "", 0


def latest(name: str, seconds: float, good: Callable[[dict], bool]) -> dict | None:
    """The newest report; with ``seconds`` one made from now on that is ``good``, or None when the time is over."""
    text, size = read_log(name)
    if seconds <= 0:
        known = reports(text)
        return known[-1] if known and good(known[-1]) else None
    # From the last line break on: a report being written now is a new one.
    size -= len(text) - (text.rfind("\n") + 1)
    deadline = time.monotonic() + seconds
    while True:
        text, end = read_log(name, size)
        found = [report for report in reports(text) if good(report)]
        if found:
            return found[-1]
        if time.monotonic() > deadline:
            return None
        if end < size:
            size = 0
        time.sleep(0.3)


def has_nics(count: int) -> Callable[[dict], bool]:
    """Whether a report shows exactly that many NICs, each with carrier and an address."""

    def good(report: dict) -> bool:
        nics = report["nics"]
        return len(nics) == count and all(nic["carrier"] and nic["addresses"] for nic in nics)

    return good
