# SPDX-License-Identifier: GPL-3.0-or-later
"""An interface id is one port's. Of several that carry it, as after a copy of a guest's definition, whoever has the flows
keeps them: which of them is the copy is not written anywhere. Pure.

Where none has flows yet the hook's script has the same rule (``own_port`` of ovs_hook_script), which imports nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .openflow_cookie import GUEST, cookie_of

_NUMBERS = re.compile(r"(?<!\w)(?:in_port=|output:)(\d+)", re.ASCII)


@dataclass(frozen=True)
class GuestPort:
    """``number``: above 0, because what has none is no port; ``interface_id``: in lower case; ``guest``: the UUID of the guest
    that libvirt made it for (external_ids:vm-id), or None."""

    bridge: str
    name: str
    number: int
    interface_id: str
    guest: object = None


def by_interface_id(ports):
    """``{interface id: (GuestPort, …)}``, each in the order of bridge and name."""
    found = {}
    for port in sorted(ports, key=lambda port: (port.bridge, port.name)):
        found.setdefault(port.interface_id, []).append(port)
    return {key: tuple(each) for key, each in found.items()}


def holder(ports, bridge, flows):
    """The GuestPort on ``bridge`` that the flows of an interface id are for, or None. ``ports``: all of the host's that
    carry it; ``flows``: those of the bridge."""
    if len(ports) == 1:
        return ports[0] if ports[0].bridge == bridge else None
    cookie = cookie_of(GUEST, ports[0].interface_id)
    texts = ["%s,%s" % (flow.match, flow.actions) for flow in flows if flow.cookie == cookie]
    named = {int(number) for text in texts for number in _NUMBERS.findall(text)}
    found = [port for port in ports if port.bridge == bridge and port.number in named]
    return found[0] if len(found) == 1 else None
