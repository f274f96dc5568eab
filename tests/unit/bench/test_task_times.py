# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

CALLBACK = Path(__file__).resolve().parents[2] / "bench" / "callback" / "task_times.py"


@pytest.fixture(scope="module")
def task_times():
    spec = importlib.util.spec_from_file_location("task_times", CALLBACK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "result, seconds",
    [
        ({"delta": "1:02:03.5"}, 3723.5),
        ({"delta": None}, None),  # `creates`: the file was there
        ({"results": [{"delta": "0:00:01"}]}, None),
        ({}, None),
    ],
)
def test_a_commands_own_seconds(task_times, result, seconds):
    assert task_times.own_seconds(result) == seconds
