# SPDX-License-Identifier: GPL-3.0-or-later
"""The run without journal and checkpoint that the bench compares with."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import Journal
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate

BENCH = Path(__file__).resolve().parents[2] / "bench"
PFS = [{"name": "ens2", "total": 2}]


@pytest.fixture
def checkpoint(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    from vnic_bench import checkpoint

    yield checkpoint
    for name in [name for name in sys.modules if name.split(".")[0] == "vnic_bench"]:
        del sys.modules[name]


def test_the_wish_is_a_valid_one_and_gives_each_guest_its_nics(checkpoint):
    wish = checkpoint.inventory(PFS, True)
    keys = ("networks", "guests", "profile", "profiles")
    intent = validate({key: wish["vnic_" + key] for key in keys})
    assert {len(guest.nics) for guest in intent.guests} == {4} and len(intent.guests) == 16


def questions(journal):
    return {
        name: inspect.signature(each) if callable(each) else None
        for name, each in inspect.getmembers(journal)
        if name in ("__init__", "__enter__", "__exit__") or not name.startswith("_")
    }


def test_the_journal_that_writes_nothing_answers_the_same_questions(checkpoint):
    found = {}
    exec("from __future__ import annotations\n" + checkpoint.NO_JOURNAL, found)
    assert set(questions(found["Journal"])) == set(questions(Journal))
    assert {name: list(each.parameters) for name, each in questions(found["Journal"]).items() if each} == {
        name: list(each.parameters) for name, each in questions(Journal).items() if each
    }
