# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to the journal's directory."""

from __future__ import annotations

from .private_files import KEPT as BASE
from .private_files import PrivateFiles

BELOW = ("kvm-vnic", "journal")
DIRECTORY = "/".join((BASE,) + BELOW)


class JournalFiles(PrivateFiles):
    def __init__(self, files):
        super().__init__(files, BELOW)
