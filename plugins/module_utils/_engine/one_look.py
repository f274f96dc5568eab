# SPDX-License-Identifier: GPL-3.0-or-later
"""All kinds of a pass see the same links: asking for them costs a process, and most passes write nothing."""

from __future__ import annotations


class OneLook:
    """The door ``ip`` of a host, whose links are read once. ``fresh`` while somebody writes: then each answer is read anew."""

    def __init__(self, ip):
        self._ip = ip
        self._links = None
        self.fresh = False

    def __getattr__(self, name):
        return getattr(self._ip, name)

    def links(self):
        if self.fresh or self._links is None:
            self._links = self._ip.links()
        return self._links

    def look_anew(self, writing):
        """What was read is of before; ``writing``: whether something goes on being written."""
        self._links, self.fresh = None, writing
