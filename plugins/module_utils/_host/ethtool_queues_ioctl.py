# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels and the RSS table of network devices, by SIOCETHTOOL.

The program's JSON for these is younger than the hosts we manage; the system calls are old (include/uapi/linux/ethtool.h).
"""

from __future__ import annotations

import socket
import struct

from .ethtool_ioctl import ask

ETHTOOL_GRXRINGS = 0x2D
ETHTOOL_GRXFHINDIR = 0x38
ETHTOOL_SRXFHINDIR = 0x39
ETHTOOL_GCHANNELS = 0x3C

# struct ethtool_channels behind its command
_CHANNELS = ("max_rx", "max_tx", "max_other", "max_combined", "rx", "tx", "other", "combined")
_RXNFC = struct.Struct(
    "=IIQ176x"
)  # struct ethtool_rxnfc: cmd, flow_type, data; then the filter, which is not asked for


def _channels(descriptor, name):
    answer = ask(descriptor, name, struct.pack("=9I", ETHTOOL_GCHANNELS, *[0] * 8))
    return dict(zip(_CHANNELS, struct.unpack("=9I", answer)[1:]))


def _rings(descriptor, name):
    return _RXNFC.unpack(ask(descriptor, name, _RXNFC.pack(ETHTOOL_GRXRINGS, 0, 0)))[2]


def _table(descriptor, name):
    # struct ethtool_rxfh_indir: cmd, size, ring_index[size]; asked with size 0, it tells the size
    size = struct.unpack("=II", ask(descriptor, name, struct.pack("=II", ETHTOOL_GRXFHINDIR, 0)))[1]
    answer = ask(descriptor, name, struct.pack("=II", ETHTOOL_GRXFHINDIR, size) + bytes(4 * size))
    return list(struct.unpack("=%dI" % size, answer[8:]))


def _or_none(question, *arguments):
    try:
        return question(*arguments)
    except OSError:
        return None


def read_spreading(names):
    """``{device: {channels, rings, table}}``; null is what a device does not have."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        return {
            name: {
                key: _or_none(question, connection.fileno(), name)
                for key, question in (("channels", _channels), ("rings", _rings), ("table", _table))
            }
            for name in names
        }


def write_table(name, table):
    """Set the RSS table entry by entry; the program's words tell weights only. Raises OSError, EINVAL for a ring that is
    not there or another size than the table's (net/ethtool/ioctl.c, ethtool_set_rxfh_indir)."""
    if not table:
        raise ValueError("an empty table would mean the driver's own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        command = struct.pack("=%dI" % (2 + len(table)), ETHTOOL_SRXFHINDIR, len(table), *table)
        ask(connection.fileno(), name, command)
