# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``ovs_bridge``."""

from __future__ import annotations

_MAPS = {"external_ids": {"type": "dict"}, "other_config": {"type": "dict"}}

_PORT = dict(
    _MAPS,
    name={"type": "str", "required": True},
    interfaces={"type": "list", "elements": "str"},
    type={"type": "str"},
    options={"type": "dict"},
    interface_external_ids={"type": "dict"},
    tag={"type": "raw"},
    trunks={"type": "list", "elements": "int"},
    vlan_mode={"type": "str"},
    bond_mode={"type": "str"},
    lacp={"type": "str"},
    protected={"type": "bool"},
    mtu={"type": "raw"},
    policing_rate={"type": "int"},
    policing_burst={"type": "int"},
    qos={"type": "raw"},
    up={"type": "bool", "default": True},
    move_addresses={"type": "bool"},
    state={"type": "str", "choices": ["present", "absent"], "default": "present"},
    owned={"type": "bool", "default": True},
    down={"type": "list", "elements": "str"},
    give_back={"type": "dict"},
)

_MIRROR = {
    "name": {"type": "str", "required": True},
    "select_all": {"type": "bool"},
    "select_src_ports": {"type": "list", "elements": "str"},
    "select_dst_ports": {"type": "list", "elements": "str"},
    "select_vlans": {"type": "list", "elements": "int"},
    "output_port": {"type": "str"},
    "output_vlan": {"type": "int"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}

ARGUMENTS = {
    "bridges": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": dict(
            _MAPS,
            name={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            datapath_type={"type": "str"},
            fail_mode={"type": "str"},
            up={"type": "bool", "default": True},
            mac={"type": "str"},
            mtu={"type": "raw"},
            controllers={"type": "list", "elements": "str"},
            protocols={"type": "list", "elements": "str"},
            mcast_snooping={"type": "bool"},
            stp={"type": "bool"},
            rstp={"type": "bool"},
            ports={"type": "list", "elements": "dict", "options": _PORT},
            purge_ports={"type": "bool", "default": False},
            mirrors={"type": "list", "elements": "dict", "options": _MIRROR},
            purge_mirrors={"type": "bool", "default": False},
            owned={"type": "bool", "default": True},
        ),
    },
    "hw_offload": {"type": "bool"},
    "missing": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
    "purge": {"type": "bool", "default": False},
}
