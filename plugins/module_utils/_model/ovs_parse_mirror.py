# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge's ``mirrors`` as wishes."""

from __future__ import annotations

from .names import parse_interface_name
from .ovs_columns import TRUNK, VLAN
from .ovs_value import check_text
from .ovs_wish import MirrorWish


def parse_mirrors(items, problems):
    """A tuple of MirrorWish, or None when ``items`` is None."""
    if items is None:
        return None
    wishes = tuple(_mirror(item, problems.at(index)) for index, item in enumerate(items))
    problems.unique([wish.name for wish in wishes], "mirror")
    return wishes


def parse_mirror_name(text):
    """Raises ValueError."""
    if not text:
        raise ValueError("is no name: it must not be empty")
    return check_text(text)


def _names(item, key, problems):
    if item.get(key) is None:
        return None
    at = problems.at(key)
    found = tuple(at.at(index).parse(parse_interface_name, name) for index, name in enumerate(item[key]))
    at.unique(found, "port")
    return tuple(sorted(name for name in found if name))


def _vlans(item, problems):
    if item.get("select_vlans") is None:
        return None
    at = problems.at("select_vlans")
    found = [at.at(index).whole(vlan, TRUNK[0], TRUNK[1], "VLAN") for index, vlan in enumerate(item["select_vlans"])]
    at.unique(found, "VLAN")
    return tuple(sorted(vlan for vlan in found if vlan is not None))


def _mirror(item, problems):
    present = item.get("state") != "absent"
    outputs = [item.get("output_port"), item.get("output_vlan")]
    if present and outputs.count(None) != 1:
        problems.add(item["name"], "needs one of output_port and output_vlan: where the copies go")
    return MirrorWish(
        name=problems.at("name").parse(parse_mirror_name, item["name"]),
        path=problems.path,
        select_all=item.get("select_all"),
        sources=_names(item, "select_src_ports", problems),
        destinations=_names(item, "select_dst_ports", problems),
        vlans=_vlans(item, problems),
        output_port=problems.at("output_port").parse(parse_interface_name, item.get("output_port")),
        output_vlan=problems.at("output_vlan").whole(item.get("output_vlan"), VLAN[0], VLAN[1], "VLAN"),
        present=present,
    )
