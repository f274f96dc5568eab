# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.iommu_unit import (
    amd_posts,
    interrupts_remapped,
    vtd_posts,
)


@pytest.mark.parametrize(
    "cap, posts",
    [("d2008c222f0686", False), ("800000000000000", True), ("19ed008c40780c66", True), ("", None), ("unknown", None)],
)
def test_vt_d(cap, posts):
    assert vtd_posts(cap) is posts


@pytest.mark.parametrize(
    "features, posts",
    [
        ("200080:0", True),
        ("200080", True),
        ("80", False),
        ("200000:1d", False),
        ("25bf732fa2295afe:1d", True),
        ("x", None),
    ],
)
def test_amd(features, posts):
    assert amd_posts(features) is posts


@pytest.mark.parametrize(
    "chips, remapped",
    [
        (["XT-PIC", "IR-IO-APIC"], True),
        (["IR-PCI-MSIX-0000:01:00.0"], True),
        (["PCI-MSI", "DMAR-MSI", None, ""], False),
        (["HPET-IR-1"], False),
        ([], False),
    ],
)
def test_remapping_shows_in_the_chips_names(chips, remapped):
    assert interrupts_remapped(chips) is remapped
