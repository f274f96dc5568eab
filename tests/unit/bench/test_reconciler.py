# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench has the reconciler keep, and the journal that it leaves out."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import Journal

BENCH = Path(__file__).resolve().parents[2] / "bench"
PFS = [{"name": "ens2", "total": 2}]


@pytest.fixture
def reconciler(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    from vnic_bench import reconciler

    yield reconciler
    for name in [name for name in sys.modules if name.split(".")[0] == "vnic_bench"]:
        del sys.modules[name]


def test_it_keeps_everything_that_the_links_part_makes(reconciler):
    kept = reconciler.resources(PFS)
    assert list(kept) == ["sriov", "macvtap", "tap", "bridge"]
    assert len(kept["tap"]["taps"]) == len(kept["bridge"]["bridges"][0]["ports"]) == 64


def questions(journal):
    return {
        name: inspect.signature(each) if callable(each) else None
        for name, each in inspect.getmembers(journal)
        if name in ("__init__", "__enter__", "__exit__") or not name.startswith("_")
    }


def test_the_journal_that_writes_nothing_answers_the_same_questions(reconciler):
    found = {}
    exec("from __future__ import annotations\n" + reconciler.NO_JOURNAL, found)
    assert set(questions(found["Journal"])) == set(questions(Journal))
    assert {name: list(each.parameters) for name, each in questions(found["Journal"]).items() if each} == {
        name: list(each.parameters) for name, each in questions(Journal).items() if each
    }


def test_idle_passes_are_timed_beside_the_same_imports(tmp_path):
    archive = tmp_path / "a.pyz"
    archive.mkdir()
    (archive / "__main__.py").write_text("import shlex\nimport sys\nassert sys.argv[1:] == ['guests']\nsys.exit(0)\n")
    done = subprocess.run(
        [sys.executable, BENCH / "remote/idle_pass.py", archive, "2"],
        stdout=subprocess.PIPE,
        check=True,
        env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"),
    )
    found = json.loads(done.stdout)
    assert len(found["idle"]) == len(found["imports"]) == 2 and min(found["idle"]) > 0
    assert found["written"] == []
