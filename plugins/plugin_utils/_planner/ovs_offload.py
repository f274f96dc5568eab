# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Open vSwitch of a host hands flows to cards, and which of its uplinks can take them."""

from __future__ import annotations

from .host_facts import Sriov


class Offload:
    """``wish``: True, False, or None where no network of the host's guests states it. One setting holds for the whole
    switch, so that one network that wants it has it for all, and one that does not want it is a problem then.
    """

    def __init__(self, attached, problems):
        stated = {True: {}, False: {}}
        for entry in attached:
            network = entry.local.network
            if network.ovs is not None and network.ovs.hw_offload is not None:
                stated[network.ovs.hw_offload][network.name] = network
        self._on, off = sorted(stated[True]), stated[False]
        self.wish = True if self._on else False if off else None
        for name in sorted(off) if self._on else ():
            problems.at(off[name].path).at("switch").at("hw_offload").add(
                False,
                "contradicts network %s, which states true: Open vSwitch has one such setting for the whole host, not one "
                "for each bridge; leave it out of %s" % (self._on[0], name),
            )

    def plan(self):
        """What the module ovs_bridge is to have besides the bridges."""
        return {} if self.wish is None else {"hw_offload": self.wish}

    def _uplinks(self, cards):
        for card in cards.values():
            if any(entry.local.network.name in self._on for entry in card.entries):
                yield card.device

    def takers(self, cards):
        """Names of the uplinks whose hw-tc-offload is to be on: of those networks that want it, and that can."""
        return {device.name for device in self._uplinks(cards) if device.tc_offload not in (None, "off [fixed]")}

    def notes(self, cards):
        for device in self._uplinks(cards):
            if device.tc_offload is None:
                yield (
                    "whether %s can take flows of Open vSwitch could not be read: its hw-tc-offload is left alone"
                    % device.name
                )
            elif device.tc_offload == "off [fixed]":
                yield (
                    "%s cannot take flows of Open vSwitch, so that the kernel goes on with them: its hw-tc-offload is %s (%s)"
                    % (
                        device.name,
                        device.tc_offload,
                        "driver %s" % device.driver if device.driver else "it has no driver of its own",
                    )
                )
            elif isinstance(device.sriov, Sriov) and device.sriov.eswitch_mode == "legacy":
                yield (
                    "%s is in eswitch mode legacy, in which its virtual functions have no ports that Open vSwitch could offload. "
                    "Mode switchdev gives them such (representors) and is yours to set (devlink dev eswitch set pci/%s mode "
                    "switchdev): it takes all virtual functions of the card away" % (device.name, device.pci)
                )
