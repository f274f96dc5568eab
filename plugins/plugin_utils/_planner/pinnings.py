# SPDX-License-Identifier: GPL-3.0-or-later
"""The seats as the module domain_pinning takes them."""

from __future__ import annotations

from .host_cpus import listed
from .seats import LEFT


def pinnings(seats):
    """One entry for each guest of which something is decided, in order of name."""
    found = []
    for seat in seats:
        entry = {}
        if seat.kind != LEFT:
            entry["vcpus"] = {str(number): listed(seat.vcpus[number]) for number in sorted(seat.vcpus)}
        if seat.emulator is not None:
            entry["emulator"] = listed(seat.emulator)
            entry["vhost"] = [
                {"interface": name, "queue": queue, "cpus": listed(seat.workers[name, queue])}
                for name, queue in sorted(seat.workers)
            ]
        if seat.memory is not None:
            entry["memory"] = dict(seat.memory)
        if entry:
            who = {"name": seat.domain.name}
            if seat.domain.uuid is not None:
                who["uuid"] = seat.domain.uuid
            found.append(dict(who, **entry))
    return found
