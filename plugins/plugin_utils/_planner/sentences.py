# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a NIC is attached as it is, in sentences. They speak of what is so after the plan as before it, never of the way
there.
"""

from __future__ import annotations

from .rules import BRIDGE, MACVTAP, OVS, SRIOV

_HOW = {
    ("virtio", "vhost"): "with vhost-net: the host's kernel moves the packets, without a switch to QEMU",
    ("virtio", "qemu"): "with packets moved by QEMU, because backend qemu was asked for",
    (
        "e1000",
        "qemu",
    ): "as an emulated e1000: needs no virtio driver in the guest, slow because each register access leaves the guest",
    ("rtl8139", "qemu"): "as an emulated rtl8139: needs no virtio driver in the guest, the slowest model",
}


def _where(place, guest_node):
    if place.uplink is None:
        return ""
    name = place.uplink.name
    if place.node is None:
        return ". The NUMA node of %s is unknown, so nothing is said about distance" % name
    if guest_node is None:
        return ". %s is on NUMA node %d; the guest's vCPUs are pinned to no single node" % (name, place.node)
    if guest_node == place.node:
        return ". %s is on NUMA node %d, as are the guest's vCPUs" % (name, place.node)
    return ". %s is on NUMA node %d, the guest's vCPUs are on node %d: its packets cross nodes" % (
        name,
        place.node,
        guest_node,
    )


def reason(attached, guest_node):
    """The sentence for one NIC that has a place. ``guest_node``: the one that its guest's vCPUs run on, or None."""
    place = attached.place
    if place.attachment == SRIOV:
        text = "VF %d of %s is passed through: the guest drives the card, its packets bypass the host's kernel" % (
            place.vf[1],
            place.vf[0],
        )
    else:
        where = {
            MACVTAP: "a macvtap on %s, the shortest way through the host's kernel," % place.lower,
            BRIDGE: "a port of bridge %s" % place.bridge,
            OVS: "a port of the Open vSwitch bridge %s, whose VLANs and flows it is under," % place.bridge,
        }[place.attachment]
        text = "%s %s" % (where, _HOW[attached.model, attached.backend])
    return text + _where(place, guest_node) + "."
