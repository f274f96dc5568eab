# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded switch of an SR-IOV card: whether it forwards by itself or as Open vSwitch tells it."""

from __future__ import annotations

import json

from ..._model.action import UNKNOWN
from ..._model.errors import VnicError

_SECONDS = 5.0  # devlink waits for a lock that a change of the VFs' number holds


def _ask(host, *words):
    """``{handle: settings}`` of devlink's JSON; empty for what the driver does not support. Raises VnicError,
    ValueError."""
    done = host.commands.run(("devlink", "-j") + words, timeout=_SECONDS, check=False)
    if done.code:
        if "not supported" in done.errors:
            return {}
        raise ValueError(done.errors)
    found = json.loads(done.output)
    return found["dev"] if isinstance(found, dict) and isinstance(found.get("dev"), dict) else {}


def read_eswitch_modes(host, functions):
    """``{PCI address: mode}`` of physical functions: ``legacy`` or ``switchdev`` (devlink-dev(8)), None where the driver
    has no such switch, unknown where devlink does not tell. One question for all, and one for each that it lists."""
    found = dict.fromkeys(functions, UNKNOWN)
    if not found or host.commands.find("devlink") is None:
        return found
    try:
        listed = _ask(host, "dev", "show")
        for pci in found:
            handle = "pci/" + pci
            settings = _ask(host, "dev", "eswitch", "show", handle).get(handle) if handle in listed else None
            found[pci] = settings.get("mode") if isinstance(settings, dict) else None
    except (VnicError, ValueError):
        return found  # whoever holds devlink up would do so for the others
    return found
