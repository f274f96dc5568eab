# SPDX-License-Identifier: GPL-3.0-or-later
"""(b) and its half of (c): NICs of defined guests."""

from __future__ import annotations

import json

from . import naive, ours, raw, wishes
from .lab import Step
from .rows import row
from .samples import FIXED, must_change, must_not_change

BRIDGE = {
    "ansible.builtin.command": {"argv": ["ip", "link", "add", "name", wishes.GUEST_BRIDGE, "up", "type", "bridge"]}
}
RUNS = (("", "NICs attached"), (" again", "second run, unchanged"), (" edited", "one NIC edited"))


def _steps(way, *tasks):
    return [Step("%s guests%s" % (way, suffix), one) for (suffix, _title), one in zip(RUNS, tasks)]


def _prepare(lab, pfs):
    """Guests without NICs, and what they are to stand on; their XML."""
    names = list(wishes.guests(pfs))
    lab.fixture("reset")
    lab.fixture("define", *names)
    lower = {"ansible.builtin.command": {"argv": ["ip", "link", "set", "dev", pfs[0]["name"], "up"]}}
    lab.play([Step("prepare", [BRIDGE, lower])])
    return json.loads(lab.fixture("xml", *names))


def _run(lab, pfs, samples, steps):
    measured = lab.play(steps)
    attached, again, edited = (step.name for step in steps)
    must_change(measured, attached, edited)
    if not attached.startswith("raw"):
        must_not_change(measured, again)
    samples.add(measured)


def measure(lab, pfs, samples, say, repetitions):
    for repetition in range(repetitions):
        say("(b) ours, %d of %d" % (repetition + 1, repetitions))
        _prepare(lab, pfs)
        _run(lab, pfs, samples, _steps("ours", ours.guests(pfs), ours.guests(pfs), ours.guests(pfs, edited=True)))
    say("(b) raw")
    _prepare(lab, pfs)
    _run(lab, pfs, samples, _steps("raw", raw.guests(pfs), raw.guests(pfs), raw.edit(pfs)))
    say("(b) naive")
    defined = _prepare(lab, pfs)
    tasks = (naive.guests(pfs, defined), naive.guests(pfs, defined), naive.guests(pfs, defined, edited=True))
    _run(lab, pfs, samples, _steps("naive", *tasks))


def memory(lab, pfs, say):
    say("(b) memory")
    _prepare(lab, pfs)
    lab.play([Step("ours guests", ours.guests(pfs), memory=True)])
    defined = _prepare(lab, pfs)
    # One guest's as much as sixteen's: a process each.
    one = naive.guests(pfs, defined)
    one[0]["loop"] = one[0]["loop"][:1]
    lab.play([Step("raw guests", raw.guests(pfs, some=1), memory=True), Step("naive guests", one, memory=True)])


def rows(samples):
    found = []
    for suffix, title in RUNS:
        name = "(%s) %d guests x %d NICs, %s" % ("c" if "again" in suffix else "b", wishes.GUESTS, wishes.NICS, title)
        steps = ["%s guests%s" % (way, suffix) for way in ("ours", "raw", "naive")]
        found.append(row(name, "s", *(samples.seconds(step) for step in steps)))
        net = samples.seconds(steps[0]) - samples.seconds(FIXED)
        found.append(
            row(name + ", less one task's fixed cost, raw without Ansible", "s", net, samples.own_seconds(steps[1]))
        )
    return found


def memory_rows(peaks):
    return [row("peak memory, guests' NICs", "MiB", *(peaks["%s guests" % way] for way in ("ours", "raw", "naive")))]
