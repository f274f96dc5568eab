# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_choice import parse_cpu_choice
from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import MAX_CPUS, CpuSet


@given(st.lists(st.integers(0, MAX_CPUS - 1), min_size=1, max_size=50, unique=True))
def test_the_order_is_kept(cpus):
    assert parse_cpu_choice(cpus) == tuple(cpus)
    assert parse_cpu_choice([str(cpu) for cpu in cpus]) == tuple(cpus)
    assert parse_cpu_choice(",".join(map(str, cpus))) == tuple(cpus)
    assert parse_cpu_choice(str(CpuSet(cpus))) == tuple(sorted(cpus))


def test_mixed():
    assert parse_cpu_choice([6, "0-2", "5,4"]) == (6, 0, 1, 2, 5, 4)
    assert parse_cpu_choice("8-9, 0-5:1/2") == (8, 9, 0, 2, 4)


values = st.one_of(st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(max_size=2))


@given(st.one_of(values, st.lists(values, max_size=4)))
def test_anything_is_read_or_refused_with_a_reason(value):
    try:
        found = parse_cpu_choice(value)
    except ValueError as error:
        assert len(str(error)) > 10
    else:
        assert found and len(set(found)) == len(found) and all(0 <= cpu < MAX_CPUS for cpu in found)


@pytest.mark.parametrize("value", ["ff", "0xff", "F", "a-b", "1,ff"])
def test_a_mask_is_no_list(value):
    with pytest.raises(ValueError, match="allowed are CPU lists"):
        parse_cpu_choice(value)
