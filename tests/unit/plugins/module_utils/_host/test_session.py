# SPDX-License-Identifier: GPL-3.0-or-later
"""Who are we connected by, also behind sudo."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.session import Session
from ansible_collections.kvm.vnic.tests.unit.memory_host.files import MemoryFiles

SSH = "SSH_CONNECTION=203.0.113.9 51514 192.0.2.1 22"


@pytest.fixture
def files():
    return MemoryFiles()


def process(files, pid, parent, name="python3", *environment):
    files.memory.contents["/proc/%d/stat" % pid] = "%d (%s) S %d 1 1 0 -1" % (pid, name, parent)
    files.memory.contents["/proc/%d/environ" % pid] = "\0".join(("HOME=/root",) + environment) + "\0"


def address(files, pid=40, **environment):
    return Session(files, environment, pid).local_address()


def test_our_own_environment_tells(files):
    assert address(files, SSH_CONNECTION=SSH.split("=")[1]) == "192.0.2.1"


def test_behind_sudo_an_ancestor_tells(files):
    process(files, 40, 39)
    process(files, 39, 30, "sudo")
    process(files, 30, 20, "sh", SSH)
    process(files, 20, 1, "sshd")
    assert address(files) == "192.0.2.1"


def test_the_nearest_session_counts(files):
    process(files, 40, 30)
    process(files, 30, 20, "sh", SSH.replace("192.0.2.1", "2001:db8::1"))
    process(files, 20, 1, "sh", SSH)
    assert address(files) == "2001:db8::1"


@pytest.mark.parametrize("name", ["a b", "x) R 99 (y", "", ")", "tmux: server"])
def test_a_process_may_have_any_name(files, name):
    process(files, 40, 30, name)
    process(files, 30, 1, name, SSH)
    assert address(files) == "192.0.2.1"


@pytest.mark.parametrize("value", ["", "203.0.113.9 51514", "x", "1 2 3 4 5"])
def test_a_variable_of_another_shape_is_passed_over(files, value):
    process(files, 40, 30, "sh", "SSH_CONNECTION=" + value)
    process(files, 30, 1, "sh", SSH)
    assert address(files, SSH_CONNECTION=value) == "192.0.2.1"


def test_a_longer_name_is_another_variable(files):
    process(files, 40, 1, "sh", "OLD_" + SSH)
    assert address(files) is None


def test_without_a_session_there_is_none(files):
    process(files, 40, 30)
    process(files, 30, 1)
    assert address(files) is None


def test_a_process_that_cannot_be_read_ends_the_search(files):
    process(files, 40, 30)
    files.memory.failures["read", "/proc/40/environ"] = 13
    assert address(files) is None
    assert address(files, pid=99) is None
