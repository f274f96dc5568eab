# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured under each name, over the repetitions."""

from __future__ import annotations

from statistics import median

from .lab import BenchError, Step

FIXED = "a task that does nothing"
FIXED_TIMES = 5


class Samples:
    def __init__(self):
        self._seconds = {}
        self._own = {}

    def add(self, measured):
        for name, one in measured.items():
            self._seconds.setdefault(name, []).append(one.seconds)
            if one.own_seconds is not None:
                self._own.setdefault(name, []).append(one.own_seconds)

    def seconds(self, name):
        """The median of a step's seconds."""
        return median(self._seconds[name])

    def own_seconds(self, name):
        """The median of what the step's command took by itself on the host."""
        return median(self._own[name])


def must_change(measured, *names):
    """A first run that changes nothing, or a second that does, measures something else than its name says."""
    for name in names:
        if not measured[name].changed:
            raise BenchError("%s changed nothing" % name)


def must_not_change(measured, *names):
    for name in names:
        if measured[name].changed:
            raise BenchError("%s changed something: %s" % (name, measured[name].notes))


def measure_fixed_cost(lab, samples):
    nothing = [{"ansible.builtin.command": {"argv": ["true"]}}]
    for one in lab.play([Step("%s, %d" % (FIXED, number), nothing) for number in range(FIXED_TIMES)]).values():
        samples.add({FIXED: one})
