# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``domain_interface``."""

from __future__ import annotations

from .._model.definition_scope import BOTH, SCOPES
from .._model.domain_interface_wish import BACKENDS, LINK_STATES, MODELS, MODES, TYPES, VIRTUALPORTS

_SOURCE = {
    "pf": {"type": "str"},
    "index": {"type": "int"},
    "pci": {"type": "str"},
    "device": {"type": "str"},
    "mode": {"type": "str", "choices": list(MODES)},
    "bridge": {"type": "str"},
    "virtualport": {"type": "str", "choices": list(VIRTUALPORTS)},
    "interface_id": {"type": "str"},
    "network": {"type": "str"},
    "portgroup": {"type": "str"},
}

_INTERFACE = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "named": {"type": "bool", "default": True},
    "slot": {"type": "str"},
    "type": {"type": "str", "choices": list(TYPES)},
    "source": {"type": "dict", "options": _SOURCE},
    "model": {"type": "str", "choices": list(MODELS)},
    "backend": {"type": "str", "choices": list(BACKENDS)},
    "mac": {"type": "str"},
    "vlan": {"type": "int"},
    "trunks": {"type": "list", "elements": "int"},
    "native_vlan": {"type": "int"},
    "bandwidth": {"type": "dict", "options": {"inbound": {"type": "raw"}, "outbound": {"type": "raw"}}},
    "mtu": {"type": "int"},
    "queues": {"type": "int"},
    "rx_queue_size": {"type": "int"},
    "tx_queue_size": {"type": "int"},
    "boot_order": {"type": "int"},
    "link_state": {"type": "str", "choices": list(LINK_STATES)},
    "trust_guest_rx_filters": {"type": "bool"},
    "port_isolated": {"type": "bool"},
}

ARGUMENTS = {
    "domains": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str"},
            "uuid": {"type": "str"},
            "interfaces": {"type": "list", "elements": "dict", "default": [], "options": _INTERFACE},
            "purge": {"type": "bool", "default": False},
            "scope": {"type": "str", "choices": list(SCOPES), "default": BOTH},
        },
    },
}
