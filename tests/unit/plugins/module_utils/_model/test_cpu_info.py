# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_info import parse_cpu_info

INTEL = (
    "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nflags\t\t: fpu vmx ept\nvmx flags\t: vnmi apicv\n\n"
    "processor\t: 1\nflags\t: none"
)
AMD = "vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm npt avic\n"


@pytest.mark.parametrize(
    "text, extension, amd, delivers",
    [
        (INTEL, "vmx", False, True),
        (INTEL.replace(" apicv", ""), "vmx", False, False),
        (INTEL.replace("vmx flags", "other"), "vmx", False, None),
        (INTEL.replace("vmx ept", "vmxish"), "none", False, True),
        (AMD, "svm", True, True),
        (AMD.replace(" avic", ""), "svm", True, False),
        (AMD.replace("svm npt ", ""), "none", True, True),
        ("", "none", False, None),
        ("Processor : ARM\nFeatures : fp asimd", "none", False, None),
    ],
)
def test_what_the_first_cpu_has(text, extension, amd, delivers):
    cpu = parse_cpu_info(text)
    assert (cpu.extension, cpu.amd, cpu.delivers_interrupts) == (extension, amd, delivers)
