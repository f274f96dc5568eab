# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole run: parts, one after the other, and whatever happens a clean lab afterwards."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time

from . import checkpoint, disturbance, guests, interrupt_share, irq_parsing, links, ovs, planning, reconciler
from .lab import KEPT_BYTECODE, OUT, REMOTE, ROOT, BenchError, Lab
from .rows import row, table
from .samples import FIXED, Samples, measure_fixed_cost

WITHOUT_LAB = ("planning", "interrupts")
PARTS = WITHOUT_LAB + ("links", "guests", "ovs", "reconciler", "checkpoint", "disturbance", "interrupt_share", "memory")
BEGUN = time.monotonic()


def say(text):
    print("[%4d s] %s" % (time.monotonic() - BEGUN, text), flush=True)


def parser():
    top = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    top.add_argument("--here", action="store_true", help="never boot the lab anew; fail when somebody uses it")
    top.add_argument(
        "--repetitions", type=int, default=2, metavar="N", help="of ours and raw, whose median counts (default 2)"
    )
    top.add_argument("parts", nargs="*", metavar="PART", help="of %s (default: all)" % ", ".join(PARTS))
    return top


def in_use(look):
    busy = ["the guest %s is defined" % name for name in look["guests"]]
    return busy + ["%s has %d VFs" % (pf["name"], pf["vfs"]) for pf in look["pfs"] if pf["vfs"]]


def occupy(here):
    """A lab that nobody uses, and its physical functions."""
    subprocess.run([ROOT / "tests/lab/lab", "up"], check=True)
    lab = Lab()
    lab.install()
    look = json.loads(lab.fixture("look"))
    busy = in_use(look)
    if busy and not here:
        say("the lab is in use (%s): booting it anew" % "; ".join(busy))
        for command in ("down", "up"):
            subprocess.run([ROOT / "tests/lab/lab", command], check=True)
        lab.install()
        look = json.loads(lab.fixture("look"))
        busy = in_use(look)
    if busy:
        raise BenchError("the lab is in use: %s" % "; ".join(busy))
    return lab, look["pfs"]


def measure_here(parts):
    """What needs this machine alone: rows, and what must not be."""
    rows, wrong = [], []
    if "planning" in parts:
        measured = planning.measure(say)
        rows += planning.rows(measured)
        wrong += planning.wrong(measured)
    if "interrupts" in parts:
        rows += irq_parsing.measure(say)
    return rows, wrong


def measure(lab, pfs, parts, repetitions):
    """The rows, and what must not be."""
    samples, wrong = Samples(), []
    measure_fixed_cost(lab, samples)
    rows = [row("one task that does nothing (fixed cost)", "s", raw=samples.seconds(FIXED))]
    if "links" in parts:
        links.measure(lab, pfs, samples, say, repetitions)
        rows += links.rows(samples, pfs)
    if "guests" in parts:
        guests.measure(lab, pfs, samples, say, repetitions)
        rows += guests.rows(samples)
    if "ovs" in parts:
        more, astray = ovs.measure(lab, samples, say, repetitions)
        rows, wrong = rows + more, wrong + astray
    if "reconciler" in parts:
        found, amiss = reconciler.measure(lab, pfs, say)
        rows, wrong = rows + reconciler.rows(found), wrong + amiss
    if "checkpoint" in parts:
        rows += checkpoint.rows(checkpoint.measure(lab, pfs, say, repetitions))
    if "disturbance" in parts:
        more, disturbed = disturbance.measure(lab, pfs, say)
        rows, wrong = rows + more, wrong + disturbed
    if "interrupt_share" in parts:
        more, astray = interrupt_share.measure(lab, say)
        rows, wrong = rows + more, wrong + astray
    if "memory" in parts:
        links.memory(lab, pfs, say)
        guests.memory(lab, pfs, say)
        peaks = lab.memory()
        rows += links.memory_rows(peaks) + guests.memory_rows(peaks)
    return rows, wrong


def run(options):
    parts = options.parts or PARTS
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise BenchError("no part is called %s: %s" % (" ".join(unknown), ", ".join(PARTS)))
    rows, wrong = measure_here(parts)
    if set(parts) - set(WITHOUT_LAB):
        lab, pfs = occupy(options.here)
        try:
            lab.fixture("reset")
            more, disturbed = measure(lab, pfs, parts, options.repetitions)
            rows, wrong = rows + more, wrong + disturbed
        finally:
            say("cleaning up")
            lab.fixture("reset")
            lab.ssh("rm", "-rf", REMOTE, KEPT_BYTECODE)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "results.json").write_text(json.dumps(rows, indent=2) + "\n")
    print("\n%s\n\n%s, %.0f s" % (table(rows), (OUT / "results.json").relative_to(ROOT), time.monotonic() - BEGUN))
    if wrong:
        raise BenchError("\n".join(["what must not be:"] + wrong))


def main(arguments):
    # Ended from outside, it cleans up too.
    signal.signal(signal.SIGTERM, lambda *_ignored: sys.exit(143))
    try:
        run(parser().parse_args(arguments))
    except BenchError as error:
        print("bench: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
