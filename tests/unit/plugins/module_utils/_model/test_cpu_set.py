# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import MAX_CPUS, CpuSet

machines = st.integers(1, 4096).flatmap(lambda cpus: st.sets(st.integers(0, cpus - 1), max_size=300))
runs = st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 200)), max_size=20)


def numbers(text):
    """Read a plain list the slow way."""
    found = set()
    for part in text.split(",") if text else ():
        first, _dash, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


@given(machines)
def test_a_list_comes_back(cpus):
    assert CpuSet.from_list(str(CpuSet(cpus))) == cpus
    assert numbers(str(CpuSet(cpus))) == cpus


@given(runs)
def test_the_list_is_the_shortest(pairs):
    cpus = {cpu for first, length in pairs for cpu in range(first, first + length)}
    text = str(CpuSet(cpus))
    beginnings = [cpu for cpu in cpus if cpu - 1 not in cpus]
    assert len([part for part in text.split(",") if part]) == len(beginnings)


@given(machines)
def test_a_mask_comes_back(cpus):
    mask = CpuSet(cpus).to_mask()
    assert CpuSet.from_mask(mask) == cpus
    assert int(mask.replace(",", ""), 16) == sum(1 << cpu for cpu in cpus)


@given(machines)
def test_a_mask_is_written_in_groups_of_32_bits(cpus):
    groups = CpuSet(cpus).to_mask().split(",")
    assert all(len(group) == 8 for group in groups[1:]) and 1 <= len(groups[0]) <= 8
    assert len(groups) == 1 or groups[0] != "0"


@given(machines, st.integers(0, 3))
def test_a_mask_padded_as_sysfs_pads_it_is_the_same(cpus, groups):
    assert CpuSet.from_mask("00000000," * groups + CpuSet(cpus).to_mask()) == cpus


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 20), st.integers(1, 20))
def test_strides_as_the_kernel_reads_them(first, length, used, group):
    text = "%d-%d:%d/%d" % (first, first + length, used, group)
    if used > group:
        with pytest.raises(ValueError, match="stride"):
            CpuSet.from_list(text)
        return
    wanted = set()
    for begin in range(first, first + length + 1, group):
        wanted.update(range(begin, min(begin + used, first + length + 1)))
    assert CpuSet.from_list(text) == wanted


@given(st.one_of(st.text(max_size=30), st.text("0123456789-,:/x ", max_size=30), st.integers(), st.booleans()))
def test_any_text_is_read_or_refused_with_a_reason(text):
    for read in (CpuSet.from_list, CpuSet.from_mask):
        try:
            cpus = read(text)
        except ValueError as error:
            assert repr(text) in str(error) or repr(str(text).strip()) in str(error)
        else:
            assert all(0 <= cpu < MAX_CPUS for cpu in cpus)


@pytest.mark.parametrize(
    "text",
    ["0-", "-3", "3-1", "0-9999", "a", "1;2", "0x3", "1 2", "True", "2024-01-01", "1.5", "0-3:2", "0-3:0/2", "\u0663"],
)
def test_a_wrong_list_is_refused(text):
    with pytest.raises(ValueError, match="CPU list"):
        CpuSet.from_list(text)


@pytest.mark.parametrize("text", ["", "g", "f,", ",f", "1,123456789", "-1", "0x", "f f", "f" * 4000])
def test_a_wrong_mask_is_refused(text):
    with pytest.raises(ValueError, match="CPU mask"):
        CpuSet.from_mask(text)


def test_empty():
    assert str(CpuSet()) == "" and CpuSet.from_list("") == CpuSet.from_list(" , ") == CpuSet()
    assert CpuSet().to_mask() == "0" and CpuSet.from_mask("0,00000000") == CpuSet()


def test_results_of_set_operations_print_as_lists():
    both = CpuSet({0, 1, 2, 3}), CpuSet({2, 3, 4})
    assert (str(both[0] & both[1]), str(both[0] | both[1]), str(both[0] - both[1])) == ("2-3", "0-4", "0-1")
