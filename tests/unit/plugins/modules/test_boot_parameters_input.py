# SPDX-License-Identifier: GPL-3.0-or-later
"""What boot_parameters refuses."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.boot import Debian


@pytest.fixture
def debian(tmp_path):
    return Debian(tmp_path)


@pytest.mark.parametrize(
    ("parameter", "path", "word"),
    [
        ({"name": ""}, "parameters[0].name", "non-empty"),
        ({"name": "intel iommu"}, "parameters[0].name", "allowed"),
        ({"name": "intel_iommu=on"}, "parameters[0].name", "apart"),
        ({"name": 'a"b'}, "parameters[0].name", "allowed"),
        ({"name": "a\nb"}, "parameters[0].name", "allowed"),
        ({"name": "quiet\n"}, "parameters[0].name", "allowed"),
        ({"name": "a;b"}, "parameters[0].name", "allowed"),
        ({"name": "-rf"}, "parameters[0].name", "allowed"),
        ({"name": "--"}, "parameters[0].name", "allowed"),
        ({"name": "$(id)"}, "parameters[0].name", "allowed"),
        ({"name": "{{ x }}"}, "parameters[0].name", "allowed"),
        ({"name": "root", "value": "/dev/sda"}, "parameters[0].name", "boot loader"),
        ({"name": True}, "parameters[0].name", "quotes"),
        ({"name": "intel_iommu", "value": True}, "parameters[0].value", "quotes"),
        ({"name": "intel_iommu", "value": False}, "parameters[0].value", "quotes"),
        ({"name": "intel_iommu", "value": ""}, "parameters[0].value", "leave value out"),
        ({"name": "a", "value": 'b"c'}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "b'c"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "b\nc"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "b;reboot"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "$(id)"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "`id`"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "b\\"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "{{ x }}"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "gr\u00fcn"}, "parameters[0].value", "unharmed"),
    ],
)
def test_bad_input_is_refused_before_any_write(debian, parameter, path, word):
    result = debian.run([parameter])
    assert result["failed"] and result["error_kind"] == "value" and "hv1" in result["msg"]
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in result["problems"][0]["message"]
    assert debian.writes() == []


@pytest.mark.parametrize(
    "parameters",
    [
        [{"name": "quiet"}, {"name": "quiet"}],
        [{"name": "intel_iommu", "value": "on"}, {"name": "intel-iommu", "value": "on"}],
        [{"name": "quiet"}, {"name": "quiet", "state": "absent"}],
        [{"name": "a", "value": "1", "state": "absent"}, {"name": "a", "value": "2"}],
    ],
)
def test_contradictions_are_refused(debian, parameters):
    result = debian.run(parameters)
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == ["parameters[1]"]
    assert debian.writes() == []


def test_a_command_line_longer_than_the_kernel_keeps_is_refused(debian):
    result = debian.run([{"name": "x", "value": "y" * 2030}])
    assert result["failed"] and result["error_kind"] == "value" and "2047" in result["msg"] and debian.writes() == []
