# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept on the host of flows: what the hook puts in place at a guest's start, and what is ours without a mark."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from .openflow_cookie import GUEST, cookie_of

VERSION = 1


@dataclass(frozen=True)
class BridgeRecord:
    """``guests``: ``{interface id: {guest, protected, flows: [{table, priority, match, actions}]}}``; ``groups`` and
    ``meters``: numbers of ours; ``former_fail_mode``: what the guard found, ``"none"`` for nothing, None without a guard;
    ``former_default``: whether the guard found a last flow that passes everything on; ``protocol``: the version of OpenFlow to speak."""

    guests: dict = field(default_factory=dict)
    groups: tuple = ()
    meters: tuple = ()
    former_fail_mode: object = None
    former_default: bool = False
    protocol: str = "OpenFlow14"

    @property
    def empty(self):
        return not (self.guests or self.groups or self.meters or self.former_fail_mode)

    def changed(self, **parts):
        return replace(self, **parts)

    def to_dict(self):
        guests = {name: dict(port, cookie="0x%x" % cookie_of(GUEST, name)) for name, port in self.guests.items()}
        return {
            "guests": guests,
            "groups": list(self.groups),
            "meters": list(self.meters),
            "former_fail_mode": self.former_fail_mode,
            "former_default": self.former_default,
            "protocol": self.protocol,
        }


def _read_bridge(data):
    guests = {
        str(name): {
            "guest": str(port["guest"]),
            "protected": bool(port["protected"]),
            "flows": [dict(flow) for flow in port["flows"]],
        }
        for name, port in data["guests"].items()
    }
    return BridgeRecord(
        guests=guests,
        groups=tuple(map(int, data["groups"])),
        meters=tuple(map(int, data["meters"])),
        former_fail_mode=data["former_fail_mode"],
        former_default=bool(data["former_default"]),
        protocol=str(data["protocol"]),
    )


def read_record(text):
    """``{bridge: BridgeRecord}``; empty for no text. Raises ValueError for what we did not write."""
    if not text or not text.strip():
        return {}
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            raise ValueError("is of version %r, and this release of kvm.vnic knows %d" % (data["version"], VERSION))
        return {str(name): _read_bridge(bridge) for name, bridge in data["bridges"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("is not as kvm.vnic writes it (%s)" % error) from None


def record_text(bridges):
    """The file's text, the same for the same content; empty bridges are left out."""
    kept = {name: record.to_dict() for name, record in bridges.items() if not record.empty}
    return json.dumps({"version": VERSION, "bridges": kept}, indent=1, sort_keys=True) + "\n"
