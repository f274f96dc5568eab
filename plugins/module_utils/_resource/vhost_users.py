# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes have vhost-net open, by the name of their guest."""

from __future__ import annotations

from .._model.action import UNKNOWN

DEVICE = "/dev/vhost-net"


def guest_name(arguments):
    """The guest's name in QEMU's arguments (``-name guest=web1,debug-threads=on``), or None; a doubled comma stands
    for one.
    """
    for option, value in zip(arguments, arguments[1:]):
        if option in ("-name", "--name"):
            for item in value.replace(",,", "\0").split(","):
                key, equals, name = item.partition("=")
                if key == "guest" or not equals:
                    return (name if equals else key).replace("\0", ",") or None
    return None


def _printable(text):
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def vhost_users(files, count):
    """Sentences naming each process that holds the device open. ``count``: how many users the kernel counts, or None;
    one that was not found is told of.
    """
    users, hidden = [], 0
    for pid in sorted((name for name in files.listdir("/proc") if name.isdigit()), key=int):
        targets = files.links_or("/proc/%s/fd" % pid)
        if targets is UNKNOWN:
            hidden += 1
        elif DEVICE in targets.values():
            guest = guest_name(files.read_or("/proc/%s/cmdline" % pid, "").split("\0"))
            command = _printable(files.read_or("/proc/%s/comm" % pid, "ended meanwhile"))
            users.append(
                "process %s (%s)" % (pid, command)
                if guest is None
                else "guest %s (process %s, %s)" % (_printable(guest), pid, command)
            )
    if not users and hidden:
        users.append("unknown: the open files of %d processes cannot be read; is this not run as root?" % hidden)
    if not users and count:
        users.append("unknown: the kernel counts %d users, and no process was found that is one" % count)
    return tuple(users)
