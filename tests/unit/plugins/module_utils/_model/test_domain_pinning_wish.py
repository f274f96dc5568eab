# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_pinning_wish import (
    parse_cpus,
    parse_numbers,
    parse_pinning,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.fields import Problems


@given(st.sets(st.integers(0, 8191), min_size=1))
def test_every_list_is_understood(cpus):
    assert parse_cpus(str(CpuSet(cpus))) == cpus


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.lists(st.integers()), st.none()))
def test_anything_else_is_a_value_error_or_a_set(value):
    try:
        assert isinstance(parse_cpus(value), CpuSet)
    except ValueError as error:
        assert str(error).startswith("is ")  # whoever tells it names the value already


def test_the_word_none():
    assert parse_cpus("none") == CpuSet()
    with pytest.raises(ValueError, match="list of NUMA nodes"):
        parse_numbers("none", "list of NUMA nodes")


@given(st.dictionaries(st.one_of(st.text(max_size=3), st.integers(-2, 99)), st.sampled_from(["1", 2, None, 0.5, "x"])))
def test_numbered_lists_never_crash(given_):
    problems = Problems().at("domains")
    (wish,) = parse_pinning([{"name": "a", "vcpus": given_}], problems)
    assert all(isinstance(number, int) and cpus for number, cpus in wish.vcpus.items())
