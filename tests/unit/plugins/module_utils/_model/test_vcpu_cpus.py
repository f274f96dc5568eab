# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import parse
from ansible_collections.kvm.vnic.plugins.module_utils._model.vcpu_cpus import (
    count_of_vcpus,
    cpus_of_vcpu,
    parse_cpuset,
)

PINS = "<cputune><vcpupin vcpu='10' cpuset='7'/><vcpupin vcpu='1' cpuset='0-3,^2'/></cputune>"


@pytest.mark.parametrize(
    "xml, vcpu, cpus",
    [
        ("<domain><vcpu>2</vcpu></domain>", 0, None),
        ("<domain><vcpu cpuset='4,5'>2</vcpu></domain>", 1, {4, 5}),
        ("<domain><vcpu cpuset='4,5'>2</vcpu>%s</domain>" % PINS, 1, {0, 1, 3}),
        ("<domain><vcpu cpuset='4,5'>2</vcpu>%s</domain>" % PINS, 0, {4, 5}),
        ("<domain>%s</domain>" % PINS, 0, None),
    ],
)
def test_where_a_vcpu_runs(xml, vcpu, cpus):
    assert cpus_of_vcpu(parse(xml), vcpu) == cpus


def test_how_many():
    assert count_of_vcpus(parse("<domain><vcpu current='1'> 4 </vcpu></domain>")) == 4
    assert count_of_vcpus(parse("<domain/>")) == count_of_vcpus(parse("<domain><vcpu>x</vcpu></domain>")) == 1


def test_the_order_of_exclusions_counts():
    assert parse_cpuset("0-3,^1,1") == {0, 1, 2, 3} and parse_cpuset("^1,0-1") == {0, 1}
    with pytest.raises(ValueError):
        parse_cpuset("0-3,!1")
