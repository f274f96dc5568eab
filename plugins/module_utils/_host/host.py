# SPDX-License-Identifier: GPL-3.0-or-later
"""The only door to the machine."""

from __future__ import annotations

import os

from .clock import Clock
from .commands import Commands
from .ethtool import Ethtool
from .files import Files
from .iproute import Iproute
from .libvirt import Libvirt
from .ovs import Ovs
from .pci import Pci
from .session import Session
from .threads import Threads


class Host:
    """One machine, seen through its doors; ``root`` lets any tree stand in for its files.

    ``files``, ``commands``, ``libvirt`` and ``clock`` are the doors that touch the machine; ``ip``, ``ovs``,
    ``ofctl``, ``pci``, ``ethtool``, ``threads``, ``session`` and ``journal`` speak through them.
    """

    def __init__(self, root="/", files=None, commands=None, libvirt=None, clock=None, session=None, ethtool=None):
        self.name = os.uname().nodename
        self.files = files or Files(root)
        self.commands = commands or Commands()
        self.libvirt = libvirt or Libvirt()
        self.clock = clock or Clock()
        self.ip = Iproute(self.commands)
        self.ovs = Ovs(self.commands, self.files)
        self.pci = Pci(self.files)
        self.ethtool = ethtool or Ethtool(self.files.worker, self.commands)
        self.session = session or Session(self.files)
        self.threads = Threads(self.files)

    @property
    def ofctl(self):
        from .ofctl import Ofctl  # here, because what few modules need is not to cost the others' start

        return Ofctl(self.commands)

    @property
    def journal(self):
        from .journal_files import JournalFiles

        return JournalFiles(self.files)

    def run_lock(self):
        """A new, free lock of the whole host: one run at a time."""
        from .run_lock import RunLock

        return RunLock(self.files, self.clock)

    def close(self):
        self.files.close()
        self.libvirt.close()
