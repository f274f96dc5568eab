# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``audit_info``, among them those of the modules whose wishes it compares with the host."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._engine.audit import audit
from .._engine.unfinished import unfinished_run
from .._model.action import plain
from .._model.audit.checks import CHECKS, cross_check
from .._model.fields import Problems
from .._model.finding import NOTICE, SEVERITIES, at_least, count_findings, sort_findings
from .._resource.facts.host_facts import READERS, read_host_facts
from .._resource.registry import KINDS
from . import (
    bridge,
    domain_interface,
    domain_pinning,
    irq_affinity,
    macvtap,
    ovs_bridge,
    ovs_flows,
    packet_steering,
    sriov,
    vlan,
)

_SPECS = {
    "sriov": sriov.ARGUMENTS,
    "macvtap": macvtap.ARGUMENTS,
    "vlan": vlan.ARGUMENTS,
    "bridge": bridge.ARGUMENTS,
    "ovs_bridge": ovs_bridge.ARGUMENTS,
    "ovs_flows": ovs_flows.ARGUMENTS,
    "domain_interface": domain_interface.ARGUMENTS,
    "packet_steering": packet_steering.ARGUMENTS,
    "domain_pinning": domain_pinning.ARGUMENTS,
    "irq_affinity": irq_affinity.ARGUMENTS,
}

ARGUMENTS = {
    "resources": {
        "type": "dict",
        "default": {},
        "options": {name: {"type": "dict"} for name in _SPECS},
    },
    "least_severity": {"type": "str", "choices": list(SEVERITIES), "default": NOTICE},
}


def _wished(resources):
    """``{module: its parameters, as it would get them}`` of the modules that are named. Raises InvalidInput."""
    wished, problems = {}, Problems("resources")
    for name in (kind for kind in KINDS if kind in _SPECS):
        if resources.get(name) is None:
            continue
        checked = ArgumentSpecValidator(_SPECS[name]).validate(resources[name])
        for message in checked.error_messages:
            problems.at(name).add(resources[name], "is not what kvm.vnic.%s takes: %s" % (name, message))
        wished[name] = checked.validated_parameters
    problems.raise_if_any()
    return wished


def read(host, params):
    """``{findings, counts, audited, problems}``."""
    host.libvirt.only_read()
    wished = _wished(params["resources"])
    findings = [finding for name, wish in wished.items() for finding in audit(KINDS[name](), wish, host)]
    facts = read_host_facts(host, list(READERS))
    findings += cross_check(facts, plain(wished)) + unfinished_run(host)
    shown = sort_findings(at_least(findings, params["least_severity"]))
    return {
        "findings": [finding.to_dict() for finding in shown],
        "counts": count_findings(findings),
        "audited": sorted(wished) + [check.__name__ for check in CHECKS + (unfinished_run,)],
        "problems": facts["problems"],
    }
