# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to what ethtool(8) shows, without the program."""

from __future__ import annotations

from .._model.action import UNKNOWN

TIMEOUT = 10.0


class Ethtool:
    def __init__(self, worker):
        self._worker = worker

    def features(self, names):
        """``{device: {feature: "on" | "off", with " [fixed]" where it cannot be changed}}`` of those that answer;
        unknown when none can be asked."""
        names = list(names)
        if not names:
            return {}
        try:
            return self._worker.call("device_features", names, timeout=TIMEOUT)
        except OSError:
            return UNKNOWN
