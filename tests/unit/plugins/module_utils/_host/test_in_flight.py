# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import in_flight
from ansible_collections.kvm.vnic.plugins.module_utils._host.file_worker import _OPERATIONS

READING = {
    "read",
    "content",
    "content_base64",
    "read_many",
    "list_many",
    "listdir",
    "links",
    "readlink",
    "realpath",
    "exists",
    "stat",
    "device_features",
    "device_spreading",
    "read_private",
}


def test_every_operation_reads_or_is_told_of():
    told = {operation for operation in _OPERATIONS if in_flight.describe(operation, ["/a", "b", "c", "d"])}
    assert told == set(_OPERATIONS) - READING


@pytest.mark.parametrize(
    "operation, arguments, told",
    [
        ("write", ["/sys/x/sriov_numvfs", "4"], "write '4' to /sys/x/sriov_numvfs"),
        ("write", ["/a\nb", "x" * 900], "write 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx to /a\\nb"),
        ("replace", ["/etc/a", "secret", 0o600], "replace /etc/a"),
        ("read", ["/a"], ""),
    ],
)
def test_it_is_told_in_one_line(operation, arguments, told):
    assert in_flight.describe(operation, arguments) == told


def test_it_is_told_while_it_lasts(tmp_path):
    path = tmp_path / "lock"
    path.write_text("owner\n")
    lock = os.open(path, os.O_RDWR)
    marks = in_flight.begin([lock], "remove", ["/a"])
    assert path.read_text() == "owner\nremove /a\n"
    in_flight.end(marks)
    assert path.read_text() == "owner\n" and in_flight.begin([lock], "read", ["/a"]) == []
    os.close(lock)
    assert in_flight.begin([lock], "remove", ["/a"]) == []  # and no error
