# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``audit_info``, among them those of the modules whose wishes it compares with the host."""

from __future__ import annotations

from .._engine.audit import audit
from .._engine.unfinished import unfinished_run
from .._model.action import plain
from .._model.audit.checks import CHECKS, cross_check
from .._model.finding import NOTICE, SEVERITIES, at_least, count_findings, sort_findings
from .._resource.facts.host_facts import READERS, read_host_facts
from .._resource.registry import KINDS
from .wished import resources_argument, wished

ARGUMENTS = {
    "resources": resources_argument(default={}),
    "least_severity": {"type": "str", "choices": list(SEVERITIES), "default": NOTICE},
}


def read(host, params):
    """``{findings, counts, audited, problems}``."""
    host.libvirt.only_read()
    wishes = wished(params["resources"])
    findings = [finding for name, wish in wishes.items() for finding in audit(KINDS[name](), wish, host)]
    facts = read_host_facts(host, list(READERS))
    findings += cross_check(facts, plain(wishes)) + unfinished_run(host)
    shown = sort_findings(at_least(findings, params["least_severity"]))
    return {
        "findings": [finding.to_dict() for finding in shown],
        "counts": count_findings(findings),
        "audited": sorted(wishes) + [check.__name__ for check in CHECKS + (unfinished_run,)],
        "problems": facts["problems"],
    }
