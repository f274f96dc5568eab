# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``boot_parameters``."""

from __future__ import annotations

ARGUMENTS = {
    "parameters": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "value": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent", "released"], "default": "present"},
        },
    },
}
