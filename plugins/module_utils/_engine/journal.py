# SPDX-License-Identifier: GPL-3.0-or-later
"""What was there before a resource was touched."""

from __future__ import annotations


class MemoryJournal:
    """Keeps entries for the life of one run: ``(kind, before)`` per resource, newest last, and each result as it
    comes."""

    def __init__(self):
        self.entries = []
        self.results = []

    def open(self, resource, before, actions):
        """Called before the first write; ``actions`` are about to be applied."""
        self.entries.append((resource.kind, before, tuple(actions)))

    def record(self, results):
        """Called after each batch."""
        self.results.extend(results)

    def close(self):
        """Called when the resource was verified."""
