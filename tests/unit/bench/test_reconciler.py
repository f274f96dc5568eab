# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench has the reconciler keep, and how it times it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def entries(*told):
    return "".join(
        json.dumps({"MESSAGE": message, "__MONOTONIC_TIMESTAMP": str(at)}) + "\n" for at, message in enumerate(told)
    )


def test_the_first_pass_after_a_boot_counts_once_it_has_ended(reconciler):
    assert reconciler.first_run(entries()) is None and reconciler.first_run(entries("Starting a")) is None
    told = ("Starting a", "words", "Finished a", "Starting a", "Finished a")
    assert reconciler.first_run(entries(*told)) == (0.0, 2e-6)
    with pytest.raises(reconciler.BenchError, match="Failed to start"):
        reconciler.first_run(entries("Starting a", "Failed to start a"))


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
