# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.undo import Undo, parse_undo


@pytest.mark.parametrize(
    "undo", [Undo(), Undo({"a": [1, None, {"b": True}]}, ("x:y",), ("s",)), Undo(uncovered=("a", "b")), Undo({})]
)
def test_what_is_kept_comes_back(undo):
    assert parse_undo(json.loads(json.dumps(undo.to_dict()))) == undo


def test_value_objects_become_plain():
    assert Undo({"cpus": CpuSet({0, 1}), "names": ("a", "b")}).to_dict()["params"] == {
        "cpus": [0, 1],
        "names": ["a", "b"],
    }


GOOD = Undo().to_dict()


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        dict(GOOD, params=[]),
        dict(GOOD, params="x"),
        dict(GOOD, consents=None),
        dict(GOOD, consents="x"),
        dict(GOOD, uncovered=[1]),
    ],
)
def test_what_is_damaged_is_told(data):
    with pytest.raises(ValueError, match="is damaged"):
        parse_undo(data)
