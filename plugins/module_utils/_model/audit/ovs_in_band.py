# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges whose guests are to be kept from false addresses, and that let some through for a controller's sake."""

from __future__ import annotations

from ..finding import WARNING, Finding
from ..ovs_in_band import KEY, OFF

ID = "ovs_in_band"


def ovs_in_band(scene):
    """Bridges with protected ports by the wish of ``kvm.vnic.ovs_flows``, whether their guests run or not."""
    guests = {}
    for bridge, wish in scene.wishes.protected_ports():
        guests.setdefault(bridge, set()).add(wish.guest or wish.interface_id)
    for name in sorted(guests):
        remotes = list(scene.ovs.bridges[name].in_band) if name in scene.ovs.bridges else []
        if remotes:
            yield Finding(
                id=ID,
                severity=WARNING,
                subject=name,
                summary="ahead of the anti-spoofing flows of %s Open vSwitch lets through from any guest what comes under the"
                " name of %s, or goes there (in-band control)" % (name, ", ".join(remotes)),
                evidence={"in_band": remotes, "guests": sorted(guests[name])},
                remedy="run the playbook kvm.vnic.site, or give kvm.vnic.ovs_bridge {name: %s, other_config: {%s: '%s'}}"
                % (name, KEY, OFF),
            )
