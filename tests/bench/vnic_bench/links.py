# SPDX-License-Identifier: GPL-3.0-or-later
"""(a) and its half of (c): macvtaps, taps on a bridge, configured VFs."""

from __future__ import annotations

from . import naive, ours, raw, wishes
from .lab import Step
from .rows import row
from .samples import FIXED, must_change, must_not_change

# VFs first: what changes their number must not have macvtaps on it.
KINDS = ("vfs", "macvtaps", "taps")


def _scale(kind):
    return {"macvtaps": wishes.MACVTAPS, "taps": wishes.TAPS}.get(kind, naive.MEASURED) / naive.MEASURED


def _steps(way, module, pfs):
    return [Step("%s %s" % (way, kind), getattr(module, kind)(pfs)) for kind in KINDS]


def _twice(lab, samples, first, again):
    """A run on nothing and one on everything."""
    lab.fixture("reset")
    measured = lab.play(first + again)
    must_change(measured, *(step.name for step in first))
    samples.add(measured)
    return measured


def measure(lab, pfs, samples, say, repetitions):
    for repetition in range(repetitions):
        say("(a) ours, %d of %d" % (repetition + 1, repetitions))
        again = _steps("ours again", ours, pfs)
        measured = _twice(lab, samples, _steps("ours", ours, pfs), again)
        must_not_change(measured, *(step.name for step in again))
        say("(a) raw, %d of %d" % (repetition + 1, repetitions))
        _twice(lab, samples, _steps("raw", raw, pfs), _steps("raw again", raw, pfs))
        _twice(lab, samples, [Step("raw links", raw.links(pfs))], [Step("raw again links", raw.links(pfs))])
    say("(a) naive, %d of each" % naive.MEASURED)
    _twice(lab, samples, _steps("naive", naive, pfs), _steps("naive again", naive, pfs))


def memory(lab, pfs, say):
    say("(a) memory")
    for way, module in (("ours", ours), ("raw", raw), ("naive", naive)):
        lab.fixture("reset")
        lab.play([Step(step.name, step.tasks, memory=True) for step in _steps(way, module, pfs)])


def rows(samples, pfs):
    titles = {
        "vfs": "%d configured VFs" % len(wishes.vfs(pfs)),
        "macvtaps": "%d macvtaps" % wishes.MACVTAPS,
        "taps": "%d taps on a bridge" % wishes.TAPS,
    }
    found = []
    for suffix, when in (("", "made"), (" again", "second run, unchanged")):
        name = "(%s) " % ("c" if suffix else "a")
        ours_all = naive_all = 0.0
        for kind in KINDS:
            scale = _scale(kind)
            ours_one, naive_one = (
                samples.seconds("ours%s %s" % (suffix, kind)),
                samples.seconds("naive%s %s" % (suffix, kind)) * scale,
            )
            ours_all, naive_all = ours_all + ours_one, naive_all + naive_one
            note = ", naive measured with %d, x %g" % (naive.MEASURED, scale) if scale != 1 else ""
            raw_one = samples.seconds("raw%s %s" % (suffix, kind))
            found.append(row(name + "%s, %s%s" % (titles[kind], when, note), "s", ours_one, raw_one, naive_one))
        step = "raw%s links" % suffix
        found.append(
            row(name + "all three, %s, raw as one script" % when, "s", ours_all, samples.seconds(step), naive_all)
        )
        net = ours_all - samples.seconds(FIXED)
        found.append(
            row(
                name + "all three, %s, less one task's fixed cost, raw without Ansible" % when,
                "s",
                net,
                samples.own_seconds(step),
            )
        )
    return found


def memory_rows(peaks):
    return [
        row("peak memory, %s" % kind, "MiB", *(peaks["%s %s" % (way, kind)] for way in ("ours", "raw", "naive")))
        for kind in KINDS
    ]
