# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that asks for a pass: while it is there, systemd starts one."""

from __future__ import annotations

from .._model.errors import ApplyFailed
from .._model.reconciler_units import WANTED


def ask_for_pass(host):
    """Raises ApplyFailed."""
    host.files.replace(WANTED, "", 0o600)


def forget_wanted(host):
    """What was asked for is answered by what follows; a later event puts the file there anew. Raises ApplyFailed."""
    if host.files.exists(WANTED):
        try:
            host.files.remove(WANTED)
        except ApplyFailed:
            if host.files.exists(WANTED):
                raise
