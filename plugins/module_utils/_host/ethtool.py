# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to ethtool: what it shows, mostly without the program, and what it changes, with it."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.errors import ApplyFailed
from .._model.rx_filters import parse_mac_rules
from .files import error_name

TIMEOUT = 10.0
CHANGE_TIMEOUT = 60.0  # a card that is reset trains its link


class Ethtool:
    def __init__(self, worker, commands):
        self._worker = worker
        self._commands = commands

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

    def spreading(self, names):
        """``{device: {channels, rings, table}}``: channels as ``{max_combined, combined, …}``, the number of rings that
        receive, the RSS table as a list of rings; each null where the device has none. Unknown when none can be asked.
        """
        names = list(names)
        if not names:
            return {}
        try:
            return self._worker.call("device_spreading", names, timeout=TIMEOUT)
        except OSError:
            return UNKNOWN

    def mac_rules(self, name):
        """Filters by destination address, as a list of :class:`MacRule`; None where the device has no filters."""
        done = self._commands.run(["ethtool", "-n", name], check=False)
        return None if done.code else parse_mac_rules(done.output)

    def change(self, option, name, *words):
        """``ethtool OPTION NAME WORD…``. Raises ApplyFailed with what the kernel answered."""
        self._commands.run(["ethtool", option, name] + [str(word) for word in words], timeout=CHANGE_TIMEOUT)

    def set_table(self, name, table):
        """The RSS table as a list of rings, entry by entry. Raises ApplyFailed."""
        try:
            self._worker.call("set_device_table", name, list(table), timeout=CHANGE_TIMEOUT)
        except OSError as error:
            raise ApplyFailed("set the RSS table of %s" % name, error_name(error)) from None
