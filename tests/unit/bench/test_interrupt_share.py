# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting interrupts beside a vCPU that moves, and what the bench makes of the counts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]


@pytest.fixture
def found(monkeypatch):
    """Imports of what runs on the hypervisor, and of the bench."""
    for folder in ("lab/remote", "bench/remote", "bench"):
        monkeypatch.syspath_prepend(str(TESTS / folder))
    import placement
    import share
    from vnic_bench import interrupt_share

    yield placement, share, interrupt_share
    for name in [name for name in sys.modules if name in ("placement", "share") or name.split(".")[0] == "vnic_bench"]:
        del sys.modules[name]


def test_an_interrupt_counts_where_the_vcpu_was_then(found):
    _placement, share, _bench = found
    samples = [(3, {0: 10, 1: 0}), (0, {0: 14, 1: 0}), (1, {0: 14, 1: 3}), (1, {0: 15, 1: 3})]
    assert share.followed(samples) == (pytest.approx(7 / 8), 8)


@pytest.mark.parametrize("samples", [[], [(0, {0: 5})], [(0, {0: 5}), (0, {0: 5})]])
def test_of_nothing_there_is_no_share(found, samples):
    assert found[1].followed(samples) == (None, 0)


def test_the_cpu_of_a_thread_whose_name_has_blanks_and_brackets(found):
    stat = "4711 (CPU 0/KVM) x) S " + " ".join(str(field) for field in range(4, 53))
    assert found[0].last_cpu(stat) == 39


def phase(vf, vhost):
    return {"bench-vf": {"share": vf, "arrived": 1200}, "bench-vhost": {"share": vhost, "arrived": 800}}


def test_rows_have_after_before_and_irqbalance(found):
    vf, vhost = found[2].rows(phase(1.0, 0.96), phase(0.125, 0.0), phase(0.25, 0.5))
    assert (vf["unit"], vf["ours"], vf["raw"], vf["naive"]) == ("share", 1.0, 0.125, 0.25)
    assert "VF guest" in vf["name"] and "1200" in vf["name"]
    assert (vhost["ours"], vhost["raw"], vhost["ours_over_raw"]) == (0.96, 0.0, None)


def test_less_than_due_fails_the_run(found):
    assert found[2].wrong(phase(0.95, 1.0)) == []
    (told,) = found[2].wrong(phase(1.0, 0.9))
    assert "vhost guest" in told and "90 %" in told


def test_the_inventories_differ_in_the_profile_alone(found):
    placed, attached = (found[2].inventory(placed) for placed in (True, False))
    assert {key for key in placed if placed[key] != attached[key]} == {"vnic_profile"}
    assert attached["vnic_profile"] in attached["vnic_profiles"]
