# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole hypervisor in memory: state before, run, state after."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import LOCK, STEP
from ansible_collections.kvm.vnic.plugins.module_utils._host.host import Host
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import RunInProgress

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

    @staticmethod
    def date():
        return "2026-01-02T03:04:05Z"


class MemoryLock:
    """A lock. ``holder``: the line of who holds it, or ""; ``refused``: what taking it raises."""

    def __init__(self, files, path=LOCK):
        self._tree, self._path = files.memory, path
        self.holder, self.refused = "", None

    def take(self, owner, seconds):
        if self.refused:
            raise self.refused
        if self.holder:
            raise RunInProgress(self._path, self.holder, seconds)
        former = self._tree.private.get(self._path, "")
        self.holder = self._tree.private[self._path] = owner
        return former

    def held_by(self):
        return self.holder

    def release(self):
        self.holder = ""
        self._tree.private[self._path] += "\nover"


class MemorySession:
    def __init__(self):
        self.address = None

    def local_address(self):
        return self.address


class MemoryHost(Host):
    """``kernel``: the links (MemoryIp); ``tree``: files (MemoryWorker); ``commands``; ``libvirt``; ``session.address``; all empty at first.

    ``lock``, ``step``: the MemoryLocks of the host and of a step of a run; the journal and the locks' content are in
    ``tree.private``, apart from what the modules write.
    """

    def __init__(self):
        commands, files = MemoryCommands(), MemoryFiles()
        super().__init__(
            files=files,
            commands=commands,
            libvirt=MemoryLibvirt(),
            clock=MemoryClock(),
            session=MemorySession(),
            ethtool=MemoryEthtool(),
        )
        self.name = "hv1"
        self.lock, self.step = MemoryLock(files), MemoryLock(files, STEP)
        self.kernel = MemoryIp()
        self.tree = files.memory
        commands.tools["ip"] = self.kernel

    def run_lock(self):
        return self.lock

    def step_lock(self):
        return self.step

    def writes(self):
        """Everything that was written anywhere, in each door's order."""
        return self.kernel.writes + self.tree.writes + self.libvirt.writes + self.ethtool.writes
