# SPDX-License-Identifier: GPL-3.0-or-later
"""A tap of several queues that nobody else on this machine sees: the far end of a guest's NIC.

Of the emulator's back ends that need neither hardware nor another process, only a tap has several queues. It is in a
network namespace of its own, which lives as long as the tap's descriptors are open, so that this machine's network
stays as it is and nothing is left behind. Without root's rights a user namespace comes with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator

from vnic_lab.run import LabError

NAME = "queues"
# One for each queue: the kernel's tap sends what answers a flow over the queue that the flow came from
# (drivers/net/tun.c, tun_automq_select_queue), and tells flows of pings apart by address alone.
FAR_ENDS = "10.77.0.{}"
_MASK = "255.255.255.0"

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # include/uapi/linux/sched.h
_TUNSETIFF = 0x400454CA  # include/uapi/linux/if_tun.h
_IFF_TAP, _IFF_MULTI_QUEUE, _IFF_NO_PI, _IFF_VNET_HDR = 0x0002, 0x0100, 0x1000, 0x4000
_SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C  # include/uapi/linux/sockios.h
_IFF_UP = 0x1
_FLAGS = struct.Struct("=16sH22x")
_ADDRESS = struct.Struct("=16sHH4s16x")


@contextlib.contextmanager
def opened(queues: int) -> Iterator[list[int]]:
    """Descriptors of that many queues of one tap, to be inherited; none for 0. LabError where it is not allowed."""
    descriptors = _received(queues) if queues else []
    try:
        yield descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _received(queues: int) -> list[int]:
    """From a child, because only that one enters the namespaces."""
    ours, childs = socket.socketpair()
    with ours, childs:
        child = os.fork()
        if child == 0:
            try:
                ours.close()
                _send(childs, queues)
            finally:
                os._exit(0)
        childs.close()
        said, descriptors, _flags, _address = socket.recv_fds(ours, 1000, queues)
        os.waitpid(child, 0)
    if len(descriptors) != queues:
        raise LabError(f"no tap with {queues} queues: {said.decode(errors='replace') or 'no answer'}")
    return descriptors


def _send(channel: socket.socket, queues: int) -> None:
    try:
        _enter_namespaces()
        descriptors = [_open_queue() for _queue in range(queues)]
        _bring_up(queues)
    except OSError as error:
        channel.send(f"{error.filename or 'network namespace'}: {error.strerror}".encode())
        return
    socket.send_fds(channel, [b"open"], descriptors)


def _enter_namespaces() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET | (0 if os.geteuid() == 0 else _CLONE_NEWUSER)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _open_queue() -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    flags = _IFF_TAP | _IFF_MULTI_QUEUE | _IFF_NO_PI | _IFF_VNET_HDR
    fcntl.ioctl(descriptor, _TUNSETIFF, _FLAGS.pack(NAME.encode(), flags))
    return descriptor


def _bring_up(queues: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for number in range(1, queues + 1):
            label = f"{NAME}:{number}".encode()
            for request, text in ((_SIOCSIFADDR, FAR_ENDS.format(number)), (_SIOCSIFNETMASK, _MASK)):
                packed = _ADDRESS.pack(label, socket.AF_INET, 0, socket.inet_aton(text))
                fcntl.ioctl(control, request, packed)
        fcntl.ioctl(control, _SIOCSIFFLAGS, _FLAGS.pack(NAME.encode(), _IFF_UP))
