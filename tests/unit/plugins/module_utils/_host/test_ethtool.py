# SPDX-License-Identifier: GPL-3.0-or-later
"""Against the kernel that runs the test."""

from __future__ import annotations

import socket
import struct

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.ethtool import Ethtool
from ansible_collections.kvm.vnic.plugins.module_utils._host.ethtool_ioctl import read_features
from ansible_collections.kvm.vnic.plugins.module_utils._host.ethtool_queues_ioctl import read_spreading, write_table
from ansible_collections.kvm.vnic.plugins.module_utils._host.file_worker import FileWorker, Stuck
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed

STATES = {"on", "off", "on [fixed]", "off [fixed]"}


def test_every_device_answers_with_all_features():
    names = [name for _index, name in socket.if_nameindex()]
    found = read_features(["no-such-device"] + names + ["a-name-that-is-far-too-long"])
    assert sorted(found) == sorted(names) and "lo" in found
    assert all(set(features.values()) <= STATES for features in found.values())
    # drivers/net/loopback.c, gen_lo_setup
    assert found["lo"]["loopback"] == "on [fixed]" and found["lo"]["rx-ntuple-filter"] == "off [fixed]"
    assert len(found["lo"]) > 32


def test_it_is_asked_in_the_worker():
    worker = FileWorker()
    try:
        assert "lo" in Ethtool(worker, None).features(["lo"])
    finally:
        worker.close()


class Hanging:
    def call(self, operation, *arguments, timeout=None):
        raise Stuck(110, "did not return", operation)


def test_nobody_is_asked_about_nothing_and_what_hangs_is_unknown():
    assert Ethtool(None, None).features([]) == {}
    assert Ethtool(Hanging(), None).features(iter(["lo"])) is UNKNOWN


def test_what_a_device_does_not_have_is_null():
    # The loopback has neither queues to set nor a table (drivers/net/loopback.c).
    nothing = {"channels": None, "rings": None, "table": None}
    assert read_spreading(["lo", "no-such-device"]) == {"lo": nothing, "no-such-device": nothing}
    assert Ethtool(Hanging(), None).spreading(["lo"]) is UNKNOWN and Ethtool(None, None).spreading([]) == {}


def test_changes_are_ethtools_own_words():
    class Commands:
        def run(self, argv, timeout):
            self.argv = argv

    commands = Commands()
    Ethtool(None, commands).change("-X", "ens2", "equal", 1)
    assert commands.argv == ["ethtool", "-X", "ens2", "equal", "1"]


def test_a_table_is_written_entry_by_entry(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "ansible_collections.kvm.vnic.plugins.module_utils._host.ethtool_queues_ioctl.ask",
        lambda _descriptor, name, command: asked.append((name, struct.unpack("=%dI" % (len(command) // 4), command))),
    )
    write_table("ens2", [1, 0, 1])
    assert asked == [("ens2", (0x39, 3, 1, 0, 1))]  # include/uapi/linux/ethtool.h, ETHTOOL_SRXFHINDIR and its struct
    with pytest.raises(ValueError):
        write_table("ens2", [])  # to the kernel that is the driver's own table


def test_a_table_that_is_not_taken_is_told():
    worker = FileWorker()
    try:
        with pytest.raises(ApplyFailed, match="RSS table of lo"):
            Ethtool(worker, None).set_table("lo", [0])
    finally:
        worker.close()
