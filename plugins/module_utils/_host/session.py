# SPDX-License-Identifier: GPL-3.0-or-later
"""Over which address of this host the running connection comes in."""

from __future__ import annotations

import os


class Session:
    def __init__(self, files, environment=None, pid=None):
        self._files = files
        self._environment = os.environ if environment is None else environment
        self._pid = os.getpid() if pid is None else pid

    def local_address(self):
        """The host's own address of the ssh connection that carries us, or None when there is none to be found.

        sudo drops ``SSH_CONNECTION``, so the ancestors' environments are asked too (sshd(8): client address and port,
        server address and port).
        """
        words = self._environment.get("SSH_CONNECTION", "").split()
        if len(words) == 4:
            return words[2]
        pid = self._pid
        while pid > 1:
            environment = self._files.read_or("/proc/%d/environ" % pid, "")
            for item in environment.split("\0"):
                if item.startswith("SSH_CONNECTION="):
                    words = item.split("=", 1)[1].split()
                    if len(words) == 4:
                        return words[2]
            pid = self._parent(pid)
        return None

    def _parent(self, pid):
        status = self._files.read_or("/proc/%d/stat" % pid, "")
        fields = status.rpartition(")")[2].split()  # the command's own name may hold blanks and brackets (proc(5))
        return int(fields[1]) if len(fields) > 1 else 0
