# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs, in memory."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, Unsupported


class MemoryCommands:
    """``tools``: ``{name: function(argv, stdin) -> Completed or text}``; a tool that is not there is not installed. ``calls``: every argv."""

    def __init__(self):
        self.tools = {}
        self.calls = []

    def find(self, tool):
        return "/usr/sbin/" + tool if tool in self.tools else None

    def run(self, argv, stdin="", timeout=60.0, check=True):
        self.calls.append(list(argv))
        if argv[0] not in self.tools:
            raise Unsupported("%s is not installed on this host" % argv[0])
        done = self.tools[argv[0]](list(argv), stdin)
        if not isinstance(done, Completed):
            done = Completed(0, done or "", "")
        if check and done.code:
            raise ApplyFailed(" ".join(argv), done.errors.strip() or "exit code %d" % done.code)
        return done
