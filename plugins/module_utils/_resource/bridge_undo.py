# SPDX-License-Identifier: GPL-3.0-or-later
"""What leads bridges and their ports back to how they were before a run. Pure."""

from __future__ import annotations

from .._model.names import parse_interface_name
from .link_undo import LinkUndo
from .port_moves import DEVICES


class BridgeUndo(LinkUndo):
    def __init__(self, resource, before, actions):
        super().__init__(resource, before, actions)
        self._devices = {}

    def more_params(self):
        return {DEVICES: [self._devices[name] for name in sorted(self._devices)]}

    def take(self, action):
        link = self.before.get(action.target)
        if action.field == "master":
            self._port(link, action)
        elif link is not None and not self.resource.is_mine(link):
            self._device(link.name)[action.field] = action.before
            self.consent("management", link.name)
        else:
            super().take(action)

    def _device(self, name):
        return self._devices.setdefault(name, {"name": name})

    def _port(self, link, action):
        if not self._nameable(link.name):
            self.tell("%s does not become a port of %s again: its name is none we use" % (link.name, action.before))
            return
        former = self.before.get(action.before) if action.before else None
        device = self._device(link.name)
        device["bridge"] = "none"
        if former is not None and former.kind == "bridge" and self._nameable(former.name):
            device["bridge"] = former.name
        elif action.before:
            self.tell(
                "%s was a port of %s, which is no bridge, and is a port of nothing again" % (link.name, action.before)
            )
        if action.data and not link.up:
            device["up"] = False
        self.consent("port", link.name)
        self.consent("management", link.name)

    @staticmethod
    def _nameable(name):
        try:
            return parse_interface_name(name)
        except ValueError:
            return None

    def _whole(self, link):
        super()._whole(link)
        for key, name in (("forward_delay", "forward delay"), ("ageing_time", "ageing time")):
            if link.data.get(key, 0) % 100:
                self.tell("the %s of %s comes back in whole seconds" % (name, link.name))
        self.tell("what its ports had as ports of %s (costs, VLANs, forwarding entries) is lost" % link.name)
        for port in self.before.ports(link.name):
            if self._nameable(port):
                self._device(port).setdefault("bridge", link.name)
                self.consent("management", port)
            else:
                self.tell("%s does not become a port of %s again: its name is none we use" % (port, link.name))
