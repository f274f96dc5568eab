# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests' ports that are to be kept from false addresses, and lack the flows that do it."""

from __future__ import annotations

from ..finding import WARNING, Finding

ID = "ovs_port_unprotected"


def ovs_port_unprotected(scene):
    """By the wish of ``kvm.vnic.ovs_flows``: the flows that keep false addresses out are those that match what the port
    receives, and each must be there. A guest that does not run has no port."""
    for bridge, wish in scene.wishes.protected_ports():
        for port in scene.ovs.ports_with(wish.interface_id, bridge):
            if port.flows is not None and port.flows < wish.flows:
                yield _finding(scene.ovs, port, wish)


def _finding(ovs, port, wish):
    guarded = ovs.bridges[port.bridge].guarded
    outcome = "" if guarded is None else "its packets are dropped" if guarded else "false addresses pass"
    return Finding(
        id=ID,
        severity=WARNING,
        subject="%s/%s" % (port.bridge, port.name),
        summary="port %s of %s%s has %d of its %d anti-spoofing flows%s"
        % (
            port.name,
            port.bridge,
            " (%s)" % wish.guest if wish.guest else "",
            port.flows,
            wish.flows,
            outcome and ": " + outcome,
        ),
        evidence={
            "bridge": port.bridge,
            "interface_id": port.interface_id,
            "ofport": port.ofport,
            "flows": port.flows,
            "wanted": wish.flows,
            "guarded": guarded,
        },
        remedy=_remedy(ovs.ports_with(port.interface_id)),
    )


def _remedy(ports):
    if len(ports) > 1:
        return (
            "%s have one interface id, and one of them at most gets its flows: give each NIC an interface id of its own, as"
            " interfaceid of the virtualport in its guest's definition"
            % " and ".join(sorted(port.name for port in ports))
        )
    return (
        "run the playbook kvm.vnic.site; if this comes back when the guest restarts, see that libvirt runs the"
        " hook /etc/libvirt/hooks/qemu.d/kvm-vnic-ovs, which it notices at its own restart"
    )
