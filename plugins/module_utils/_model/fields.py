# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect every problem of a desired state before complaining once."""

from __future__ import annotations

from .errors import InvalidInput, Problem


class Problems:
    """A list of problems under construction; ``path`` prefixes come from :meth:`at`."""

    def __init__(self, path="", found=None):
        self._path = path
        self._found = [] if found is None else found

    def at(self, step):
        """The same list, seen from one level deeper: ``at('ports').at(2).at('vlan')`` speaks of ``ports[2].vlan``."""
        if isinstance(step, int):
            path = "%s[%d]" % (self._path, step)
        else:
            path = "%s.%s" % (self._path, step) if self._path else step
        return Problems(path, self._found)

    @property
    def path(self):
        return self._path

    def add(self, value, message):
        self._found.append(Problem(self._path, value, message))

    def parse(self, parser, value):
        """``parser(value)``, or None with the ValueError's text recorded here; None and absent values stay None."""
        if value is None:
            return None
        try:
            return parser(value)
        except ValueError as error:
            self.add(value, str(error))
            return None

    def whole(self, value, lowest, highest, what):
        """An integer within bounds, or None with the problem recorded."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            self.add(value, "is no %s: allowed are whole numbers from %d to %d" % (what, lowest, highest))
            return None
        return value

    def unique(self, values, what):
        """Record every value that occurs twice, at its index."""
        seen = set()
        for index, value in enumerate(values):
            if value is not None and value in seen:
                self.at(index).add(value, "occurs twice: each %s may be listed once" % what)
            seen.add(value)

    @property
    def found(self):
        """Every Problem so far, as a tuple."""
        return tuple(self._found)

    def __bool__(self):
        return bool(self._found)

    def raise_if_any(self):
        if self._found:
            raise InvalidInput(self._found)


VLAN_RANGE = (1, 4094)
MTU_RANGE = (68, 65535)  # ETH_MIN_MTU, ETH_MAX_MTU (include/uapi/linux/if_ether.h)
