# SPDX-License-Identifier: GPL-3.0-or-later
"""ethtool's answers and changes, in memory."""

from __future__ import annotations

import copy

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.plugins.module_utils._model.rx_filters import MacRule


class MemoryEthtool:
    """``of``: ``{device: {feature: state}}``; ``broken``: what every question is answered with instead, for example unknown.

    ``spread``: ``{device: {channels, rings, table}}``; ``rules``: ``{device: [MacRule]}``; ``failures``: ``{option: what the kernel answers}``;
    ``writes``: every change as one line; ``on_channels``: called with the device once its channels are set. A table that somebody set keeps
    the number of receiving channels above it (net/ethtool/channels.c, ethnl_set_channels), ``configured``: its devices.
    """

    def __init__(self):
        self.of, self.spread, self.rules, self.failures, self.writes = {}, {}, {}, {}, []
        self.broken, self.configured = None, set()
        self.on_channels = lambda device: None

    def features(self, names):
        if self.broken is not None:
            return self.broken
        return {name: dict(self.of[name]) for name in names if name in self.of}

    def spreading(self, names):
        nothing = {"channels": None, "rings": None, "table": None}
        return {name: copy.deepcopy(self.spread.get(name, nothing)) for name in names}

    def mac_rules(self, name):
        return copy.copy(self.rules.get(name))

    def change(self, option, name, *words):
        line = " ".join(["ethtool", option, name] + [str(word) for word in words])
        if option in self.failures:
            raise ApplyFailed(line, self.failures[option])
        if (
            option == "-L"
            and name in self.configured
            and self._receiving(name, words) <= max(self.spread[name]["table"])
        ):
            raise ApplyFailed(
                line,
                "netlink error: requested channel counts are too low for existing indirection table (%d)"
                % max(self.spread[name]["table"]),
            )
        self.writes.append(line)
        {"-L": self._channels, "-X": self._table, "-K": self._feature, "-N": self._rule}[option](name, words)

    def _receiving(self, name, words):
        channels = dict(self.spread[name]["channels"], **dict(zip(words[::2], map(int, words[1::2]))))
        return channels["combined"] + channels["rx"]

    def _channels(self, name, words):
        spread = self.spread[name]
        spread["channels"].update(zip(words[::2], map(int, words[1::2])))
        spread["rings"] = spread["channels"]["combined"] + spread["channels"]["rx"]
        spread["table"] = [index % spread["rings"] for index in range(len(spread["table"]))]
        self.on_channels(name)

    def _table(self, name, words):
        (self.configured.discard if words[0] == "default" else self.configured.add)(name)
        count = self.spread[name]["rings"] if words[0] == "default" else int(words[1])
        self.spread[name]["table"] = [index % count for index in range(len(self.spread[name]["table"]))]

    def set_table(self, name, table):
        self.writes.append("RSS table of %s: %s" % (name, table))
        assert max(table) < self.spread[name]["rings"] and len(table) == len(self.spread[name]["table"])
        self.configured.add(name)
        self.spread[name]["table"] = list(table)

    def _feature(self, name, words):
        self.of[name][words[0]] = words[1]

    def _rule(self, name, words):
        rules = self.rules[name]
        if words[0] == "delete":
            self.rules[name] = [rule for rule in rules if rule.location != int(words[1])]
        else:
            rules.append(MacRule(words[3], int(words[5]), 1 + max([rule.location for rule in rules], default=0)))
