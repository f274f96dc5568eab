# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of Open vSwitch that are in error, and guests' ports in other VLANs than theirs."""

from __future__ import annotations

from ..finding import NOTICE, WARNING, Finding
from ..names import is_libvirts_own
from . import port_vlan
from .open_vswitch import NOT_ADDED

VLAN, IN_ERROR = "ovs_port_vlan", "ovs_port_error"


def ovs_port_vlan(scene):
    """Each running guest's port by its wish, and by its running definition where nothing is wished.

    A notice where the port is in a VLAN that nobody states: such a tag was set by hand and ends with the port.
    """
    for guest in scene.running:
        for interface in guest.live:
            port = scene.ovs.port_of(interface)
            if port is None or port.vlan is None:
                continue
            wanted = port_vlan.of_definition(interface.vlan, scene.wishes.interface(guest, interface) or {})
            if wanted is None or port.vlan == wanted:
                continue
            by_hand = wanted == port_vlan.UNTAGGED
            if by_hand and interface.type != "bridge":
                continue  # a libvirt network may give it a VLAN that the guest's definition does not name
            subject = guest.subject(interface)
            found, expected = port_vlan.words(port.vlan), port_vlan.words(wanted)
            yield Finding(
                id=VLAN,
                severity=NOTICE if by_hand else WARNING,
                subject=subject,
                summary="port %s of %s (%s) has %s, %s"
                % (
                    port.name,
                    port.bridge,
                    subject,
                    found,
                    "which its guest's definition does not know and its next start ends"
                    if by_hand
                    else "not " + expected,
                ),
                evidence={"bridge": port.bridge, "port": port.port, "found": found, "wanted": expected},
                remedy="run the playbook kvm.vnic.site: a guest's VLAN belongs in its definition"
                " (kvm.vnic.domain_interface), what ovs-vsctl sets on its port is lost when it restarts",
            )


def ovs_port_error(scene):
    """Each interface that ovs-vswitchd could not add or set up, as it says; nothing of a switch that does not run."""
    if scene.ovs.running is False:
        return
    used = scene.guests_devices()
    for port in scene.ovs.ports:
        if port.error is None and port.ofport != NOT_ADDED:
            continue
        left_over = used is not None and is_libvirts_own(port.name) and port.name not in used
        yield Finding(
            id=IN_ERROR,
            severity=WARNING,
            subject="%s/%s" % (port.bridge, port.name),
            summary="port %s of %s carries no packets: %s"
            % (port.name, port.bridge, port.error or "ovs-vswitchd could not add it and does not say why"),
            evidence={"bridge": port.bridge, "port": port.port, "ofport": port.ofport, "error": port.error},
            remedy="no guest has it any more: remove it, ovs-vsctl del-port %s %s" % (port.bridge, port.port)
            if left_over
            else "make the device, or correct the port's type and options (kvm.vnic.ovs_bridge), as the message says",
        )
