# SPDX-License-Identifier: GPL-3.0-or-later
"""The VLANs of a guest's port: as Open vSwitch has them, and as the guest's definition and the wish have them.

Both become one form, ``(mode, tag, trunks)``, in which equal means that the same packets pass; None where something of
it is unknown.
"""

from __future__ import annotations

from .. import reading

ACCESS, TRUNK = "access", "trunk"
UNTAGGED = (TRUNK, None, frozenset())  # every VLAN, and packets without one

KEYS = ("vlan", "trunks", "native_vlan")


def of_port(raw):
    """Of one port of the facts.

    A port without ``vlan_mode`` is an access port when it has a tag, and a trunk otherwise; no trunks are all of them;
    a native VLAN is always among them (ovs-vswitchd.conf.db(5), table Port; vswitchd/bridge.c, port_configure).
    """
    if any(key not in raw for key in ("tag", "trunks", "vlan_mode")):
        return None
    tag, trunks, mode = raw["tag"], _tags(raw["trunks"]), raw["vlan_mode"]
    if mode is None:
        mode = TRUNK if tag is None else ACCESS
    if trunks is None or reading.text(mode) is None or (tag is not None and reading.whole(tag) is None):
        return None
    if mode == ACCESS:
        return ACCESS, tag or 0, frozenset()
    if mode == TRUNK:
        return TRUNK, None, trunks
    return mode, tag or 0, _with_native(tag or 0, trunks)


def of_definition(found, wish):
    """Of one NIC: what the wish states, and the rest as its definition says.

    ``found``: the keys ``vlan``, ``trunks``, ``native_vlan`` of the facts; ``wish``: those of the module, in which 0 and
    an empty list clear.
    """
    stated = {key: wish[key] for key in KEYS if wish.get(key) is not None}
    if stated.get("vlan"):
        return _form(stated["vlan"], [], 0)
    if stated.get("trunks"):
        stated["vlan"] = 0
    settings = dict(found, **stated)
    return _form(*(settings.get(key) for key in KEYS))


def _form(vlan, trunks, native):
    """libvirt gives a single tag as access port, several as trunks, one of them perhaps native
    (src/util/virnetdevopenvswitch.c, virNetDevOpenvswitchConstructVlans).

    ``native``: a tag, then untagged, or as the facts show a definition that sends it tagged, ``5 tagged``.
    """
    trunks = _tags(trunks)
    if vlan:
        return None if reading.whole(vlan) is None else (ACCESS, vlan, frozenset())
    tag, _blank, mode = str(native or 0).partition(" ")
    if trunks is None or not tag.isdigit() or isinstance(native, bool):
        return None
    if trunks and int(tag):
        return "native-" + (mode or "untagged"), int(tag), _with_native(int(tag), trunks)
    return TRUNK, None, trunks


def _tags(value):
    tags = [] if value is None else value
    if not isinstance(tags, list) or any(reading.whole(tag) is None for tag in tags):
        return None
    return frozenset(tags)


def _with_native(tag, trunks):
    return trunks | {tag} if trunks else frozenset()


def words(form):
    mode, tag, trunks = form
    if form == UNTAGGED:
        return "no VLAN"
    if mode == ACCESS:
        return "VLAN %d" % tag
    named = "VLANs %s" % ", ".join(map(str, sorted(trunks))) if trunks else "all VLANs"
    return named if mode == TRUNK else "%s, native %d (%s)" % (named, tag, mode)
