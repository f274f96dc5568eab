# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of one Open vSwitch bridge whose guests are not kept apart by their VLANs, for the plan's notes."""

from __future__ import annotations

from .ovs_intent import trunks_of
from .rules import OVS

_ALL = None  # a port with neither tag nor trunks is a trunk of every VLAN (ovs-vswitchd.conf.db(5), vlan_mode of Port)


def _vlans(entry):
    """What the NIC's port carries of VLANs."""
    network = entry.local.network
    trunks, own = trunks_of(network, entry.nic), {network.vlan} - {None}
    return {*trunks, *own} if trunks or own else _ALL


def overlaps(attached, networks):
    """Sentences, in order of network. ``networks``: all of the inventory: what others' guests send comes here by the
    uplink, too.
    """
    here = {}
    for entry in attached:
        if entry.place.attachment == OVS:
            here.setdefault(entry.local.network.name, []).append(entry)
    for name in sorted(here):
        network, vlans = here[name][0].local.network, [_vlans(entry) for entry in here[name]]
        others = [networks[other] for other in sorted(networks) if other != name and _beside(networks[other], network)]
        if _ALL in vlans and others:
            yield _everywhere(network, others)
        elif not network.ovs.isolated:
            carried = set().union(*(found for found in vlans if found is not _ALL))
            for other in others:
                if other.name in here and other.ovs.isolated and other.vlan in carried:
                    yield (
                        "guests of network %s can send to the isolated ones of network %s, because their ports of Open "
                        "vSwitch bridge %s carry its VLAN %d too: take it out of vlan and trunks there"
                        % (name, other.name, network.ovs.bridge, other.vlan)
                    )


def _beside(other, network):
    return other.ovs is not None and other.ovs.bridge == network.ovs.bridge


def _everywhere(network, others):
    them = ", ".join(other.name for other in others)
    if network.ovs.guarded:
        what = "receive what Open vSwitch bridge %s floods in any VLAN, those of %s too, though they send untagged only"
    else:
        what = "are on every VLAN of Open vSwitch bridge %s, those of %s too"
    return "guests of network %s %s: give it a vlan" % (network.name, what % (network.ovs.bridge, them))
