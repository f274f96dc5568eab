# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``packet_steering``."""

from __future__ import annotations

ARGUMENTS = {
    "devices": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "device": {"type": "str", "required": True},
            "rps": {"type": "raw"},
            "rfs_flows": {"type": "int"},
            "xps": {"type": "raw"},
            "channels": {
                "type": "dict",
                "options": {"combined": {"type": "raw"}, "rx": {"type": "raw"}, "tx": {"type": "raw"}},
            },
            "rss_queues": {"type": "raw"},
            "rss_table": {"type": "list", "elements": "int"},
            "queues": {"type": "dict"},
            "rxhash": {"type": "bool"},
            "ntuple": {"type": "bool"},
            "l2_fwd_offload": {"type": "bool"},
            "hw_tc_offload": {"type": "bool"},
            "mac_rules": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "mac": {"type": "str", "required": True},
                    "queue": {"type": "int"},
                    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                },
            },
            "purge_mac_rules": {"type": "bool", "default": False},
        },
    },
    "rps_default_cpus": {"type": "raw"},
    "rps_sock_flow_entries": {"type": "int"},
    "missing": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
    "best_effort": {"type": "bool", "default": False},
}
