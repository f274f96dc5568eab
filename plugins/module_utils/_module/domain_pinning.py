# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``domain_pinning``. CPU lists are raw: what YAML made of an unquoted one is told apart."""

from __future__ import annotations

from .._model.definition_scope import BOTH, SCOPES
from .._model.domain_pinning_wish import MEMORY_MODES

_VHOST = {
    "interface": {"type": "str", "required": True},
    "queue": {"type": "int"},
    "cpus": {"type": "raw", "required": True},
    "required": {"type": "bool", "default": True},
}

_MEMORY = {
    "mode": {"type": "str", "choices": list(MEMORY_MODES), "required": True},
    "nodes": {"type": "raw"},
}

_DOMAIN = {
    "name": {"type": "str"},
    "uuid": {"type": "str"},
    "scope": {"type": "str", "choices": list(SCOPES), "default": BOTH},
    "vcpus": {"type": "raw"},
    "vcpu_default": {"type": "raw"},
    "emulator": {"type": "raw"},
    "iothreads": {"type": "raw"},
    "vhost": {"type": "list", "elements": "dict", "options": _VHOST, "default": []},
    "memory": {"type": "dict", "options": _MEMORY},
    "hugepages": {"type": "dict", "options": {"size_kib": {"type": "int", "required": True}}},
}

ARGUMENTS = {"domains": {"type": "list", "elements": "dict", "options": _DOMAIN, "default": []}}
