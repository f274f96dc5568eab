# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``irq_affinity``."""

from __future__ import annotations

_TARGETS = {
    "device": {"type": "str"},
    "vf": {"type": "str"},
    "queues": {"type": "list", "elements": "int"},
    "interrupts": {"type": "list", "elements": "str"},
    "others": {"type": "bool", "default": False},
    "policy": {"type": "str", "choices": ["set", "spread", "vcpu", "node"], "default": "set"},
    "cpus": {"type": "raw"},
    "guest": {"type": "str"},
    "vcpu": {"type": "int"},
}

ARGUMENTS = {
    "targets": {"type": "list", "elements": "dict", "default": [], "options": _TARGETS},
    "default_cpus": {"type": "raw"},
    "irqbalance": {"type": "str", "choices": ["keep_off", "leave"], "default": "keep_off"},
    "banned_cpus": {"type": "raw"},
    "irqbalance_settings": {
        "type": "dict",
        "options": {
            "kept_off": {"type": "list", "elements": "str"},
            "lines": {"type": "dict"},
            "file": {"type": "bool", "default": True},
        },
    },
    "missing": {"type": "str", "choices": ["fail", "skip"], "default": "fail"},
    "purge": {"type": "bool", "default": False},
    "strict": {"type": "bool", "default": False},
}
