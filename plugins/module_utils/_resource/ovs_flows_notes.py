# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be told of flows and of ports that are yet to come."""

from __future__ import annotations

from .._model.action import GUEST_START, Pending


def pending(desired, state):
    """A Pending for each guest's port that is not there yet."""
    found = []
    for wish in desired.bridges:
        bridge = state.bridges.get(wish.name)
        for port in wish.guest_ports or ():
            if bridge is None or bridge.guests.get(port.interface_id) not in bridge.ports:
                reason = (
                    "guest %s has no port of this interface id on %s; the hook puts its flows in place when it starts"
                    % (port.guest, wish.name)
                )
                found.append(
                    Pending(
                        "%s/%s" % (wish.name, port.interface_id),
                        "flows",
                        None,
                        "%d flows" % len(port.flows),
                        GUEST_START,
                        reason,
                    )
                )
    return found


def notes(desired, state):
    """Sentences."""
    for wish in desired.bridges:
        for port in wish.guest_ports or ():
            for other in state.bridges.values():
                if other.name != wish.name and port.interface_id in other.guests:
                    yield "%s: the port of %s is on %s now, not on %s" % (
                        port.path,
                        port.guest,
                        other.name,
                        wish.name,
                    )
        bridge = state.bridges.get(wish.name)
        if bridge is not None and bridge.has_controller and (wish.flows or wish.guest_ports or wish.guarded):
            yield "bridge %s has a controller, which may change these flows as well" % wish.name
        if bridge is not None and wish.guarded:
            listed = {port.interface_id for port in wish.guest_ports or ()} | set(state.recorded(wish.name).guests)
            closed = sorted(name for key, name in bridge.guests.items() if key not in listed)
            if closed:
                yield "bridge %s drops what comes from %s: no flows are listed for them" % (
                    wish.name,
                    ", ".join(closed),
                )
