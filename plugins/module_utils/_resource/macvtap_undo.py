# SPDX-License-Identifier: GPL-3.0-or-later
"""What leads macvtaps and the devices below them back to how they were before a run. Pure."""

from __future__ import annotations

from .link_undo import LinkUndo
from .lower_device import LOWER_DEVICES


class MacvtapUndo(LinkUndo):
    def __init__(self, resource, before, actions):
        super().__init__(resource, before, actions)
        self._lower = {}

    def more_params(self):
        return {LOWER_DEVICES: self.from_below(self._lower)}

    def take(self, action):
        link = self.before.get(action.target)
        if link is None or self.resource.is_mine(link):
            super().take(action)
            return
        self._lower_field(link, action.field, action.before)
        self._shaken(link, action)

    def _lower_field(self, link, field, value):
        self._lower.setdefault(link.name, {"name": link.name})[field] = value
        self.consent("management", link.name)
        if field == "mtu" and link.up:
            # whoever used it then was asked about the same short reset
            self.consent("mtu", link.name)

    def _whole(self, link):
        super()._whole(link)
        if link.data.get("mode") == "passthru" and link.lower:
            self.consent("management", link.lower)

    def restore(self, link, field, value):
        if link.kind == "vlan":
            self._lower_field(link, field, value)
        else:
            super().restore(link, field, value)
