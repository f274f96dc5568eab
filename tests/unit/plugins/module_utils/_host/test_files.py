# SPDX-License-Identifier: GPL-3.0-or-later
"""Files below one root, and what becomes of each way in which they fail."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.file_worker import Stuck
from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files
from ansible_collections.kvm.vnic.plugins.module_utils._host.host import Host
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, InFlight


@pytest.fixture
def root(tmp_path):
    (tmp_path / "root/sys/class/net/eth0").mkdir(parents=True)
    (tmp_path / "root/sys/class/net/eth0/mtu").write_text("1500\n")
    (tmp_path / "root/sys/class/net/eth0/driver").symlink_to("../../../bus/pci/drivers/igb")
    (tmp_path / "root-beside").mkdir()
    (tmp_path / "root-beside/secret").write_text("x")
    (tmp_path / "secret").write_text("x")
    return tmp_path / "root"


@pytest.fixture
def files(root):
    files = Files(str(root))
    yield files
    files.close()


MTU = "/sys/class/net/eth0/mtu"


def test_a_host_can_stand_on_any_tree(root):
    host = Host(root=str(root))
    assert host.files.read(MTU) == "1500" and host.files.listdir("/sys/class/net") == ["eth0"]
    assert host.files.content("/etc/passwd") is None
    host.close()


def test_reading(files):
    assert files.read(MTU) == "1500" and files.content(MTU) == "1500\n"
    assert files.read_or(MTU + "x") is UNKNOWN and files.read_or(MTU + "x", None) is None
    assert files.read_many([MTU, MTU + "x"], None) == {MTU: "1500", MTU + "x": None}
    assert files.listdir("/nowhere") == [] and files.links("/nowhere") == {} and files.stat("/nowhere") is None
    assert files.exists(MTU) and not files.exists("/nowhere")
    assert files.link_name("/sys/class/net/eth0/driver") == "igb" and files.link_name(MTU) is None
    assert files.links("/sys/class/net/eth0") == {"driver": "../../../bus/pci/drivers/igb"}
    with pytest.raises(FileNotFoundError):
        files.read(MTU + "x")


@pytest.mark.parametrize(
    "path", ["/../secret", "/sys/../../secret", "/..", "../secret", "-beside/secret", "secret", "", "/sys\0"]
)
def test_no_path_leaves_the_root(files, path):
    for read in (files.read, files.stat, files.listdir, files.links):
        try:
            assert not read(path)
        except OSError as error:
            assert error.errno == errno.EINVAL
    assert not files.exists(path) and files.read_or(path, None) is None
    for write in (lambda: files.write(path, "y"), lambda: files.replace(path, "y"), lambda: files.remove(path)):
        with pytest.raises(ApplyFailed, match="EINVAL"):
            write()
    with pytest.raises(OSError, match="leaves its root"):
        files.read_many([path])
    with pytest.raises(ApplyFailed, match="EINVAL"):
        files.make_directory(path)


def test_names_with_two_dots_inside_are_names(files, root):
    (root / "a..b").write_text("1")
    assert files.read("/a..b") == "1"


def test_writing(files, root):
    files.write(MTU, 9000)
    assert files.content(MTU) == "9000\n"
    files.replace("/new", "text", 0o600)
    assert files.stat("/new")["mode"] & 0o7777 == 0o600
    files.make_directory("/made", 0o700)
    files.make_directory("/made", 0o755)
    assert files.stat("/made")["mode"] & 0o7777 == 0o700
    files.remove("/new")
    assert not files.exists("/new")


def test_real_paths_are_the_host_s_own(files, root):
    (root / "link").symlink_to("sys/class")
    assert files.real_path("/link/net/eth0/mtu") == MTU
    assert files.real_path(MTU) == MTU


class Failing:
    """Stands where the child process stands; every operation fails with ``error``."""

    def __init__(self, error):
        self.error = error

    def call(self, operation, *arguments, timeout=None):
        raise self.error

    def close(self):
        pass


CODES = [
    "EIO",
    "EPERM",
    "EACCES",
    "EBUSY",
    "EINVAL",
    "ENOSPC",
    "ENOENT",
    "ERANGE",
    "EROFS",
    "ENOMEM",
    "EAGAIN",
    "EOVERFLOW",
]


@pytest.mark.parametrize("name", CODES + ["EDQUOT", "ENODEV", "EMFILE"])
def test_each_errno_is_named_with_what_was_tried(name):
    code = getattr(errno, name)
    files = Files(worker=Failing(OSError(code, os.strerror(code), "/x")))
    for tried, write in (
        ("write '4' to /x", lambda: files.write("/x", "4")),
        ("replace /x", lambda: files.replace("/x", "y")),
        ("remove /x", lambda: files.remove("/x")),
    ):
        with pytest.raises(ApplyFailed) as caught:
            write()
        assert caught.value.command == tried
        assert caught.value.cause == "%s (%s)" % (name, os.strerror(code)) and caught.value.kind == "apply"
    assert files.read_or("/x") is UNKNOWN and files.listdir("/x") == [] and files.stat("/x") is None


def test_what_does_not_return_is_in_flight():
    files = Files(worker=Failing(Stuck(errno.ETIMEDOUT, "did not return within 3 s", "/x")))
    for write in (
        lambda: files.write("/x", 4, timeout=3),
        lambda: files.replace("/x", "y"),
        lambda: files.remove("/x"),
    ):
        with pytest.raises(InFlight) as caught:
            write()
        assert "3 s" in str(caught.value) and caught.value.kind == "in_flight"
    assert files.read_many(["/x", "/y"]) == {"/x": UNKNOWN, "/y": UNKNOWN}
    assert files.read_or("/x") is UNKNOWN


def test_a_file_that_cannot_be_read_is_not_taken_for_none():
    files = Files(worker=Failing(OSError(errno.EACCES, "x", "/x")))
    with pytest.raises(ApplyFailed, match="EACCES"):
        files.content("/x")


def test_bytes_that_are_no_text_come_back_as_they_were(tmp_path):
    files, data = Files(str(tmp_path)), bytes(range(256)) * 8
    try:
        assert files.content_bytes("/engine") is None
        files.replace_bytes("/engine", data, 0o755)
        assert files.content_bytes("/engine") == data == (tmp_path / "engine").read_bytes()
        assert (tmp_path / "engine").stat().st_mode & 0o777 == 0o755
        (tmp_path / "directory").mkdir()
        with pytest.raises(ApplyFailed, match="EISDIR"):
            files.content_bytes("/directory")
    finally:
        files.close()
