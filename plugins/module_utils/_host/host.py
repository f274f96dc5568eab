# SPDX-License-Identifier: GPL-3.0-or-later
"""The only door to the machine."""

from __future__ import annotations

import os
from functools import cached_property

from .clock import Clock
from .commands import Commands
from .files import Files


class Host:
    """One machine, seen through its doors; ``root`` lets any tree stand in for its files.

    ``files``, ``commands``, ``libvirt`` and ``clock`` are the doors that touch the machine; ``ip``, ``ovs``,
    ``ofctl``, ``pci``, ``ethtool``, ``threads``, ``session``, ``journal``, ``state`` and ``systemd`` speak through them.
    """

    # Most modules go through few doors, and each module is compiled anew on the host: a door is loaded at its first use.

    def __init__(self, root="/", files=None, commands=None, libvirt=None, clock=None, session=None, ethtool=None):
        self.name = os.uname().nodename
        self.files = files or Files(root)
        self.commands = commands or Commands()
        self.clock = clock or Clock()
        given = {"libvirt": libvirt, "session": session, "ethtool": ethtool}
        vars(self).update((name, door) for name, door in given.items() if door is not None)

    @cached_property
    def libvirt(self):
        from .libvirt import Libvirt

        return Libvirt()

    @cached_property
    def ip(self):
        from .iproute import Iproute

        return Iproute(self.commands)

    @cached_property
    def pci(self):
        from .pci import Pci

        return Pci(self.files)

    @cached_property
    def ethtool(self):
        from .ethtool import Ethtool

        return Ethtool(self.files.worker, self.commands)

    @cached_property
    def session(self):
        from .session import Session

        return Session(self.files)

    @cached_property
    def threads(self):
        from .threads import Threads

        return Threads(self.files)

    @cached_property
    def ovs(self):
        from .ovs import Ovs

        return Ovs(self.commands, self.files)

    @cached_property
    def ofctl(self):
        from .ofctl import Ofctl

        return Ofctl(self.commands)

    @cached_property
    def journal(self):
        from .journal_files import JournalFiles

        return JournalFiles(self.files)

    @cached_property
    def state(self):
        """Files of ours in /var/lib/kvm-vnic, for root alone."""
        from .private_files import PrivateFiles

        return PrivateFiles(self.files)

    @cached_property
    def systemd(self):
        from .systemd import Systemd

        return Systemd(self.commands)

    def run_lock(self):
        """A new, free lock of the whole host: one run at a time."""
        from .run_lock import RunLock

        return RunLock(self.files, self.clock)

    def step_lock(self):
        """A new, free lock of the run that holds the host's: one of its steps at a time."""
        from .run_lock import STEP, RunLock

        return RunLock(self.files, self.clock, STEP)

    def close(self):
        self.files.close()
        if "libvirt" in vars(self):
            self.libvirt.close()
