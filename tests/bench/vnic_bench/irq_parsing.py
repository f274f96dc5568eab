# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it takes to read ``/proc/interrupts`` of a host with 1,152 CPUs. Needs no lab."""

from __future__ import annotations

import sys
import time
import tracemalloc
from statistics import median

from .lab import ROOT, BenchError
from .rows import row

CPUS, IRQS, REPETITIONS = 1152, 1000, 5
LONGEST = 0.5  # seconds
NAME = "parse /proc/interrupts of %d CPUs and %d interrupts" % (CPUS, IRQS)


def text(cpus=CPUS, irqs=IRQS):
    """The file as the kernel prints it, 13 MB: every interrupt arrives on one CPU, the timer's on all."""
    lines = ["           " + " ".join("CPU%-7d" % cpu for cpu in range(cpus))]
    for number in range(irqs):
        counts = ["         0"] * cpus
        counts[number % cpus] = "%10d" % (number * 104729 % 10**9)
        lines.append(
            "%4d: %s  IR-PCI-MSIX-0000:%02x:00.0 %4d-edge      ice-ens%d-TxRx-%d"
            % (number, " ".join(counts), number // 128, number % 128, number // 128, number % 128)
        )
    lines.append(" LOC: %s   Local timer interrupts" % " ".join("%10d" % (10**8 + cpu) for cpu in range(cpus)))
    return "\n".join(lines + [" ERR:          0", " MIS:          0"]) + "\n"


def _parser():
    """The collection's own; the bench's other parts reach it through Ansible only."""
    folder = str(ROOT / "plugins/module_utils")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    from _model.irq_table import parse_interrupts

    return parse_interrupts


def measure(say, repetitions=REPETITIONS):
    """The rows. Raises BenchError when it takes longer than it may, or more than in proportion."""
    parse, content = _parser(), text()
    say("reading %d MB of /proc/interrupts" % (len(content) // 10**6))
    taken = [_seconds(parse, content) for _time in range(repetitions)]
    half = min(_seconds(parse, text(CPUS, IRQS // 2)) for _time in range(repetitions))
    tracemalloc.start()
    table = parse(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    if len(table.irqs) != IRQS or len(table.cpus) != CPUS:
        raise BenchError("%s found %d interrupts" % (NAME, len(table.irqs)))
    if median(taken) > LONGEST:
        raise BenchError("%s took %.2f s: %.1f are allowed" % (NAME, median(taken), LONGEST))
    return [
        row(NAME, "s", ours=median(taken)),
        row("the same, over half as many interrupts", "ratio", ours=min(taken) / half),
        row("the same, most memory beside the text", "MB", ours=peak / 10**6),
    ]


def _seconds(parse, content):
    began = time.perf_counter()
    parse(content)
    return time.perf_counter() - began
