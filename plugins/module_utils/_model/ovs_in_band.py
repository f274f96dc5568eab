# SPDX-License-Identifier: GPL-3.0-or-later
"""In-band control: what Open vSwitch lets through ahead of all flows of a bridge, from anybody, for its connections to
controllers and managers (ovs-vswitchd.conf.db(5), ``disable-in-band`` of Bridge and ``connection_mode`` of Controller).
"""

from __future__ import annotations

from .ovs_value import one

KEY = "disable-in-band"
OFF = "true"
_OUT_OF_BAND = "out-of-band"
# Those that the switch itself connects to, by IPv4 (ofproto/connmgr.c, update_in_band_remotes).
_ACTIVE, _IPV6 = ("tcp:", "ssl:"), ("tcp:[", "ssl:[")


def in_band(other_config, remotes):
    """The targets for which packets pass, sorted. ``other_config``: of the bridge; ``remotes``: rows of its controllers and
    the switch's managers."""
    if other_config.get(KEY, "").lower() == OFF:
        return []
    return sorted(
        {
            row["target"]
            for row in remotes
            if row["target"].startswith(_ACTIVE)
            and not row["target"].startswith(_IPV6)
            and one(row["connection_mode"]) != _OUT_OF_BAND
        }
    )
