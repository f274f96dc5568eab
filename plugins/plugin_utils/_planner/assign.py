# SPDX-License-Identifier: GPL-3.0-or-later
"""Each NIC to its place: what sits on a VF keeps it, then the others in order of name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .choose import wish
from .rules import ATTACHMENTS, BRIDGE, MACVTAP, OVS, SRIOV


@dataclass(frozen=True)
class Attached:
    """A NIC with its place. ``interface``: what its guest has of it already, or None; ``place`` is None when nothing
    was left; ``rejected``: ``((attachment, reason), …)``, best first.
    """

    resident: object
    nic: object
    interface: object
    local: object
    model: object
    backend: str
    mac: str
    place: object
    rejected: tuple


def attach(intent, residents, networks, places):
    """An :class:`Attached` for each NIC, in order of guest and name, guests that are only announced last."""
    waiting = []
    for resident in residents:
        for nic in resident.guest.nics:
            local = networks.get(nic.network)
            if local is not None:  # else a problem says why
                waiting.append(
                    (resident, nic, local, resident.interface(nic), wish(nic, local.network, intent.profile))
                )
    refusal = places.host_refuses_vfs()
    kept = {}
    for _resident, nic, local, interface, wished in waiting:
        if refusal is None and not _vf_excluded(nic, local, wished, places):
            place = places.kept_vf(nic, _reachable(nic, local, places), interface)
            if place is not None:
                kept[str(nic)] = place
    return [_attach(entry, intent, kept, refusal, places) for entry in waiting]


def _vf_excluded(nic, local, wished, places):
    """Why this NIC gets no VF whatever is free, or None."""
    reason = dict(wished.options).get(SRIOV)
    if reason is None and "host_access" in nic.requires:
        reasons = [places.unreachable_host(local.network, device) for device in local.devices]
        reason = None if any(found is None for found in reasons) else (reasons or [None])[0]
    return reason


def _reachable(nic, local, places):
    """The network without those uplinks over which a VF would not reach the host, where the NIC requires that."""
    if "host_access" not in nic.requires:
        return local
    return replace(local, devices=tuple(d for d in local.devices if places.unreachable_host(local.network, d) is None))


def _is_better(attachment, place, intent):
    """Whether ``attachment`` comes before what was chosen: in the profile, or in speed where that leaves it out."""
    if place is None or attachment in intent.profile.attachments:
        return True
    return ATTACHMENTS.index(attachment) < ATTACHMENTS.index(place.attachment)


def _attach(entry, intent, kept, refusal, places):
    resident, nic, local, interface, wished = entry
    node = resident.domain.node if resident.domain is not None else None
    rejected, place = [], None
    for attachment, reason in wished.options:
        if reason is None:
            if attachment == SRIOV:
                reason = _vf_excluded(nic, local, wished, places) or refusal
                if reason is None:
                    place = kept.get(str(nic))
                    if place is None:
                        place, reason = places.new_vf(nic, _reachable(nic, local, places), node)
            elif attachment == MACVTAP:
                place, reason = places.macvtap(local, node, interface)
            elif attachment == BRIDGE:
                place, reason = places.bridge(local)
            elif attachment == OVS:
                place, reason = places.ovs(local)
        if place is not None:
            break
        rejected.append((attachment, reason))
    passed_through = place is not None and place.attachment == SRIOV
    mac = nic.mac
    if interface is not None and interface.mac and not nic.stated_mac:
        mac = interface.mac
    return Attached(
        resident=resident,
        nic=nic,
        interface=interface,
        local=local,
        model=None if passed_through else wished.model,
        backend="vfio" if passed_through else wished.backend,
        mac=mac,
        place=place,
        rejected=tuple(entry for entry in rejected if _is_better(entry[0], place, intent)),
    )
