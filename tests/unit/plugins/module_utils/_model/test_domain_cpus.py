# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_cpus import read_cpus
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import parse


@pytest.mark.parametrize(
    "xml, vcpus, cpuset",
    [
        ("<domain/>", 1, None),
        ("<domain><vcpu>4</vcpu></domain>", 4, None),
        ("<domain><vcpu placement='static' current='2' cpuset='1-4,^3'> 8 </vcpu></domain>", 2, "1-4,^3"),
        ("<domain><vcpu/></domain>", 1, None),
    ],
)
def test_vcpus(xml, vcpus, cpuset):
    found = read_cpus(parse(xml))
    assert (found["vcpus"], found["cpuset"]) == (vcpus, cpuset)
    assert found["vcpu_pins"] == {} and found["emulator_pin"] is None


def test_pins():
    pins = "<vcpupin vcpu='3' cpuset='7'/><vcpupin vcpu='0' cpuset='0-1'/><emulatorpin cpuset='2'/>"
    found = read_cpus(parse("<domain><cputune>%s</cputune></domain>" % pins))
    assert found["vcpu_pins"] == {"3": "7", "0": "0-1"} and found["emulator_pin"] == "2"
