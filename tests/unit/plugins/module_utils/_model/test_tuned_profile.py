# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.tuned_profile import (
    active_profiles,
    included_profiles,
    isolated_cores,
)


@pytest.mark.parametrize(
    "text, cores",
    [
        ("isolated_cores=2-3,6\n", {2, 3, 6}),
        ("# isolated_cores=2\nno_balance_cores=1\n", None),
        ("isolated_cores=\n", None),
        ("isolated_cores = 4\n", {4}),
        ("[variables]\nisolated_cores=1\nisolated_cores=5\n", {5}),
        ("isolated_cores=${f:calc_isolated_cores:1}\n", UNKNOWN),
        ("", None),
    ],
)
def test_isolated_cores(text, cores):
    assert isolated_cores(text) == cores


def test_profiles():
    assert active_profiles("virtual-host mine\n") == ["virtual-host", "mine"]
    assert active_profiles("") == []
    text = "#include=a\n[main]\nsummary=x\ninclude=b,c d\n[variables]\ninclude=/etc/tuned/e-variables.conf\n"
    assert included_profiles(text) == ["b", "c", "d"]


@given(st.text())
def test_total(text):
    included_profiles(text)
    isolated_cores(text)
