# SPDX-License-Identifier: GPL-3.0-or-later
"""``/proc/interrupts``: how often each interrupt arrived on each CPU."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_COLUMN = re.compile(r"^CPU(\d{1,5})\Z", re.ASCII)
_LABEL = re.compile(r"^[0-9A-Za-z_]{1,16}\Z", re.ASCII)
# kernel/irq/proc.c, show_interrupts: chip, the number within its domain, trigger ("Edge" where the architecture shows
# levels so, then "-edge"), and the actions; all but the chip may be missing.
_REST = re.compile(
    r"(?P<chip>\S+)"
    r"(?:[ \t]+(?P<hwirq>\d{1,20})(?=[ \t-]|\Z))?"
    r"(?:[ \t]+(?P<level>Edge|Level)(?=[ \t]|\Z))?"
    r"(?:[ \t]*-(?P<trigger>\S+))?"
    r"(?:[ \t]+(?P<actions>.*))?\Z",
    re.ASCII | re.DOTALL,
)
_WRAP = 1 << 32  # the kernel counts in 32 bits (include/linux/kernel_stat.h, kstat_irqs)


@dataclass(frozen=True)
class Irq:
    """One numbered interrupt.

    ``counts``: one for each of the table's CPUs; ``chip``: such as ``IR-PCI-MSIX-0000:01:00.0``; ``hwirq``: the number
    within its domain, or None; ``trigger``: such as ``edge``, or ``""``; ``actions``: the names of those who asked for
    it as the kernel joined them, ``""`` for nobody. A name may itself hold commas and blanks.
    """

    number: int
    counts: tuple = field(repr=False)
    chip: str
    hwirq: object
    trigger: str
    actions: str

    @property
    def total(self):
        return sum(self.counts)

    @property
    def names(self):
        """The actions taken apart, as far as their names hold no comma and blank."""
        return tuple(self.actions.split(", ")) if self.actions else ()

    @property
    def identity(self):
        """What tells it from another interrupt that has the same number later."""
        return self.chip, self.hwirq, self.actions


@dataclass(frozen=True)
class IrqTable:
    """``cpus``: the CPUs with a column, which are those that are online; ``irqs``: ``{number: Irq}``; ``others``:
    ``{label: counts}`` of the lettered rows (``NMI``, ``PIN``), where ``ERR`` and ``MIS`` have one count for all."""

    cpus: tuple
    irqs: dict
    others: dict

    def delta(self, earlier):
        """The table of what arrived since ``earlier``, on the CPUs that both have a column for: what a CPU that came or
        went meanwhile had counted is not known.

        An interrupt that was not there, or was another one under the same number, has its counts of now.
        """
        before = {cpu: index for index, cpu in enumerate(earlier.cpus)}
        both = [(index, before[cpu]) for index, cpu in enumerate(self.cpus) if cpu in before]
        irqs = {}
        for number, irq in self.irqs.items():
            counts = [irq.counts[now] for now, _then in both]
            old = earlier.irqs.get(number)
            if old is not None and old.identity == irq.identity:
                counts = _grown(counts, [old.counts[then] for _now, then in both])
            irqs[number] = Irq(number, tuple(counts), irq.chip, irq.hwirq, irq.trigger, irq.actions)
        others = {}
        for label, counts in self.others.items():
            old = earlier.others.get(label, ())
            if len(counts) == len(self.cpus) and len(old) == len(earlier.cpus):
                counts, old = [counts[now] for now, _then in both], [old[then] for _now, then in both]
            others[label] = tuple(_grown(counts, old)) if len(counts) == len(old) else tuple(counts)
        return IrqTable(tuple(self.cpus[now] for now, _then in both), irqs, others)

    def share(self, numbers, cpus):
        """The share, 0 to 1, of the interrupts ``numbers`` that arrived on ``cpus``; None when none arrived at all."""
        columns = [index for index, cpu in enumerate(self.cpus) if cpu in cpus]
        there = everywhere = 0
        for number in numbers:
            if number in self.irqs:
                counts = self.irqs[number].counts
                everywhere += sum(counts)
                there += sum(counts[index] for index in columns)
        return there / everywhere if everywhere else None


def _grown(counts, old):
    """What was added to each count. A device that let its interrupt go and asked again begins at 0 anew, which is told
    from 32 bits running over by how far it was."""
    return [
        now - then if now >= then else now - then + _WRAP if then >= _WRAP // 2 else now
        for now, then in zip(counts, old)
    ]


def _counts(tokens, number):
    joined = "".join(tokens)
    if not (joined.isascii() and joined.isdigit()):
        raise ValueError("line %d of /proc/interrupts: a count is missing or is no number" % number)
    return tuple(map(int, tokens))


def _columns(line):
    cpus = []
    for word in line.split():
        match = _COLUMN.match(word)
        if not match:
            raise ValueError("/proc/interrupts does not begin with a row of CPUs")
        cpus.append(int(match.group(1)))
    if not cpus or len(set(cpus)) < len(cpus):
        raise ValueError("/proc/interrupts begins with no CPU, or with one twice")
    return tuple(cpus)


def _numbered(number, rest, counts, line):
    match = _REST.match(rest)
    if not match:
        raise ValueError("line %d of /proc/interrupts has a count too few, or names no chip" % line)
    hwirq = match.group("hwirq")
    trigger = match.group("trigger") or (match.group("level") or "").lower()
    actions = (match.group("actions") or "").strip()
    return Irq(number, counts, match.group("chip"), None if hwirq is None else int(hwirq), trigger, actions)


def parse_interrupts(text):
    """The :class:`IrqTable`. Raises ValueError for what is not the content of ``/proc/interrupts``, and nothing
    else."""
    lines = text.split("\n")  # no other character ends a line: a name may hold any
    cpus = _columns(lines[0])
    irqs, others = {}, {}
    for index, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        label, colon, rest = line.partition(":")
        label = label.strip()
        if not colon or not _LABEL.match(label):
            raise ValueError("line %d of /proc/interrupts has no number or label" % index)
        tokens = rest.split(None, len(cpus))
        if label.isdigit():
            number = int(label)
            counts = _counts(tokens[: len(cpus)], index)
            if number in irqs:
                raise ValueError("line %d of /proc/interrupts has the number of another" % index)
            irqs[number] = _numbered(number, tokens[-1].strip() if len(tokens) > len(cpus) else "", counts, index)
        else:
            numbers = tokens[: len(cpus)]
            if len(cpus) > 1 and len(tokens) < len(cpus):
                numbers = tokens[:1]  # arch/x86/kernel/irq.c, arch_show_interrupts: ERR and MIS
            if not numbers or label in others:
                raise ValueError("line %d of /proc/interrupts has no count, or its label twice" % index)
            others[label] = _counts(numbers, index)
    return IrqTable(cpus, irqs, others)
