# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit found: one thing that is not as it should be, or that could not be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from .action import plain

ERROR, WARNING, NOTICE = "error", "warning", "notice"
SEVERITIES = (ERROR, WARNING, NOTICE)


@dataclass(frozen=True)
class Finding:
    """``id``: which kind of finding; ``subject``: the object (``web1/front``, ``ens2``); ``summary``: one sentence with
    its numbers; ``evidence``: plain data; ``remedy``: what to run or to write.
    """

    id: str
    severity: str
    subject: str
    summary: str
    evidence: dict = field(default_factory=dict)
    remedy: str = ""

    def __post_init__(self):
        if self.severity not in SEVERITIES:
            raise ValueError("%r is no severity: allowed are %s" % (self.severity, ", ".join(SEVERITIES)))

    def to_dict(self):
        return {
            "id": self.id,
            "severity": self.severity,
            "subject": self.subject,
            "summary": self.summary,
            "evidence": plain(self.evidence),
            "remedy": self.remedy,
        }


def sort_findings(findings):
    """The gravest first, then by subject and id."""
    return sorted(findings, key=lambda each: (SEVERITIES.index(each.severity), each.subject, each.id, each.summary))


def at_least(findings, severity):
    """Those that are as grave as ``severity`` or graver."""
    grave = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return [finding for finding in findings if finding.severity in grave]


def count_findings(findings):
    return {severity: sum(1 for each in findings if each.severity == severity) for severity in SEVERITIES}
