# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of what was healed since the boot, on the host."""

from __future__ import annotations

from functools import cached_property

from .._model.errors import ApplyFailed

PATH = "/run/kvm-vnic/healed.json"
MODE = 0o600


class HealedFile:
    """Read when something differs, and written when something was healed: a pass that finds nothing to do does neither."""

    def __init__(self, host):
        self._host = host
        self._changed = False

    @cached_property
    def _healed(self):
        return read_healed(self._host)

    @cached_property
    def _starts(self):
        from .._resource.starts import starts

        return starts(self._host)

    def fought(self, kind):
        """``{(target, field): Healing}`` of what is not to be written now."""
        return self._healed.fought(kind, self._host.clock.monotonic(), self._starts)

    def add(self, kind, actions):
        if actions:
            clock = self._host.clock
            self._healed = self._healed.add(kind, actions, clock.monotonic(), self._starts, clock.date())
            self._changed = True

    def save(self):
        """Raises ApplyFailed."""
        if self._changed:
            self._host.files.replace(PATH, self._healed.to_text(), MODE)
            self._changed = False


def read_healed(host):
    from .._model.healed import Healed, parse_healed

    try:
        text = host.files.content(PATH)
    except ApplyFailed:
        text = None
    return Healed() if text is None else parse_healed(text)
