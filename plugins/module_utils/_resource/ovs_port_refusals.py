# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports and devices that are somebody else's, whatever the user consents to."""

from __future__ import annotations

from .._model.errors import Conflict
from .._model.fields import Problems
from .._model.ovs_columns import PORT
from .._model.ovs_vlans import PARAMETERS, add_contradictions

_HOLDERS = {"bridge": "the bridge %s", "bond": "the bond %s", "team": "the team %s"}
# Each takes the frames before a switch could (net/core/dev.c, netdev_rx_handler_register).
_RIDERS = ("macvlan", "macvtap", "ipvlan", "ipvtap")


def refuse_guests(wish, port, found):
    if found.guests:
        raise Conflict(
            "%s.name: %r is a guest's port on %s, and libvirt's: its VLAN, trunks, policing and interface id belong into the "
            "domain XML (domain_interface), because what is set here is lost when the guest starts again"
            % (port.path, port.name, wish.name)
        )


def refuse_vlans(desired, state, gone):
    """Raise InvalidInput for VLANs that contradict those which the port has, and which the wish leaves alone."""
    problems = Problems()
    for wish in desired.bridges:
        bridge = state.bridges.get(wish.name) if wish.present and wish.name not in gone else None
        for port in wish.staying if bridge is not None else ():
            if port.name in bridge.ports and not state.ports[port.name].guests:
                row = state.ports[port.name].row
                held = {column.parameter: column.read(row) for column in PORT if column.parameter in PARAMETERS}
                stated = {column.parameter: value for column, value in port.port.columns.items()}
                add_contradictions(stated, held, problems.at(port.path))
    problems.raise_if_any()


def refuse_place(wish, port, state, free):
    """Raise Conflict when a new port's name has another place."""
    found = state.ports.get(port.name)
    if found is None or port.name == wish.name:
        return
    if found.name not in free.ports:
        _elsewhere(wish, port, port.name, found.name, found.bridge)


def refuse_taken(wish, port, devices, state, free):
    """Raise Conflict when a device that is to become an interface of ``port`` has another place."""
    if port.name == wish.name:
        return
    for name in devices:
        if name in state.bridges and name not in free.ports:
            raise Conflict(
                "%s: %r cannot become a port of %s, because it is a bridge of Open vSwitch itself: connect bridges by two ports of type patch"
                % (port.path, name, wish.name)
            )
        interface = state.interfaces.get(name)
        if (
            interface is not None
            and interface.port not in free.ports
            and name not in free.devices
            and not (interface.bridge == wish.name and interface.port == port.name)
        ):
            _elsewhere(wish, port, name, interface.port, interface.bridge)
        link = state.links.get(name)
        if link is None:
            continue
        if port.type not in (None, "system"):
            if link.kind not in ("openvswitch", "tun") and interface is None and port.type == "internal":
                raise Conflict(
                    "%s: %r cannot become an internal port of %s, because the host has a device of that name: choose another"
                    % (port.path, name, wish.name)
                )
            continue
        master = state.links.get(link.master) if link.master else None
        if master is not None and master.kind in _HOLDERS:
            raise Conflict(
                "%s: %r cannot become a port of %s, because it is a port of %s: take it out of that first, or add that one"
                % (port.path, name, wish.name, _HOLDERS[master.kind] % master.name)
            )
        if link.kind == "bridge":
            raise Conflict(
                "%s: %r cannot become a port of %s, because it is a Linux bridge: connect them by a pair of veth"
                % (port.path, name, wish.name)
            )
        riders = [upper for upper in state.links.standing_on(name) if state.links.get(upper).kind in _RIDERS]
        if riders:
            raise Conflict(
                "%s: %r cannot become a port of %s, because it carries %s: an uplink has one kind of switch; choose one, and remove those of the other"
                % (port.path, name, wish.name, ", ".join(riders))
            )


def _elsewhere(wish, port, name, holder, bridge):
    where = "the bridge %s" % bridge if holder == name else "the bridge %s (in its port %s)" % (bridge, holder)
    raise Conflict(
        "%s: %r cannot become a port of %s, because it is on %s: a port is never moved; remove it there first, or list it there"
        % (port.path, name, wish.name, where)
    )
