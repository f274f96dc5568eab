# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for their owner alone: real ones, with each system call failing in turn."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import private_directory
from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files
from ansible_collections.kvm.vnic.plugins.module_utils._host.journal_files import DIRECTORY, JournalFiles
from ansible_collections.kvm.vnic.plugins.module_utils._host.private_directory import (
    LARGEST,
    move_private,
    read_private,
    replace_private,
    write_private,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed

BELOW = ["kvm-vnic", "journal"]
WRITING = ("mkdir", "open", "write", "fsync", "rename")


class Killed(BaseException):
    pass


class System:
    """Stands for the module os; the call number ``at`` of those that write raises ``error``."""

    def __init__(self, at, error):
        self.at, self.error, self.calls, self.dead = at, error, [], False

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in WRITING + ("unlink",):
            return real

        def call(*arguments, **more):
            if self.dead:
                raise Killed
            if name != "unlink":
                self.calls.append(name)
                if len(self.calls) - 1 == self.at:
                    self.dead = self.error is Killed
                    raise self.error
            return real(*arguments, **more)

        return call


@pytest.fixture
def base(tmp_path):
    return str(tmp_path)


def journal(base):
    path = os.path.join(base, *BELOW)
    return sorted(os.listdir(path)) if os.path.isdir(path) else []


def steps(tmp_path_factory, made):
    """The writing calls of one write; ``made``: into directories that are there."""
    base = str(tmp_path_factory.mktemp("steps"))
    if made:
        write_private(base, BELOW, "0", "x")
    system = System(None, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(private_directory, "os", system)
        write_private(base, BELOW, "a", "text")
    return system.calls


def test_a_file_is_whole_and_for_its_owner_alone(base):
    write_private(base, BELOW, "a", "caf\u00e9\udc80\n")
    path = os.path.join(base, *BELOW, "a")
    with open(path, "rb") as stream:
        assert stream.read() == "caf\u00e9".encode() + b"\x80\n"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    for directory in (os.path.dirname(path), os.path.dirname(os.path.dirname(path))):
        assert stat.S_IMODE(os.stat(directory).st_mode) == 0o700
    assert journal(base) == ["a"]


def test_in_order_the_file_the_rename_and_the_directory_reach_the_disk(tmp_path_factory):
    assert steps(tmp_path_factory, made=True) == [
        "open", "mkdir", "open", "mkdir", "open", "open", "write", "fsync", "rename", "fsync",
    ]  # fmt: skip


@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EDQUOT])
def test_each_call_that_fails_leaves_nothing_behind(tmp_path_factory, monkeypatch, made, code):
    for at in range(len(steps(tmp_path_factory, made))):
        base = str(tmp_path_factory.mktemp("base"))
        if made:
            write_private(base, BELOW, "0", "x")
        with monkeypatch.context() as patch:
            patch.setattr(private_directory, "os", System(at, OSError(code, os.strerror(code))))
            with pytest.raises(OSError) as caught:
                write_private(base, BELOW, "a", "text")
        assert caught.value.errno == code and journal(base) == ["0"] * made
        write_private(base, BELOW, "a", "text")
        assert journal(base) == ["0"] * made + ["a"]


@pytest.mark.parametrize("made", [False, True])
def test_killed_at_each_call_the_file_is_whole_or_not_there(tmp_path_factory, monkeypatch, made):
    for at in range(len(steps(tmp_path_factory, made))):
        base = str(tmp_path_factory.mktemp("base"))
        if made:
            write_private(base, BELOW, "0", "x")
        with monkeypatch.context() as patch:
            patch.setattr(private_directory, "os", System(at, Killed()))
            with pytest.raises(Killed):
                write_private(base, BELOW, "a", "text")
        assert set(journal(base)) - {"0", ".a"} <= {"a"}
        if "a" in journal(base):
            assert read_private(base, BELOW, ["a"]) == {"a": [0, "text"]}
        write_private(base, BELOW, "a", "more")
        assert journal(base) == ["0"] * made + ["a"] and read_private(base, BELOW, ["a"]) == {"a": [0, "more"]}


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), Killed()])
def test_a_file_that_is_replaced_is_the_old_or_the_new_one(tmp_path_factory, monkeypatch, error):
    """Whatever fails, and wherever it is killed."""
    for at in range(len(steps(tmp_path_factory, True))):
        base = str(tmp_path_factory.mktemp("base"))
        replace_private(base, BELOW, "a", "old")
        with monkeypatch.context() as patch:
            patch.setattr(private_directory, "os", System(at, error))
            with pytest.raises(type(error)):
                replace_private(base, BELOW, "a", "new")
        assert read_private(base, BELOW, ["a"])["a"][1] in ("old", "new")
        replace_private(base, BELOW, "a", "newer")
        assert read_private(base, BELOW, ["a"]) == {"a": [0, "newer"]} and journal(base) == ["a"]


def test_a_short_write_goes_on(base, monkeypatch):
    real = os.write
    system = System(None, None)
    monkeypatch.setattr(system, "write", lambda descriptor, data: real(descriptor, data[:3]), raising=False)
    monkeypatch.setattr(private_directory, "os", system)
    write_private(base, BELOW, "a", "0123456789")
    assert read_private(base, BELOW, ["a"]) == {"a": [0, "0123456789"]}


@pytest.mark.parametrize("level", [1, 2])
def test_a_symbolic_link_in_the_way_is_refused(base, tmp_path_factory, level):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    os.makedirs(os.path.join(base, *BELOW[: level - 1]), 0o700, exist_ok=True)
    os.symlink(elsewhere, os.path.join(base, *BELOW[:level]))
    for attempt in (
        lambda: write_private(base, BELOW, "a", "text"),
        lambda: read_private(base, BELOW, ["a"]),
        lambda: move_private(base, BELOW, [], ["a"]),
    ):
        with pytest.raises(OSError, match="not trusted"):
            attempt()
    assert list(elsewhere.iterdir()) == []


def test_links_in_place_of_the_file_are_not_followed(base, tmp_path_factory):
    victim = tmp_path_factory.mktemp("elsewhere") / "victim"
    victim.write_text("mine")
    write_private(base, BELOW, "0", "x")
    for name in (".a", "a", "b"):
        os.symlink(victim, os.path.join(base, *BELOW, name))
    assert read_private(base, BELOW, ["b"])["b"][0] == errno.ELOOP
    write_private(base, BELOW, "a", "text")
    assert victim.read_text() == "mine" and read_private(base, BELOW, ["a"]) == {"a": [0, "text"]}


@pytest.mark.parametrize("level, mode", [(0, 0o777), (0, 0o775), (1, 0o777), (1, 0o1777), (2, 0o1777), (2, 0o770)])
def test_a_directory_that_others_can_write_to_is_refused(base, level, mode):
    write_private(base, BELOW, "0", "x")
    os.chmod(os.path.join(base, *BELOW[:level]), mode)
    with pytest.raises(OSError, match="written to by others"):
        write_private(base, BELOW, "a", "text")
    assert journal(base) == ["0"]


def test_a_sticky_directory_of_the_system_will_do(base):
    os.chmod(base, 0o1777)
    write_private(base, BELOW, "a", "text")
    assert journal(base) == ["a"]


def test_a_directory_of_somebody_else_is_refused(base, monkeypatch):
    write_private(base, BELOW, "0", "x")
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(OSError, match="belongs to user %d" % owner):
        write_private(base, BELOW, "a", "text")
    assert journal(base) == ["0"]


def test_what_is_no_plain_file_is_not_read(base):
    write_private(base, BELOW, "0", "x")
    path = os.path.join(base, *BELOW)
    os.mkfifo(os.path.join(path, "fifo"))
    os.mkdir(os.path.join(path, "directory"))
    with open(os.path.join(path, "large"), "wb") as stream:
        stream.truncate(LARGEST + 1)
    found = read_private(base, BELOW, ["fifo", "directory", "large", "gone", "0"])
    assert [found[name][0] for name in found] == [errno.EINVAL] * 3 + [errno.ENOENT, 0]


def test_names_are_moved_and_removed(base):
    for name in "abc":
        write_private(base, BELOW, name, name)
    move_private(base, BELOW, [["a", "d"]], ["b", "gone"])
    assert journal(base) == ["c", "d"]


@pytest.fixture
def door(tmp_path):
    (tmp_path / "var/lib").mkdir(0o755, parents=True)
    files = Files(str(tmp_path))
    yield JournalFiles(files)
    files.close()


def test_the_door_speaks_through_the_worker(door, tmp_path):
    door.write("a", "text")
    assert (tmp_path / DIRECTORY[1:] / "a").read_text() == "text"
    assert door.read(["a", "b"]) == {"a": ("text", None), "b": (None, os.strerror(errno.ENOENT))}
    door.move([("a", "c")], [])
    assert os.listdir(tmp_path / DIRECTORY[1:]) == ["c"]
    with pytest.raises(ApplyFailed, match="ENOENT"):
        door.move([("a", "c")], [])


def test_the_door_tells_what_is_not_trusted(door, tmp_path):
    (tmp_path / "var/lib/kvm-vnic").symlink_to(tmp_path)
    with pytest.raises(ApplyFailed, match="kvm-vnic is a symbolic link"):
        door.write("a", "text")
