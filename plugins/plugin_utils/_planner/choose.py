# SPDX-License-Identifier: GPL-3.0-or-later
"""What a NIC may be attached to as far as profile, network and its own wishes decide, before any host is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from .profiles import REQUIREMENTS
from .rules import ATTACHMENTS, BRIDGE, MACVTAP, OVS, SRIOV


@dataclass(frozen=True)
class Wish:
    """``model`` and ``backend``: for attachments that have one. ``options``: attachments best first, each with the
    reason why not, or None.
    """

    model: str
    backend: str
    options: tuple


def _device(nic, profile):
    """Model and backend: the NIC's own wish, else the profile's; what is asked for decides what is not."""
    model = nic.model or ("virtio" if nic.backend == "vhost" else profile.model)
    if model != "virtio":
        return model, "qemu"
    return model, nic.backend or (profile.backend if profile.model == "virtio" else "vhost")


def _why_not(attachment, nic, network, profile):
    if attachment not in profile.attachments:
        return profile.excludes(attachment)
    if network.ovs is not None and attachment != OVS:
        return (
            "network %s has the Open vSwitch bridge %s for its switch: only a port of it is in its VLANs and flows"
            % (
                network.name,
                network.ovs.bridge,
            )
        )
    if attachment == OVS:
        return _why_no_port(nic, network)
    for requirement in nic.requires:
        if attachment in REQUIREMENTS[requirement]:
            return REQUIREMENTS[requirement][attachment]
    if attachment == SRIOV:
        if nic.model is not None:
            return "model %s was asked for: a VF is the card itself and has no other model" % nic.model
        if nic.backend is not None:
            return "backend %s was asked for: nothing moves a VF's packets for it" % nic.backend
    if attachment in (SRIOV, MACVTAP) and not network.uplinks:
        return "network %s lists no uplink" % network.name
    if attachment == MACVTAP and network.bridge:
        return "network %s has the bridge %s for its switch: its uplink cannot be the parent of macvtaps too" % (
            network.name,
            network.bridge,
        )
    if attachment == BRIDGE and not network.bridge:
        return "network %s names no bridge" % network.name
    return None


def _why_no_port(nic, network):
    """Why the NIC cannot be a port of Open vSwitch, or None."""
    if network.ovs is None:
        return "network %s names no Open vSwitch bridge" % network.name
    if "mac_change" in nic.requires and network.ovs.anti_spoofing:
        return "requires mac_change: anti_spoofing of network %s lets nothing through but its own MAC" % network.name
    if "host_access" in nic.requires and network.ovs.isolated and network.uplinks:
        return "requires host_access: network %s is isolated, so that its guests reach its uplink only" % network.name
    return None


def wish(nic, network, profile):
    """The :class:`Wish` of one NIC. Attachments that the profile leaves out come first where they are faster than all
    it has.
    """
    order = [attachment for attachment in ATTACHMENTS if attachment not in profile.attachments] + list(
        profile.attachments
    )
    model, backend = _device(nic, profile)
    return Wish(
        model, backend, tuple((attachment, _why_not(attachment, nic, network, profile)) for attachment in order)
    )
