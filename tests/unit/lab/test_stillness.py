# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells a machine that has come to a stop from one that boots."""

from __future__ import annotations

import os

import pytest
from vnic_lab import stillness


@pytest.fixture
def clock(monkeypatch):
    """``{now, used}`` in seconds, set by hand."""
    clock = {"now": 100.0, "used": 10.0}
    monkeypatch.setattr(stillness.time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(stillness, "processor_seconds", lambda pid: clock["used"])
    return clock


def looks(clock, one, every, share, count):
    found = []
    for _look in range(count):
        found.append(one.lasts(7))
        clock["now"] += every
        clock["used"] += every * share
    return found


@pytest.mark.parametrize("every", [1.0, 30.0])
def test_one_that_sleeps_is_told_once_it_has_slept_long_enough(clock, every):
    found = looks(clock, stillness.Stillness(), every, 0.03, int(90 / every) + 1)
    assert found[0] is False
    assert found[-1] is True
    assert found.index(True) * every >= stillness.SECONDS


def test_one_that_works_is_never_told(clock):
    assert not any(looks(clock, stillness.Stillness(), 5.0, 0.5, 100))


def test_work_of_long_ago_does_not_count(clock):
    one = stillness.Stillness()
    looks(clock, one, 1.0, 1.5, 20)
    assert looks(clock, one, 1.0, 0.03, 60)[-1] is True


def test_it_begins_anew(clock):
    one = stillness.Stillness()
    looks(clock, one, 30.0, 0.0, 3)
    one.forget()
    assert one.lasts(7) is False


def test_a_process_that_is_gone(clock, monkeypatch):
    monkeypatch.setattr(stillness, "processor_seconds", lambda pid: None)
    assert not any(looks(clock, stillness.Stillness(), 30.0, 0.0, 3))


def test_a_real_process():
    before = stillness.processor_seconds(os.getpid())
    while stillness.processor_seconds(os.getpid()) < before + 0.02:
        sum(range(10_000))
    assert stillness.processor_seconds(2**22 + 1) is None
