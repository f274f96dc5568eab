# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import (
    DONE,
    UNKNOWN,
    Action,
    Outcome,
    Pending,
    Result,
    plain,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just(UNKNOWN), st.binary(max_size=3)
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner), st.dictionaries(st.integers(), inner, max_size=3)
    ),
)


@given(trees)
def test_everything_becomes_json(value):
    made = plain(value)
    assert json.loads(json.dumps(made)) == made


def test_unknown_is_no_value():
    assert plain({"a": [UNKNOWN, {2, 1}]}) == {"a": ["unknown", [1, 2]]}
    assert not UNKNOWN and UNKNOWN != "unknown" and UNKNOWN is not None and repr(UNKNOWN) == "unknown"


def test_an_action_compares_by_what_it_says_not_by_what_apply_needs():
    assert Action("br0", "mtu", 1500, 9000, data=object()) == Action("br0", "mtu", 1500, 9000)
    shown = Action("br0", "cpus", CpuSet({1, 2}), None, "differs").to_dict()
    assert shown == {
        "target": "br0",
        "field": "cpus",
        "before": [1, 2],
        "after": None,
        "reason": "differs",
        "effect": "now",
        "reversible": "yes",
    }


def test_results_and_pending_as_data():
    assert Result(Action("a", "b", 1, 2), DONE).to_dict()["status"] == "done"
    assert Pending("a", "b", UNKNOWN, 2, "boot").to_dict()["current"] == "unknown"


def test_changed_means_actions():
    assert Outcome(None, None, (Action("a", "b", 1, 2),)).changed and not Outcome(None, None, ()).changed
