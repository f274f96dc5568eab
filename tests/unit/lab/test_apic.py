# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending the interrupts whose end the emulator lost."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parents[2] / "lab/image/overlay/usr/local/lib/lab-apic/lab_apic.py"
spec = importlib.util.spec_from_file_location("lab_apic", PATH)
lab_apic = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lab_apic)


class Apic(list):
    """A page of registers; a write of EOI ends the vector of highest priority."""

    def __init__(self, *vectors):
        super().__init__([0] * 1024)
        self.ends = 0
        for vector in vectors:
            self[(0x100 + vector // 32 * 16) // 4] |= 1 << vector % 32

    def __setitem__(self, index, value):
        if index == 0xB0 // 4:
            self.ends += 1
            highest = lab_apic.in_service(self)[-1]
            index, value = (
                (0x100 + highest // 32 * 16) // 4,
                self[(0x100 + highest // 32 * 16) // 4] & ~(1 << highest % 32),
            )
        super().__setitem__(index, value)


@pytest.mark.parametrize("vectors", [(), (0xEC,), (0x21, 0xEC), (0x20, 0x3F, 0x40, 0xFF)])
def test_each_is_ended_once_the_highest_first(vectors):
    apic = Apic(*vectors)
    assert lab_apic.in_service(apic) == list(vectors)
    assert lab_apic.end_lost(apic) == list(reversed(vectors))
    assert lab_apic.in_service(apic) == [] and apic.ends == len(vectors)


def test_where_nothing_was_lost_nothing_is_written():
    apic = Apic()
    lab_apic.end_lost(apic)
    assert apic.ends == 0
