# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameter ``resources``: what is wished, by the module that would bring it about, as that module takes it."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._model.fields import Problems
from .._resource.registry import KINDS
from . import (
    boot_parameters,
    bridge,
    domain_interface,
    domain_pinning,
    irq_affinity,
    macvtap,
    ovs_bridge,
    ovs_flows,
    packet_steering,
    sriov,
    tap,
    vhost_net,
    vlan,
)

SPECS = {
    "boot_parameters": boot_parameters.ARGUMENTS,
    "vhost_net": vhost_net.ARGUMENTS,
    "sriov": sriov.ARGUMENTS,
    "macvtap": macvtap.ARGUMENTS,
    "vlan": vlan.ARGUMENTS,
    "tap": tap.ARGUMENTS,
    "bridge": bridge.ARGUMENTS,
    "ovs_bridge": ovs_bridge.ARGUMENTS,
    "ovs_flows": ovs_flows.ARGUMENTS,
    "domain_interface": domain_interface.ARGUMENTS,
    "packet_steering": packet_steering.ARGUMENTS,
    "domain_pinning": domain_pinning.ARGUMENTS,
    "irq_affinity": irq_affinity.ARGUMENTS,
}


def resources_argument(**more):
    """The argument's spec."""
    return dict(more, type="dict", options={kind: {"type": "dict"} for kind in SPECS})


def wished(resources):
    """``{kind: parameters, as its module would get them}`` of those that are named, in the order in which a play applies
    them. Raises InvalidInput."""
    found, problems = {}, Problems("resources")
    for kind in KINDS:
        if resources.get(kind) is None:
            continue
        checked = ArgumentSpecValidator(SPECS[kind]).validate(resources[kind])
        for message in checked.error_messages:
            problems.at(kind).add(resources[kind], "is not what kvm.vnic.%s takes: %s" % (kind, message))
        found[kind] = checked.validated_parameters
    problems.raise_if_any()
    return found
