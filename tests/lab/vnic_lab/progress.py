# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress lines with times, on standard error so that standard output stays the commands' own."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

_STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"lab {time.monotonic() - _STARTED:6.1f}s  {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Announce a step, then say how long it took; a step that raises prints no end."""
    say(f"{text} ...")
    began = time.monotonic()
    yield
    say(f"{text}: done in {time.monotonic() - began:.1f}s")
