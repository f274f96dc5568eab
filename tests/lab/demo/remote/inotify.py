# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints a line for each write below the given places; trees below /etc and /var are watched whole, others one directory deep."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

WRITES = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200  # inotify(7): modify, attrib, moved from, moved to, create, delete
EVENT = struct.Struct("iIII")


def folders(places):
    for place in places:
        if place.startswith(("/etc", "/var")):
            yield from (folder for folder, _folders, _files in os.walk(place))
        else:
            yield place


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    queue = libc.inotify_init1(0)
    watched = {libc.inotify_add_watch(queue, os.fsencode(folder), WRITES): folder for folder in folders(sys.argv[1:])}
    print("watching", file=sys.stderr, flush=True)
    while True:
        data = os.read(queue, 65536)
        while data:
            watch, mask, _cookie, length = EVENT.unpack_from(data)
            name = data[EVENT.size : EVENT.size + length].rstrip(b"\0").decode()
            print("%s/%s %#x" % (watched.get(watch, "?"), name, mask), flush=True)
            data = data[EVENT.size + length :]


main()
