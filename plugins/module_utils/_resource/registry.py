# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of thing that a host can be led to, in the order in which a play leads it there.

What one kind makes is there for the next. Each is imported where it is asked for: most runs need one.
"""

from __future__ import annotations


def _boot_parameters():
    from .boot_parameters import BootParameters

    return BootParameters()


def _vhost_net():
    from .vhost_net import VhostNet

    return VhostNet()


def _sriov():
    from .sriov import Sriov

    return Sriov()


def _macvtap():
    from .macvtap import Macvtap

    return Macvtap()


def _vlan():
    from .vlan import Vlan

    return Vlan()


def _tap():
    from .tap import Tap

    return Tap()


def _bridge():
    from .bridge import Bridge

    return Bridge()


def _ovs_bridge():
    from .ovs_bridge import OvsBridge

    return OvsBridge()


def _ovs_flows():
    from .ovs_flows import OvsFlows

    return OvsFlows()


def _domain_interface():
    from .domain_interface import DomainInterface

    return DomainInterface()


def _packet_steering():
    from .packet_steering import PacketSteering

    return PacketSteering()


def _domain_pinning():
    from .domain_pinning import DomainPinning

    return DomainPinning()


def _irq_affinity():
    from .irq_affinity import IrqAffinity

    return IrqAffinity()


def _reconciler():
    from .reconciler import Reconciler

    return Reconciler()


# {kind: a function that returns its Resource}. roles/nic_profile/tasks/apply.yml has the same order.
KINDS = {
    "boot_parameters": _boot_parameters,
    "vhost_net": _vhost_net,
    "sriov": _sriov,
    "macvtap": _macvtap,
    "vlan": _vlan,
    "tap": _tap,
    "bridge": _bridge,
    "ovs_bridge": _ovs_bridge,
    "ovs_flows": _ovs_flows,
    "domain_interface": _domain_interface,
    "packet_steering": _packet_steering,
    "domain_pinning": _domain_pinning,
    "irq_affinity": _irq_affinity,
}

# Those of which nothing can be said without libvirt, and the one of which only targets that name a guest need it.
NEEDS_LIBVIRT = frozenset(["domain_interface", "domain_pinning"])
ALSO_GUESTS = "irq_affinity"

# Those that the journal tells of: a run that is undone is no longer kept either.
RECONCILER = "reconciler"
JOURNALLED = dict(KINDS, **{RECONCILER: _reconciler})
