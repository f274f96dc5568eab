# SPDX-License-Identifier: GPL-3.0-or-later
"""(h): what a pass of the reconciler takes that finds nothing to do, and when after a boot the host is as kept."""

from __future__ import annotations

import json
import time
from statistics import median

from . import ours
from .lab import REMOTE, BenchError, Step
from .rows import row

ARCHIVE = "/usr/local/libexec/kvm-vnic.pyz"
TIMES = 7
MOST = 2.0  # times a Python start with the same imports
BOOTED = 300  # seconds after which a pass at boot is not waited for any more
JOURNAL = ("journalctl", "--boot", "--output=json", "--output-fields=MESSAGE", "_PID=1", "--unit")
UNITS = {"host": "kvm-vnic-host.service", "guests": "kvm-vnic-guests.service"}


def resources(pfs):
    """``{kind: parameters}`` of everything that (a) makes."""
    tasks = [task for make in (ours.vfs, ours.macvtaps, ours.taps) for task in make(pfs)]
    return {name.rpartition(".")[2]: params for task in tasks for name, params in task.items()}


def measure(lab, pfs, say):
    """``(what was found, what must not be)``."""
    lab.fixture("reset")
    kept = resources(pfs)
    keep = {"kvm.vnic.reconciler": {"resources": kept, "interval": 0}}
    try:
        lab.play(
            [Step("make", [{"kvm.vnic.%s" % kind: params} for kind, params in kept.items()]), Step("keep", [keep])]
        )
        say("(h) idle passes of the reconciler, %d" % TIMES)
        lab.ssh("systemctl", "stop", "kvm-vnic-guests.path")  # a pass that an event asks for would be in the way
        found = json.loads(lab.ssh("python3", REMOTE + "/idle_pass.py", ARCHIVE, str(TIMES)))
        say("(h) a boot")
        lab.reboot()
        found["boot"] = _boot(lab)
    finally:
        lab.play([Step("keep no more", [{"kvm.vnic.reconciler": {"state": "absent"}}])])
    return found, wrong(found, json.loads(lab.fixture("look"))["pfs"])


def _boot(lab):
    """``{pass: (began, ended)}`` of the first of each, in seconds since the kernel's start."""
    deadline = time.monotonic() + BOOTED
    while True:
        found = {name: first_run(lab.ssh(*JOURNAL, unit)) for name, unit in UNITS.items()}
        if all(found.values()):
            return found
        if time.monotonic() > deadline:
            raise BenchError("no pass of the reconciler ended within %d s after the boot: %s" % (BOOTED, found))
        time.sleep(5)


def first_run(journal):
    """``(began, ended)`` of a unit's first run, out of what JOURNAL prints, or None while it has not ended."""
    began = None
    for line in journal.splitlines():
        entry = json.loads(line)
        seconds, message = int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6, entry["MESSAGE"]
        if message.startswith("Starting "):
            began = seconds
        elif message.startswith("Finished ") and began is not None:
            return began, seconds
        elif message.startswith("Failed "):
            raise BenchError("a pass of the reconciler failed: %s" % message)
    return None


def wrong(found, pfs):
    amiss = ["an idle pass wrote to %s" % path for path in found["written"]]
    share = median(found["idle"]) / median(found["imports"])
    if share > MOST:
        amiss.append("an idle pass takes %.2f times a Python start with the same imports" % share)
    amiss += ["%s has %d VFs after the boot" % (pf["name"], pf["vfs"]) for pf in pfs if pf["vfs"] != pf["total"]]
    return amiss


def rows(found):
    title = "(h) an idle pass of the reconciler, raw is a Python start with the same imports"
    made = [row(title, "s", median(found["idle"]), median(found["imports"]))]
    for name, what in (("host", "the host is as kept"), ("guests", "all is as kept")):
        began, ended = found["boot"][name]
        made.append(row("(h) from the kernel's start until %s, raw is until that pass began" % what, "s", ended, began))
    return made
