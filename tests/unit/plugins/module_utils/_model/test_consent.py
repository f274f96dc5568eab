# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput


def test_consent_covers_its_names_and_nothing_else():
    consent = Consent(["vf_count:enp1s0f0", "replug:web1/front"])
    assert consent.covers("vf_count:enp1s0f0") and consent.covers("replug:web1/front")
    assert not consent.covers("vf_count:enp1s0f1") and not consent.covers("vf_count:") and not Consent().covers("")


@pytest.mark.parametrize(
    "name",
    ["true", True, "all", "*", "vf_count", "vf_count:", "vf_count:*", "vf_count:all", ":x", "VF:x", "", None, 3, "a: b"]
    + ["vf_count:enp1s0\n", "vf_count:a\nb"],
)
def test_wholesale_and_malformed_consent_is_refused(name):
    with pytest.raises(InvalidInput) as caught:
        Consent(["vf_count:enp1s0f0", name])
    assert [problem.path for problem in caught.value.problems] == ["allow_disruption[1]"]


def test_every_wrong_one_is_named():
    with pytest.raises(InvalidInput) as caught:
        Consent(["all", "x"])
    assert len(caught.value.problems) == 2
