# SPDX-License-Identifier: GPL-3.0-or-later
"""SIOCETHTOOL without the ethtool program: one system call a device instead of one process.

Reading features needs no privilege (net/ethtool/ioctl.c, dev_ethtool). It waits for the lock that every change of a
link holds, so it belongs into the file worker.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket
import struct

from .._model.ethtool_features import BLOCK, ETH_GSTRING_LEN, parse_features, parse_strings

SIOCETHTOOL = 0x8946  # include/uapi/linux/sockios.h
ETHTOOL_GSTRINGS = 0x1B  # include/uapi/linux/ethtool.h
ETHTOOL_GSSET_INFO = 0x37
ETHTOOL_GFEATURES = 0x3A
ETH_SS_FEATURES = 4
IFNAMSIZ = 16

_IFREQ = struct.Struct("%dsP16x" % IFNAMSIZ)


def ask(descriptor, name, command):
    """Send ``command`` (bytes with room for the answer) about the device ``name``; returns the answer."""
    encoded = os.fsencode(name)
    if len(encoded) >= IFNAMSIZ:
        raise OSError(errno.EINVAL, "name too long", name)
    buffer = array.array("B", command)
    fcntl.ioctl(descriptor, SIOCETHTOOL, _IFREQ.pack(encoded, buffer.buffer_info()[0]))
    return buffer.tobytes()


def _names(descriptor, name):
    """Names of all features this kernel knows, the same for every device."""
    # struct ethtool_sset_info: cmd, reserved, sset_mask (64 bits), one 32-bit count
    answer = ask(descriptor, name, struct.pack("=IIQI", ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_FEATURES, 0))
    count = struct.unpack_from("=I", answer, 16)[0]
    # struct ethtool_gstrings: cmd, string_set, len, data
    header = struct.pack("=III", ETHTOOL_GSTRINGS, ETH_SS_FEATURES, count)
    return parse_strings(ask(descriptor, name, header + bytes(count * ETH_GSTRING_LEN))[len(header) :])


def read_features(names):
    """``{device: {feature: state}}``; a device that does not answer (gone, or not in this network namespace) is left
    out."""
    found, features = {}, None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        for name in names:
            try:
                if features is None:
                    features = _names(connection.fileno(), name)
                blocks = (len(features) + 31) // 32
                # struct ethtool_gfeatures: cmd, size in blocks, blocks
                header = struct.pack("=II", ETHTOOL_GFEATURES, blocks)
                answer = ask(connection.fileno(), name, header + bytes(blocks * BLOCK.size))
            except OSError:
                continue
            found[name] = parse_features(features, answer[len(header) :])
    return found
