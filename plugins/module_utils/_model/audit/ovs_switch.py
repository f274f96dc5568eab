# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch as a whole: not running where it is needed, moving in user space what vhost brings to the kernel, or doing
itself what cards are to do."""

from __future__ import annotations

from .. import reading
from ..finding import NOTICE, WARNING, Finding

NOT_RUNNING, USERSPACE, NO_OFFLOAD = "ovs_not_running", "ovs_userspace_datapath", "ovs_no_offload"


def ovs_not_running(scene):
    """Where it has bridges, a guest's NIC names it, or bridges are wished."""
    if scene.ovs.running is not False or not scene.ovs.installed:
        return
    bridges = sorted(set(scene.ovs.bridges) | set(scene.wishes.ovs_bridges()))
    guests = [
        guest.subject(interface)
        for guest in scene.guests
        for interface in guest.interfaces or ()
        if _needs_ovs(scene, interface)
    ]
    if bridges or guests:
        who = ", ".join(bridges + sorted(set(guests)))
        yield Finding(
            id=NOT_RUNNING,
            severity=WARNING,
            subject="openvswitch",
            summary="ovs-vswitchd does not run, so that nothing new is switched or changed for %s" % who,
            evidence={"bridges": bridges, "interfaces": sorted(set(guests))},
            remedy="start the service (openvswitch-switch on Debian, openvswitch elsewhere) and see in its log why it ended",
        )


def _needs_ovs(scene, interface):
    """By its definition, or because the bridge it names is one, of which the kernel may still tell."""
    if interface.interface_id or interface.bridge in scene.ovs.bridges:
        return True
    return (scene.devices.get(interface.bridge) or {}).get("kind") == "openvswitch"


def ovs_userspace_datapath(scene):
    """Bridges of datapath type ``netdev`` with NICs of guests that vhost is to serve.

    vhost-net hands packets to the tap in the kernel, from where that datapath fetches each with a system call
    (Documentation/intro/install/userspace.rst; lib/netdev-linux.c, netdev_linux_rxq_recv_tap).
    """
    for name, bridge in scene.ovs.bridges.items():
        if bridge.datapath_type != "netdev":
            continue
        served = sorted(_served_by_vhost(scene, name) | set(scene.wishes.vhost_on(name)))
        if served:
            yield Finding(
                id=USERSPACE,
                severity=WARNING,
                subject=name,
                summary="%s switches in user space (datapath type netdev), which undoes what vhost gains for %s"
                % (name, ", ".join(served)),
                evidence={"datapath_type": "netdev", "interfaces": served},
                remedy="give kvm.vnic.ovs_bridge {name: %s, datapath_type: system}; its ports lose their packets meanwhile"
                % name,
            )


def _served_by_vhost(scene, bridge):
    found = set()
    for guest in scene.guests:
        for interface in guest.interfaces or ():
            port = scene.ovs.port_of(interface) if interface.live else None
            if interface.wants_vhost and bridge in (interface.bridge, port and port.bridge):
                found.add(guest.subject(interface))
    return found


def ovs_no_offload(scene):
    """Where flows are wished to be handed to cards: a switch that does not, and each card under a wished bridge that does not
    take them. Neither loses a packet."""
    if not scene.wishes.hw_offload:
        return
    if scene.ovs.installed and scene.ovs.hw_offload is False:
        yield Finding(
            id=NO_OFFLOAD,
            severity=NOTICE,
            subject="openvswitch",
            summary="Open vSwitch hands no flows to cards (other_config:hw-offload), though it is to",
            evidence={"hw_offload": False},
            remedy="run the playbook kvm.vnic.site, then restart ovs-vswitchd when its ports may be interrupted",
        )
    wished, seen = scene.wishes.ovs_bridges(), set()
    for port in scene.ovs.ports:
        for card in scene.cards_below(port.name) if port.bridge in wished else ():
            found = reading.text(reading.mapping(card.device.get("offloads")).get("hw_tc_offload")) or ""
            if card.vf is not None or card.name in seen or not found.startswith("off"):
                continue
            seen.add(card.name)
            fixed = found.endswith("[fixed]")
            yield Finding(
                id=NO_OFFLOAD,
                severity=NOTICE,
                subject=card.name,
                summary="%s takes no flows of %s: its hw-tc-offload is %s" % (card.name, port.bridge, found),
                evidence={"bridge": port.bridge, "port": port.port, "hw_tc_offload": found},
                remedy="nothing here can change that: its driver has it fixed, and the kernel does what the card would"
                if fixed
                else "run the playbook kvm.vnic.site, or give kvm.vnic.packet_steering {device: %s, hw_tc_offload: true}"
                % card.name,
            )
