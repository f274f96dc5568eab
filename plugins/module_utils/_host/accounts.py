# SPDX-License-Identifier: GPL-3.0-or-later
"""User and group accounts, from whatever source the host's name service has."""

from __future__ import annotations


class Accounts:
    """Asks getent(1), so that directory services count like ``/etc/passwd``."""

    def __init__(self, commands):
        self._commands = commands

    def users(self, keys):
        """``{key: (id, name)}`` of the users that exist; a key is a name or a number as text."""
        return self._entries("passwd", keys)

    def groups(self, keys):
        """``{key: (id, name)}`` of the groups that exist."""
        return self._entries("group", keys)

    def _entries(self, database, keys):
        found = {}
        for key in sorted(set(keys)):
            # one key a call: an answer does not say which key it belongs to where two names share an id
            done = self._commands.run(["getent", database, "--", key], check=False, timeout=20.0)
            fields = done.output.split("\n", 1)[0].split(":")
            if not done.code and len(fields) > 2 and fields[2].isdigit():
                found[key] = (int(fields[2]), fields[0])
        return found
