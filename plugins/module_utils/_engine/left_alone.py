# SPDX-License-Identifier: GPL-3.0-or-later
"""Why something is not written again, and who keeps changing it, in words."""

from __future__ import annotations

import re

from .._model.healed import MOST, WITHIN


def why_left(host, healing):
    """One or more sentences on the :class:`Healing`."""
    return (
        "%s of %s is left as it is. It was put right %d times within %d minutes, last at %s, and changed back. %s"
        % (
            healing.field,
            healing.target,
            MOST,
            WITHIN // 60,
            healing.last,
            _who(host, healing.target),
        )
    )


def _who(host, target):
    """``ens2#3``, ``br0/p1``: each name in it may be that of a device."""
    from .._host.network_managers import manager_of

    for name in re.split("[/#]", target):
        manager = manager_of(host, name) if name else None
        if manager is not None:
            return "%s." % str(manager).rstrip(".")
    return (
        "Find out which program does that (udevadm monitor, ip monitor) and state the same there, or take it out of the "
        "plan. After an hour it is tried again"
    )
