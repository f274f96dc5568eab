# SPDX-License-Identifier: GPL-3.0-or-later
"""(g): ports and flows of Open vSwitch, and how often a second run of ours, unchanged, reads each table.

Raw is one ``ovs-vsctl`` for all ports and one ``ovs-ofctl --bundle`` for all flows, naive a call, and so a task, for each.
"""

from __future__ import annotations

import json

from . import naive, ours, raw, wishes
from .lab import REMOTE, Step
from .ovs_calls import counted
from .rows import row
from .samples import FIXED, must_change, must_not_change

KINDS = {
    "ports": ("%d OVS ports with tag and external ids" % wishes.OVS_PORTS, wishes.OVS_PORTS),
    "flows": ("%d OpenFlow flows" % wishes.OVS_FLOWS, wishes.OVS_FLOWS),
}
RUNS = (("", "made"), (" again", "second run, unchanged"))
TIMES_RAW = 2


def _steps(way, module):
    """Both kinds made, then both once more."""
    return [
        Step("%s ovs %s%s" % (way, kind, suffix), getattr(module, "ovs_%s" % kind)())
        for suffix, _title in RUNS
        for kind in KINDS
    ]


def _remote(lab, command):
    return lab.ssh("python3", REMOTE + "/ovs_fixture.py", command)


def _run(lab, samples, way, module):
    lab.fixture("reset")
    # Without the flow of a bridge that stands alone: all three find an empty table.
    lab.ssh("ovs-vsctl", "add-br", wishes.OVS_FLOW_BRIDGE, "--", "set-fail-mode", wishes.OVS_FLOW_BRIDGE, "secure")
    steps = _steps(way, module)
    measured = lab.play(steps)
    must_change(measured, *(step.name for step in steps[: len(KINDS)]))
    if module is ours:
        must_not_change(measured, *(step.name for step in steps[len(KINDS) :]))
    samples.add(measured)


def _count(lab, kind):
    """The calls of one more run of ours, on everything; apart from the timed ones, since the counting takes time too."""
    step = Step("counted ovs %s" % kind, getattr(ours, "ovs_%s" % kind)())
    _remote(lab, "count")
    try:
        measured = lab.play([step])
    finally:
        calls = json.loads(_remote(lab, "counted"))
    must_not_change(measured, step.name)
    return calls


def measure(lab, samples, say, repetitions):
    """Rows, and what must not be."""
    running = json.loads(_remote(lab, "start"))
    try:
        say("(g) naive, %d of each" % naive.MEASURED)
        _run(lab, samples, "naive", naive)
        for repetition in range(repetitions):
            say("(g) raw, %d of %d" % (repetition + 1, repetitions))
            _run(lab, samples, "raw", raw)
            say("(g) ours, %d of %d" % (repetition + 1, repetitions))
            _run(lab, samples, "ours", ours)
        say("(g) counting what a second run reads")
        calls = {kind: _count(lab, kind) for kind in KINDS}
    finally:
        lab.fixture("reset")
        if not running:
            _remote(lab, "stop")
    return rows(samples) + read_rows(calls), wrong(calls)


def rows(samples):
    found = []
    for suffix, when in RUNS:
        for kind, (title, number) in KINDS.items():
            ours_step, raw_step, naive_step = ("%s ovs %s%s" % (way, kind, suffix) for way in ("ours", "raw", "naive"))
            scale = number / naive.MEASURED
            name = "(g) %s, %s" % (title, when)
            seconds = samples.seconds(ours_step)
            note = ", naive measured with %d, x %g" % (naive.MEASURED, scale)
            found.append(row(name + note, "s", seconds, samples.seconds(raw_step), samples.seconds(naive_step) * scale))
            net, alone = seconds - samples.seconds(FIXED), samples.own_seconds(raw_step)
            aim = ", less one task's fixed cost, raw without Ansible (aim: at most %d x raw)" % TIMES_RAW
            found.append(row(name + aim, "s", net, alone))
    return found


def read_rows(calls):
    """The most often read table of each kind's second run, and how many processes the run needed."""
    found = []
    for kind, (title, _number) in KINDS.items():
        reads, _writes = counted(calls[kind])
        name = "(g) %s, second run, unchanged: " % title
        found.append(row(name + "reads of a table, at most", "reads", max(reads.values(), default=0)))
        found.append(row(name + "calls of OVS's tools", "calls", len(calls[kind])))
    return found


def wrong(calls):
    """A table read twice, or something written, where nothing differs; and a count that saw nothing proves nothing."""
    found = []
    for kind in KINDS:
        reads, writes = counted(calls[kind])
        found += [
            "%s, unchanged: %s read %d times" % (kind, what, times)
            for what, times in sorted(reads.items())
            if times > 1
        ]
        found += ["%s, unchanged: %s, %d times" % (kind, what, times) for what, times in sorted(writes.items())]
        if not reads:
            found.append("%s, unchanged: no call of OVS's tools was counted" % kind)
    return found
