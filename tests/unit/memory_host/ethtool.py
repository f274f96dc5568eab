# SPDX-License-Identifier: GPL-3.0-or-later
"""Features of network devices, in memory."""

from __future__ import annotations


class MemoryEthtool:
    """``of``: ``{device: {feature: state}}``; ``broken``: what every question is answered with instead, for example unknown."""

    def __init__(self):
        self.of = {}
        self.broken = None

    def features(self, names):
        if self.broken is not None:
            return self.broken
        return {name: self.of[name] for name in names if name in self.of}
