# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes hold VFIO devices and taps open, libvirt's knowledge apart."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .consumers_user import User, unknown

_DELETED = " (deleted)"


class Processes:
    """``/proc`` read once, when first asked."""

    def __init__(self, host):
        self._files = host.files
        self._holders = None
        self._taps = {}
        self._hidden = 0

    def _scan(self):
        holders, tuns = {}, {}
        for pid in self._files.listdir("/proc"):
            if not pid.isdigit():
                continue
            targets = self._files.links_or("/proc/%s/fd" % pid)
            if targets is UNKNOWN:
                self._hidden += 1
                continue
            for number, target in targets.items():
                target = target[: -len(_DELETED)] if target.endswith(_DELETED) else target
                if target == "/dev/net/tun":
                    tuns["/proc/%s/fdinfo/%s" % (pid, number)] = pid
                elif target.startswith(("/dev/vfio/", "/dev/tap", "/dev/uio")):
                    holders.setdefault(target, set()).add(pid)
        for path, text in self._files.read_many(tuns, "").items():
            for line in text.splitlines():
                if line.startswith("iff:"):  # drivers/net/tun.c, tun_chr_show_fdinfo
                    self._taps.setdefault(line.split(":", 1)[1].strip(), set()).add(tuns[path])
        self._holders = holders

    def _users(self, pids):
        return [
            User("process %s (%s)" % (pid, self._files.read_or("/proc/%s/comm" % pid, "ended meanwhile")))
            for pid in sorted(pids, key=int)
        ]

    def _hidden_users(self):
        return (
            [unknown("the open files of %d processes cannot be read; is this not run as root?" % self._hidden)]
            if self._hidden
            else []
        )

    def of_files(self, paths):
        """Users that hold any of the device files open."""
        if self._holders is None:
            self._scan()
        pids = set()
        for path in paths:
            pids |= self._holders.get(path, set())
        return self._users(pids) + self._hidden_users()

    def of_tap(self, name):
        """Users that hold the tap device ``name`` open."""
        if self._holders is None:
            self._scan()
        return self._users(self._taps.get(name, ())) + self._hidden_users()
