# SPDX-License-Identifier: GPL-3.0-or-later
"""(h): what a pass of the reconciler takes that finds nothing to do, and what the journal costs a module."""

from __future__ import annotations

import json
import shutil
from statistics import median

from . import ours
from .lab import OUT, REMOTE, ROOT, Step
from .rows import row
from .samples import must_change

ARCHIVE = "/usr/local/libexec/kvm-vnic.pyz"
TIMES = 7
MOST = 2.0  # times a Python start with the same imports
JOURNALLED, UNJOURNALLED = "ours taps, with its journal", "ours taps, without a journal"
# Behind the real one's text in a copy of the collection: the same questions, and nothing written.
NO_JOURNAL = """

class Journal:
    unfinished = False

    def __init__(self, host, checkpoint="", held=False):
        pass

    def wait_for_turn(self):
        return False

    def look(self, resource, params):
        pass

    def notes(self):
        return []

    def __enter__(self):
        return False

    def __exit__(self, kind, error, trace):
        pass

    def open(self, resource, before, actions, undo):
        pass

    def record(self, results):
        pass

    def close(self):
        pass
"""


def resources(pfs):
    """``{kind: parameters}`` of everything that (a) makes."""
    tasks = [task for make in (ours.vfs, ours.macvtaps, ours.taps) for task in make(pfs)]
    return {name.rpartition(".")[2]: params for task in tasks for name, params in task.items()}


def without_journal():
    """Where a copy of the collection is whose modules keep no journal."""
    place = OUT / "unjournalled"
    shutil.rmtree(place, ignore_errors=True)
    collection = place / "ansible_collections/kvm/vnic"
    shutil.copytree(ROOT / "plugins", collection / "plugins")
    shutil.copytree(ROOT / "meta", collection / "meta")
    shutil.copy(ROOT / "galaxy.yml", collection)
    with (collection / "plugins/module_utils/_engine/journal.py").open("a") as stream:
        stream.write(NO_JOURNAL)
    return place


def measure(lab, pfs, samples, say, repetitions):
    """``(idle_pass.py's answer, what must not be)``."""
    found = _idle(lab, pfs, say)
    copy = without_journal()
    for repetition in range(repetitions):
        say("(h) journal, %d of %d" % (repetition + 1, repetitions))
        for name, collections in ((JOURNALLED, None), (UNJOURNALLED, copy)):
            lab.fixture("reset")
            measured = lab.play([Step(name, ours.taps(pfs))], collections)
            must_change(measured, name)
            samples.add(measured)
    wrong = ["an idle pass wrote to %s" % path for path in found["written"]]
    share = median(found["idle"]) / median(found["imports"])
    if share > MOST:
        wrong.append("an idle pass takes %.2f times a Python start with the same imports" % share)
    return found, wrong


def _idle(lab, pfs, say):
    say("(h) idle passes of the reconciler, %d" % TIMES)
    lab.fixture("reset")
    kept = resources(pfs)
    keep = {"kvm.vnic.reconciler": {"resources": kept, "interval": 0}}
    try:
        lab.play(
            [Step("make", [{"kvm.vnic.%s" % kind: params} for kind, params in kept.items()]), Step("keep", [keep])]
        )
        lab.ssh("systemctl", "stop", "kvm-vnic-guests.path")  # a pass that an event asks for would be in the way
        return json.loads(lab.ssh("python3", REMOTE + "/idle_pass.py", ARCHIVE, str(TIMES)))
    finally:
        lab.play([Step("keep no more", [{"kvm.vnic.reconciler": {"state": "absent"}}])])


def rows(samples, found):
    return [
        row(
            "(h) an idle pass of the reconciler, raw is a Python start with the same imports",
            "s",
            median(found["idle"]),
            median(found["imports"]),
        ),
        row(
            "(h) taps on a bridge, made, raw is ours without a journal",
            "s",
            samples.seconds(JOURNALLED),
            samples.seconds(UNJOURNALLED),
        ),
    ]
