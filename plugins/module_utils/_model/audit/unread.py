# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be read, and so was not audited."""

from __future__ import annotations

from .. import reading
from ..finding import NOTICE, Finding

ID = "not_audited"


def not_audited(scene):
    """Each problem of the facts, a libvirt that does not tell its guests, and an Open vSwitch that runs and does not tell
    its bridges."""
    problems = [problem for problem in reading.listed(scene.facts.get("problems")) if isinstance(problem, str)]
    libvirt = reading.mapping(scene.facts.get("libvirt"))
    if libvirt.get("domains") == "unknown":
        problems.append("libvirt: %s" % (reading.text(libvirt.get("problem")) or "does not tell its guests"))
    ovs = reading.mapping(scene.facts.get("ovs"))
    if ovs.get("bridges") == "unknown" and ovs.get("running") is not False:
        problems.append("ovs: %s" % (reading.text(ovs.get("problem")) or "does not tell its bridges"))
    for problem in problems:
        yield Finding(
            id=ID,
            severity=NOTICE,
            subject=problem.partition(":")[0],
            summary="not audited, because it could not be read: %s" % problem,
            evidence={"problem": problem},
            remedy="make readable what the message names, then audit again",
        )
