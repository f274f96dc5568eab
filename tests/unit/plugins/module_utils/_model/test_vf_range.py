# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.vf_range import (
    HIGHEST_INDEX,
    parse_indices,
    split_vf,
    vf_name,
)


def written(indices):
    """The shortest way to write a set of indices."""
    parts, ordered = [], sorted(indices)
    while ordered:
        first = last = ordered.pop(0)
        while ordered and ordered[0] == last + 1:
            last = ordered.pop(0)
        parts.append(str(first) if first == last else "%d-%d" % (first, last))
    return ",".join(parts)


@given(st.sets(st.integers(0, 300), min_size=1))
def test_what_is_written_is_read(indices):
    assert parse_indices(written(indices)) == tuple(sorted(indices))


@given(st.integers(0, HIGHEST_INDEX))
def test_numbers_and_their_text(index):
    assert parse_indices(index) == parse_indices(str(index)) == (index,)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_with_a_reason(text):
    try:
        found = parse_indices(text)
    except ValueError as error:
        assert len(str(error)) > 10
    else:
        assert found == tuple(sorted(set(found))) and found and 0 <= found[0] <= found[-1] <= HIGHEST_INDEX


@given(st.sets(st.integers(0, 50), min_size=1), st.sets(st.integers(0, 50), min_size=1))
def test_parts_may_not_overlap(one, other):
    text = "%s,%s" % (written(one), written(other))
    if one & other:
        with pytest.raises(ValueError, match="VF %d twice" % min(one & other)):
            parse_indices(text)
    else:
        assert parse_indices(text) == tuple(sorted(one | other))


@pytest.mark.parametrize(
    "value", [True, None, 1.0, [1], "", "-1", "1-", "01", "1\n2", "٣", "0-99999999999", "0-65535", "1 2", "5-4", "0x1"]
)
def test_what_is_no_index(value):
    with pytest.raises(ValueError):
        parse_indices(value)


@given(st.sampled_from(["enp2s0", "0000:3b:00.0", "52:54:00:00:00:01"]), st.integers(0, 255))
def test_names_are_read_back(pf, index):
    assert split_vf(vf_name(pf, index)) == (pf, (index,))


@pytest.mark.parametrize("text", ["", "#", "enp2s0", "enp2s0#", "#3", "enp2s0#x", "enp2s0#3#"])
def test_what_names_no_vf(text):
    with pytest.raises(ValueError):
        split_vf(text)
