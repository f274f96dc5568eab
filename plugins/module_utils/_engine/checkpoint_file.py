# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of the last run with a checkpoint, on the disk."""

from __future__ import annotations

from .._model.checkpoint_record import parse_record
from .._model.errors import ApplyFailed, VnicError
from .journal import DIRECTORY

NAME = "checkpoint.json"
PATH = "/var/lib/kvm-vnic/" + NAME
ASIDE = NAME + ".unread"


class Unreadable(VnicError):
    """There is a record, and what it says cannot be told."""

    kind = "checkpoint_unreadable"

    def __init__(self, why):
        super().__init__(
            "%s %s. Whether a run waits to be undone cannot be told from it: look at the host and at %s; the next run that "
            "opens a checkpoint sets the file aside as %s" % (PATH, why, DIRECTORY, ASIDE)
        )


def read_record(host):
    """The CheckpointRecord, None where no run was ever opened. Raises Unreadable."""
    if NAME not in host.files.listdir("/var/lib/kvm-vnic"):
        return None
    try:
        text, problem = host.state.read([NAME])[NAME]
    except ApplyFailed as error:
        raise Unreadable("cannot be read: %s" % error.cause) from None
    if problem:
        raise Unreadable("cannot be read: %s" % problem)
    try:
        return parse_record(text)
    except ValueError as error:
        raise Unreadable(str(error)) from None


def write_record(host, record):
    """On the disk when this returns; on an error the former one stays. Raises ApplyFailed."""
    host.state.replace(NAME, record.to_text())


def set_aside(host):
    """Keep the record that cannot be read under another name. Raises ApplyFailed."""
    host.state.move([(NAME, ASIDE)], [])
