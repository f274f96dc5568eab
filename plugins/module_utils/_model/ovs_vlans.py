# SPDX-License-Identifier: GPL-3.0-or-later
"""VLAN settings of one port that do not go together: the switch would silently ignore one of them.

ovs-vswitchd.conf.db(5), Port, vlan_mode; ofproto/ofproto-dpif.c, bundle_set: trunks count with trunk and with both native
modes, a tag does not with trunk, and without a mode a port with a tag is an access port.
"""

from __future__ import annotations

from .ovs_columns import NONE

PARAMETERS = ("trunks", "tag", "vlan_mode")
_CLEARED = {"trunks": "[]", "tag": NONE, "vlan_mode": NONE}
_BOTH = "trunks beside a tag need vlan_mode native-tagged or native-untagged"
_NATIVE = "a tag beside vlan_mode trunk is ignored: a native VLAN needs native-tagged or native-untagged"
_NEEDS_TAG = "that mode needs a tag"


def add_contradictions(stated, held, problems):
    """Record what does not go together. ``stated``: ``{parameter: value or None}`` of the wish, ``held``: of the port that is
    there, which counts where the wish leaves it alone; with nothing stated nothing is recorded."""
    stated = {name: stated[name] for name in PARAMETERS if name in stated}
    vlans = dict(held, **stated)
    mode, tag, trunks = vlans.get("vlan_mode"), vlans.get("tag"), vlans.get("trunks")
    if not stated:
        return
    if trunks and (mode in ("access", "dot1q-tunnel") or mode is None and tag is not None):
        names = ("trunks", "vlan_mode") if stated.get("vlan_mode") else PARAMETERS
        _add(names, _BOTH, stated, held, problems)
    if mode == "trunk" and tag is not None:
        _add(("tag", "vlan_mode"), _NATIVE, stated, held, problems)
    if mode not in (None, "trunk") and tag is None and "tag" in stated:
        _add(("vlan_mode", "tag"), _NEEDS_TAG, stated, held, problems)


def _add(names, why, stated, held, problems):
    """At the first parameter that states something; what clears a setting is named only where nothing else was stated."""
    mine = sorted((name for name in names if name in stated), key=lambda name: not stated[name])
    theirs = [name for name in names if name not in stated and held.get(name)]
    others = [name for name in mine[1:] if stated[name]] or ([] if theirs else mine[1:])
    text = " and ".join(others + ["the %s %s that the port has" % (name, _shown(held[name])) for name in theirs])
    clear = ["trunks"] if "trunks" in theirs else theirs  # without trunks the rest goes together
    remedy = " and ".join("%s: %s" % (name, _CLEARED[name]) for name in clear)
    problems.at(mine[0]).add(
        _shown(stated[mine[0]]), "contradicts %s: %s" % (text, why) + ("; or say %s" % remedy if remedy else "")
    )


def _shown(value):
    if value is None:
        return NONE
    return list(value) if isinstance(value, tuple) else value
