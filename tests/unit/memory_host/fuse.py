# SPDX-License-Identifier: GPL-3.0-or-later
"""A run on a MemoryHost that is killed, or refused, at its k-th write, those of the journal among them."""

from __future__ import annotations


class Killed(BaseException):
    pass


class Fuse:
    """Burns after ``left`` writes and stays burnt: nothing more is written by a run that was killed.

    With ``error`` it raises that once, and what comes after is written.
    """

    def __init__(self, left, error=None):
        self.left, self.error = left, error

    def step(self):
        if self.left == 0:
            if self.error is None:
                raise Killed
            self.left = 1 << 30
            raise self.error
        self.left -= 1


class Writes(list):
    """Stands where a door counts its writes."""

    def __init__(self, fuse, former):
        super().__init__(former)
        self.fuse = fuse

    def append(self, item):
        self.fuse.step()
        super().append(item)

    def __iadd__(self, items):
        for item in items:
            self.append(item)
        return self


def doors(host):
    for name in ("kernel", "tree", "libvirt", "ethtool", "ovs_memory", "switch", "systemd_memory"):
        if hasattr(host, name):
            yield getattr(host, name)


def set_fuse(host, fuse):
    for door in doors(host):
        door.writes = Writes(fuse, door.writes)
    host.tree.private_writes = Writes(fuse, host.tree.private_writes)
