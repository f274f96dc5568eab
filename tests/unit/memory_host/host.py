# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole hypervisor in memory: state before, run, state after."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._host.host import Host

from .commands import MemoryCommands
from .ethtool import MemoryEthtool
from .files import MemoryFiles
from .iproute import MemoryIp
from .libvirt import MemoryLibvirt


class MemoryClock:
    """Time that passes only when somebody sleeps; ``on_sleep`` is called with the time before each sleep."""

    def __init__(self):
        self.now = 0.0
        self.on_sleep = lambda now: None

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.on_sleep(self.now)
        self.now += seconds


class MemorySession:
    def __init__(self):
        self.address = None

    def local_address(self):
        return self.address


class MemoryHost(Host):
    """``kernel``: the links (MemoryIp); ``tree``: files (MemoryWorker); ``commands``; ``libvirt``; ``session.address``; all empty at first."""

    def __init__(self):
        commands, files = MemoryCommands(), MemoryFiles()
        super().__init__(files=files, commands=commands, libvirt=MemoryLibvirt(), clock=MemoryClock(), session=MemorySession(), ethtool=MemoryEthtool())
        self.name = "hv1"
        self.kernel = MemoryIp()
        self.tree = files.memory
        commands.tools["ip"] = self.kernel

    def writes(self):
        """Everything that was written anywhere, in each door's order."""
        return self.kernel.writes + self.tree.writes + self.libvirt.writes + self.ethtool.writes
