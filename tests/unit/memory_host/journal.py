# SPDX-License-Identifier: GPL-3.0-or-later
"""A journal that keeps everything and writes nothing."""

from __future__ import annotations


class MemoryJournal:
    """``entries``: ``(kind, before, actions)``; ``undos``: the Undo of each; ``results``: each as it comes; ``others_ran``: what the lock tells;
    ``unfinished``: whether there is something of earlier runs to end; ``held``: whether it is a context now."""

    def __init__(self):
        self.entries, self.undos, self.results = [], [], []
        self.others_ran = self.unfinished = self.held = False

    def wait_for_turn(self):
        return False

    def look(self, resource, params):
        pass

    def notes(self):
        return []

    def __enter__(self):
        self.held = True
        return self.others_ran

    def __exit__(self, kind, error, trace):
        self.held = False

    def open(self, resource, before, actions, undo):
        assert self.held
        self.undos.append(undo)
        self.entries.append((resource.kind, before, tuple(actions)))

    def record(self, results):
        self.results.extend(results)

    def close(self):
        assert self.held
