# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Open vSwitch hands flows to cards: one setting of the whole switch, kept in the table Open_vSwitch."""

from __future__ import annotations

KEY = "hw-offload"


def offloads(other_config):
    """As ovs-vswitchd reads it: off without the key, and with any other word (lib/smap.c, smap_get_bool)."""
    return other_config.get(KEY, "").lower() == "true"
