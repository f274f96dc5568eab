# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.module_utils._model.fields import MTU_RANGE, VLAN_RANGE, Problems


def paths(problems):
    with pytest.raises(InvalidInput) as caught:
        problems.raise_if_any()
    return [problem.path for problem in caught.value.problems]


def test_problems_speak_of_where_they_are():
    problems = Problems()
    assert not problems
    problems.at("ports").at(2).at("vlan").add(5000, "is wrong")
    problems.at("mtu").add(1, "is too small")
    assert problems and paths(problems) == ["ports[2].vlan", "mtu"]


def test_the_message_names_path_value_and_remedy():
    problems = Problems().at("vfs").at(0)
    problems.at("vlan").whole(4095, *VLAN_RANGE, "VLAN")
    with pytest.raises(
        InvalidInput, match=r"vfs\[0\]\.vlan: 4095 is no VLAN: allowed are whole numbers from 1 to 4094"
    ):
        problems.raise_if_any()


@given(st.one_of(st.integers(-10, 70000), st.booleans(), st.floats(), st.text(max_size=5), st.lists(st.none())))
def test_whole_numbers_are_taken_within_bounds_and_nothing_else_is(value):
    for lowest, highest in (VLAN_RANGE, MTU_RANGE):
        problems = Problems().at("x")
        allowed = isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
        assert problems.whole(value, lowest, highest, "number") == (value if allowed else None)
        assert bool(problems) != allowed


def test_absent_values_are_no_problem():
    problems = Problems()
    assert problems.whole(None, 1, 2, "x") is None and problems.parse(int, None) is None
    problems.unique([None, None, "a"], "name")
    problems.raise_if_any()


def test_a_parser_s_complaint_is_recorded_where_it_arose():
    problems = Problems()
    assert problems.at("a").parse(int, "12") == 12
    assert problems.at("b").parse(int, "x") is None
    assert paths(problems) == ["b"]


def test_what_occurs_twice_is_told_at_each_further_place():
    problems = Problems().at("ports")
    problems.unique(["a", "b", "a", "a"], "port")
    assert paths(problems) == ["ports[2]", "ports[3]"]
