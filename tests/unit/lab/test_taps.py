# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a guest's queues come from. What the kernel says to it is tried by booting a guest."""

from __future__ import annotations

import errno
import os
import socket
import struct

import pytest
from vnic_lab import taps
from vnic_lab.run import LabError


def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_without_queues_nothing_is_opened(monkeypatch):
    monkeypatch.setattr(taps, "_received", lambda queues: pytest.fail("asked for %d" % queues))
    with taps.opened(0) as found:
        assert found == []


def pipes(channel, queues):
    socket.send_fds(channel, [b"open"], [os.dup(0) for _queue in range(queues)])


def test_descriptors_come_from_the_child_and_are_closed_afterwards(monkeypatch):
    monkeypatch.setattr(taps, "_send", pipes)
    with taps.opened(3) as found:
        assert len(found) == 3 and all(map(is_open, found))
    assert not any(map(is_open, found))


def test_they_are_closed_also_when_the_emulator_fails(monkeypatch):
    monkeypatch.setattr(taps, "_send", pipes)
    with pytest.raises(LabError, match="refused"), taps.opened(2) as found:
        raise LabError("refused")
    assert not any(map(is_open, found))


def silent(_channel, _queues):
    raise RuntimeError


def forbidden(channel, _queues):
    channel.send(b"/dev/net/tun: Permission denied")


@pytest.mark.parametrize(
    ("child", "named"), [(forbidden, "no tap with 4 queues: /dev/net/tun: Permission denied"), (silent, "no answer")]
)
def test_a_child_without_a_tap_is_an_error_with_its_words(monkeypatch, child, named):
    monkeypatch.setattr(taps, "_send", child)
    with pytest.raises(LabError, match=named), taps.opened(4):
        pytest.fail("there are no queues")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            OSError(errno.ENOENT, "No such file or directory", "/dev/net/tun"),
            b"/dev/net/tun: No such file or directory",
        ),
        (OSError(errno.EPERM, "Operation not permitted"), b"network namespace: Operation not permitted"),
    ],
)
def test_the_child_tells_what_failed(monkeypatch, error, told):
    def fail():
        raise error

    monkeypatch.setattr(taps, "_enter_namespaces", lambda: None)
    monkeypatch.setattr(taps, "_open_queue", fail)
    ours, childs = socket.socketpair()
    with ours, childs:
        taps._send(childs, 2)
        assert ours.recv(1000) == told


def test_each_queue_is_of_one_tap_with_headers_for_virtio(monkeypatch):
    asked = []
    monkeypatch.setattr(taps.os, "open", lambda path, _flags: path)
    monkeypatch.setattr(taps.fcntl, "ioctl", lambda where, request, packed: asked.append((where, request, packed)))
    taps._open_queue()
    ((where, request, packed),) = asked
    assert (where, request, len(packed)) == ("/dev/net/tun", taps._TUNSETIFF, 40)
    assert struct.unpack("=16sH", packed[:18]) == (b"queues".ljust(16, b"\0"), 0x2 | 0x100 | 0x1000 | 0x4000)


def test_the_far_end_has_an_address_for_each_queue_and_is_up(monkeypatch):
    asked = []
    monkeypatch.setattr(taps.fcntl, "ioctl", lambda _socket, request, packed: asked.append((request, packed)))
    taps._bring_up(2)
    addresses = [
        (packed[:16].rstrip(b"\0"), packed[20:24]) for request, packed in asked if request == taps._SIOCSIFADDR
    ]
    assert addresses == [(b"queues:1", bytes([10, 77, 0, 1])), (b"queues:2", bytes([10, 77, 0, 2]))]
    masks = [packed[20:24] for request, packed in asked if request == taps._SIOCSIFNETMASK]
    assert masks == [bytes([255, 255, 255, 0])] * 2
    assert asked[-1][0] == taps._SIOCSIFFLAGS
    assert {len(packed) for _request, packed in asked} == {40}
