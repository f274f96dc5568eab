# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd and udev, in memory: what they read of unit files and rules, and what they were told."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed

UNITS = "/etc/systemd/system/"


class MemorySystemd:
    """``enabled`` and ``active``: names; ``known``: ``{name: text}`` as read last; ``failed``; ``writes``: what was told.

    A unit that systemd does not know is loaded from its file when it is asked for (src/core/unit.c, unit_load).
    """

    def __init__(self, host):
        self._tree = host.tree
        self.enabled, self.active, self.failed, self.masked = set(), set(), set(), set()
        self.known, self.rules, self.announced = {}, None, []
        self.writes = []
        host.systemd_memory = self
        host.commands.tools.update(systemctl=self.systemctl, udevadm=self.udevadm)

    def _file(self, name):
        return self._tree.contents.get(UNITS + name)

    def systemctl(self, argv, _stdin):
        words = [word for word in argv[1:] if not word.startswith("--")]
        verb, units = words[0], words[1:]
        if verb == "show":
            return "\n\n".join("\n".join(self._shown(name)) for name in units) + "\n"
        if verb in ("start", "enable"):
            lacking = [name for name in units if self._file(name) is None]
            if lacking:
                return Completed(1, "", "Unit %s not found." % lacking[0])
        self.writes.append((verb, *units))
        if verb == "daemon-reload":
            self.known = {name: self._file(name) for name in self.known if self._file(name) is not None}
        elif verb == "reset-failed":
            self.failed -= set(units)
        else:
            chosen = self.active if verb in ("start", "stop") else self.enabled
            (chosen.update if verb in ("start", "enable") else chosen.difference_update)(units)
        return ""

    def _shown(self, name):
        text = self._file(name)
        if text is not None:
            self.known.setdefault(name, text)
        yield "Id=" + name
        loaded = name in self.known
        yield "LoadState=" + ("masked" if name in self.masked else "loaded" if loaded else "not-found")
        state = "active" if name in self.active else "failed" if name in self.failed else "inactive"
        yield "ActiveState=" + state
        yield "UnitFileState=" + ("" if text is None else "enabled" if name in self.enabled else "disabled")
        yield "NeedDaemonReload=" + ("yes" if loaded and self.known[name] != text else "no")

    def udevadm(self, argv, _stdin):
        self.writes.append(tuple(argv))
        if argv[1] == "control":
            self.rules = self._tree.contents.get("/etc/udev/rules.d/90-kvm-vnic.rules")
        elif argv[1] == "trigger":
            self.announced += argv[argv.index("--") + 1 :]
        return ""
