# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of Open vSwitch that a mirror copies to. Whatever else comes in there is dropped (ovs-vswitchd.conf.db(5),
output_port of Mirror), so that such a port carries nothing but copies.
"""

from __future__ import annotations

from .ovs_facts import holder
from .ovs_places import no_port

OF_ITS_OWN = "name a port of its own, which carries nothing else"


def an_uplink(network):
    return "is an uplink of network %s: %s" % (network, OF_ITS_OWN)


def no_output(facts, uplinks, bridge, port):
    """Why ``port`` cannot be the output of a mirror of ``bridge``, or None. ``uplinks``: ``{device: its network}``."""
    if port in uplinks:
        return an_uplink(uplinks[port])
    held, device = holder(facts.ovs_bridges, port), facts.device(port)
    if held is not None and held[0] != bridge:
        return "is %s of Open vSwitch bridge %s: a copy stays within its bridge %s" % (
            "a port" if held[1] == port else "a part of %s, a port" % held[1],
            held[0],
            bridge,
        )
    if held is not None and held[1] != port:
        return "is a part of %s, a port of %s: %s" % (held[1], bridge, OF_ITS_OWN)
    if held is not None:
        found = facts.ovs_bridges[bridge][port]
        if found.output:
            return None
        if not found.internal:
            return "is a port of %s already, and no mirror's, and would carry copies alone: %s" % (bridge, OF_ITS_OWN)
    if device is None:
        return _other_name(facts, port)
    if device.kind == "bridge":
        return "is a Linux bridge on this host, to whose ports the copies would go: %s" % OF_ITS_OWN
    if device.management:
        return "is, or may be, the way in to this host: %s" % OF_ITS_OWN
    reason = no_port(facts, bridge, "", device)
    return reason and "cannot be had: " + reason


def _other_name(facts, port):
    named = [device.name for device in (facts.nics or {}).values() if port in device.altnames]
    return "is another name of %s on this host: name the port as the kernel does" % named[0] if named else None


def is_made(facts, port):
    """Whether the port is the switch's own device, or to be one: a device of the host's is taken as it is."""
    held = holder(facts.ovs_bridges, port)
    if held is not None:
        return facts.ovs_bridges[held[0]][held[1]].internal
    device = facts.device(port)
    return device is None or device.kind == "openvswitch"
