# SPDX-License-Identifier: GPL-3.0-or-later
"""A network device's features as ETHTOOL_GFEATURES returns them (include/uapi/linux/ethtool.h)."""

from __future__ import annotations

import struct

ETH_GSTRING_LEN = 32
BLOCK = struct.Struct("=4I")  # struct ethtool_get_features_block: available, requested, active, never_changed

# Ours by the kernel's (net/ethtool/common.c, netdev_features_strings)
OFFLOADS = {
    "ntuple": "rx-ntuple-filter",
    "rxhash": "rx-hashing",
    "l2_fwd_offload": "l2-fwd-offload",
    "hw_tc_offload": "hw-tc-offload",
}


def parse_strings(data):
    """The names in ``struct ethtool_gstrings``' data, in order."""
    pieces = [data[start : start + ETH_GSTRING_LEN] for start in range(0, len(data), ETH_GSTRING_LEN)]
    return [piece.split(b"\0", 1)[0].decode("ascii", "replace") for piece in pieces]


def parse_features(names, data):
    """``{name: "on" | "off" | "on [fixed]" | "off [fixed]"}``, in the words of ethtool(8): fixed is what the driver
    does not let change."""
    found = {}
    for index, name in enumerate(names):
        offset = index // 32 * BLOCK.size
        if not name or offset + BLOCK.size > len(data):
            continue
        available, _requested, active, never_changed = (
            word >> index % 32 & 1 for word in BLOCK.unpack_from(data, offset)
        )
        found[name] = ("on" if active else "off") + ("" if available and not never_changed else " [fixed]")
    return found
