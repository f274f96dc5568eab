# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.steering import short_mask


@given(st.sets(st.integers(0, 1151)), st.integers(1, 40))
def test_a_mask_keeps_its_cpus_and_loses_its_zeros(cpus, groups):
    mask = CpuSet(cpus).to_mask()
    printed = ",".join(group.rjust(8, "0") for group in (["0"] * groups + mask.split(",")))
    assert short_mask(printed) == mask
    assert CpuSet.from_mask(short_mask(printed)) == CpuSet(cpus)


@pytest.mark.parametrize("text", ["", "unknown", "0x1", "1,", "123456789", "1 2"])
def test_what_is_no_mask_is_refused(text):
    with pytest.raises(ValueError):
        short_mask(text)
