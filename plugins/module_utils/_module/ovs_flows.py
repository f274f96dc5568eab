# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``ovs_flows``."""

from __future__ import annotations

from .._model.openflow_wish import ALLOW, DROP, GROUP_TYPES, METER_UNITS, NONE

_FLOW = {
    "table": {"type": "int", "default": 0},
    "priority": {"type": "int", "default": 32768},
    "match": {"type": "str", "default": ""},
    "actions": {"type": "str", "required": True},
}

_GROUP = {
    "id": {"type": "int", "required": True},
    "type": {"type": "str", "choices": list(GROUP_TYPES), "required": True},
    "buckets": {"type": "list", "elements": "str", "default": []},
}

_METER = {
    "id": {"type": "int", "required": True},
    "rate": {"type": "int", "required": True},
    "unit": {"type": "str", "choices": list(METER_UNITS), "default": METER_UNITS[0]},
    "burst": {"type": "int"},
}

_GUEST_PORT = {
    "interface_id": {"type": "str", "required": True},
    "guest": {"type": "str", "required": True},
    "flows": {"type": "list", "elements": "dict", "options": _FLOW, "default": []},
    "protected": {"type": "bool", "default": False},
}

ARGUMENTS = {
    "bridges": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "flows": {"type": "list", "elements": "dict", "options": _FLOW},
            "groups": {"type": "list", "elements": "dict", "options": _GROUP},
            "meters": {"type": "list", "elements": "dict", "options": _METER},
            "guest_ports": {"type": "list", "elements": "dict", "options": _GUEST_PORT},
            "unlisted_ports": {"type": "str", "choices": [ALLOW, DROP, NONE]},
            "purge": {"type": "bool", "default": False},
            "others": {"type": "dict"},
            "others_if_emptied": {"type": "dict"},
        },
    },
    "missing": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
    "purge": {"type": "bool", "default": False},
}
