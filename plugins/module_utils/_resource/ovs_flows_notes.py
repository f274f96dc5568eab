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
                why = "guest %s has no port of this interface id on %s" % (port.guest, wish.name)
                if bridge is not None and bridge.rivals(port.interface_id):
                    why = "several ports have the interface id of guest %s, and none its flows" % port.guest
                reason = why + "; the hook puts its flows in place when it starts"
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
        bridge = state.bridges.get(wish.name)
        for port in wish.guest_ports or ():
            if bridge is not None and bridge.rivals(port.interface_id):
                yield _contested(port, bridge)
                continue
            for other in state.bridges.values():
                if other.name != wish.name and port.interface_id in other.guests:
                    yield "%s: the port of %s is on %s now, not on %s" % (
                        port.path,
                        port.guest,
                        other.name,
                        wish.name,
                    )
        if bridge is not None and bridge.has_controller and (wish.flows or wish.guest_ports or wish.guarded):
            yield "bridge %s has a controller, which may change these flows as well" % wish.name
        if bridge is not None and wish.guarded:
            listed = {port.interface_id for port in wish.guest_ports or ()} | set(state.recorded(wish.name).guests)
            closed = sorted(port.name for port in bridge.guests_besides(listed))
            if closed:
                yield "bridge %s drops what comes from %s: no flows are listed for them" % (
                    wish.name,
                    ", ".join(closed),
                )


def _contested(port, bridge):
    """A note and no error: a guest that somebody copied must not keep all others of the host from their flows."""
    rivals, held = bridge.rivals(port.interface_id), bridge.guests.get(port.interface_id)
    told = ["%s of %s (%s)" % (one.name, one.bridge, _whose(one)) for one in rivals]
    outcome = "%s keeps the flows of %s, no other has any" % (held, port.guest)
    if held is None:
        outcome = "none of them is given the flows of %s" % port.guest
    return (
        "%s: %s have the interface id %s: %s; give each NIC an interface id of its own, as interfaceid of the virtualport "
        "in its guest's definition; left out, libvirt makes a new one"
        % (port.path, " and ".join(told), port.interface_id, outcome)
    )


def _whose(port):
    return "of the guest with UUID %s" % port.guest if port.guest else "of no guest"
