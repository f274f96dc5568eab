# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_info import CpuInfo
from ansible_collections.kvm.vnic.plugins.module_utils._model.virtualization_advice import advice

INTEL = CpuInfo("GenuineIntel", frozenset(("vmx", "ept")), frozenset(("apicv",)))
AMD = CpuInfo("AuthenticAMD", frozenset(("svm", "npt", "avic")))
NO_INTEL, NO_AMD = CpuInfo("GenuineIntel", frozenset()), CpuInfo("AuthenticAMD", frozenset())
FINE = {"nested_paging": True, "apicv": True, "kvm_device": True}
IOMMU = {"enabled": True, "interrupt_remapping": True, "posted_interrupts": True}


@pytest.mark.parametrize(
    "cpu, loaded, found, iommu, arguments, words",
    [
        (NO_INTEL, False, {"kvm_device": False}, {}, "", ["VT-x", "firmware", "kvm_intel.nested=1"]),
        (NO_AMD, False, {"kvm_device": False}, {}, "", ["AMD-V", "SVM Mode", "kvm_amd.nested=1"]),
        (NO_AMD, False, {}, {}, "", ["in software"]),
        (INTEL, False, {"kvm_device": False}, {}, "", ["modprobe kvm_intel", "locked off"]),
        (AMD, True, {"kvm_device": False}, {}, "", ["kvm_amd is loaded", "/dev/kvm is missing"]),
        (INTEL, True, {"nested_paging": False}, {}, "", ["EPT is off", "remove ept=0", "kvm_intel"]),
        (
            CpuInfo("GenuineIntel", frozenset(("vmx",))),
            True,
            {"nested_paging": False, "apicv": True},
            {},
            "",
            ["no EPT"],
        ),
        (AMD, True, {"apicv": False}, {}, "", ["AVIC is off", "options kvm_amd avic=1"]),
        (INTEL, True, {"apicv": False}, {}, "", ["options kvm_intel enable_apicv=1"]),
        (
            CpuInfo("AuthenticAMD", frozenset(("svm", "npt"))),
            True,
            {"apicv": False},
            {},
            "",
            ["no AVIC", "nothing turns"],
        ),
        (INTEL, True, {}, {"enabled": False}, "quiet", ["No IOMMU", "VT-d", "add the kernel argument intel_iommu=on"]),
        (AMD, True, {}, {"enabled": False}, "", ["No IOMMU", "AMD-Vi"]),
        (AMD, True, {}, {"enabled": False}, "amd_iommu=off", ["remove the kernel argument amd_iommu=off"]),
        (INTEL, True, {}, {"interrupt_remapping": False}, "", ["VFIO", "firmware"]),
        (INTEL, True, {}, {"interrupt_remapping": False}, "nointremap", ["remove the kernel argument nointremap"]),
        (INTEL, True, {}, {"posted_interrupts": False}, "", ["not posted", "nothing turns it on"]),
        (INTEL, True, {}, {"posted_interrupts": False}, "intremap=nopost", ["intremap=nopost has that off"]),
    ],
)
def test_what_is_missing_with_its_remedy(cpu, loaded, found, iommu, arguments, words):
    sentences = advice(cpu, loaded, dict(FINE, **found), dict(IOMMU, **iommu), arguments.split())
    assert len(sentences) == 1
    assert all(word in sentences[0] for word in words)


@pytest.mark.parametrize("cpu", [INTEL, AMD])
def test_nothing_is_said_where_nothing_is_missing(cpu):
    assert advice(cpu, True, FINE, IOMMU, ["intel_iommu=on"]) == []


def test_nothing_is_advised_on_what_is_unknown():
    found = dict.fromkeys(FINE, UNKNOWN)
    assert advice(None, UNKNOWN, found, dict.fromkeys(IOMMU, UNKNOWN), []) == []


def test_amd_is_not_told_of_intels_argument():
    sentences = advice(AMD, True, FINE, dict(IOMMU, enabled=False), [])
    assert "intel_iommu" not in sentences[0]
