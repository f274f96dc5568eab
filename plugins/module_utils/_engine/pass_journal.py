# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a pass of the reconciler, which has the host's lock from its beginning to its end."""

from __future__ import annotations

from .journal import Journal


class PassJournal(Journal):
    """``opened``: whether writing has begun."""

    def __init__(self, host):
        super().__init__(host, held=True)
        self.opened = False

    def open(self, resource, before, actions, undo):
        self.opened = True
        super().open(resource, before, actions, undo)
