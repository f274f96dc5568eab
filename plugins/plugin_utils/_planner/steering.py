# SPDX-License-Identifier: GPL-3.0-or-later
"""What the uplinks' queues and the host do with received packets, as the module packet_steering takes it."""

from __future__ import annotations

from .rule_report import HOST
from .rules import SEVERAL_QUEUES, SMALL_UPLINK, SRIOV
from .traffic import SLOW


class Steering:
    """``queues_of``: a NIC's number of queues."""

    def __init__(self, profile, placement, report, queues_of):
        self._rules, self._placement, self._report = profile.rules, placement, report
        self._queues_of = queues_of

    def plan(self, attached, cards, takers=()):
        """``{devices, rps_default_cpus, rps_sock_flow_entries}``, without what no rule decides. ``takers``: names of the
        cards that are to take flows of Open vSwitch."""
        devices, unspread = [], []
        for name, card in cards.items():
            entry = {"device": name}
            rss = self._rss(card)
            if rss is not None:
                entry["rss_queues"] = rss
            if self._rps(card):
                entry.update(rps="off", rfs_flows=0)
                unspread.append(name)
            if name in takers:
                entry["hw_tc_offload"] = True
            if len(entry) > 1:
                devices.append(entry)
        found = {"devices": devices}
        if self._host_wide(attached, cards, unspread):
            found.update(rps_default_cpus="off", rps_sock_flow_entries=0)
        return found

    def _lacking(self, card, premise):
        """Why a premise is absent for a card, or None."""
        device = card.device
        if premise == SEVERAL_QUEUES:
            if device.rx_queues is None:
                return "how many receive queues %s has could not be read" % device.name
            return None if device.rx_queues > 1 else "%s has a single receive queue" % device.name
        if premise != SMALL_UPLINK:
            return None
        if card.speed is None:
            return "the speed of %s is unknown, it has no link" % device.name
        if card.speed > SLOW:
            return "%s runs at %d Mb/s: one queue, on one CPU, would be too slow for it" % (device.name, card.speed)
        several = sorted(str(entry.nic) for entry in card.entries if self._queues_of(entry) > 1)
        if several:
            return "%s has several queues" % several[0]
        return "a guest that the inventory does not list has several queues on it" if card.several else None

    def _rss(self, card):
        """To how many queues the card is to spread, or None to leave it."""
        rule, name, queues = self._rules["host_rss"], card.device.name, card.device.rx_queues
        if rule["value"] == "keep":
            return None
        lacking = self._lacking(card, rule["premise"])
        if lacking:
            self._report.absent("host_rss", name, lacking)
            return None
        if queues == 1:
            self._report.not_applicable("host_rss", name, "it has a single receive queue")
            return None
        if rule["value"] == "off":
            self._report.applied("host_rss", name)
            return 1
        return self._local(card)

    def _local(self, card):
        host, name, node = self._placement.cpus, card.device.name, card.device.node
        if host is None or card.device.rx_queues is None:
            self._report.not_applicable("host_rss", name, "its queues or this host's CPUs are unknown")
            return None
        if node not in host.topology.with_cpus:
            if not host.topology.is_one_place:
                self._report.not_applicable("host_rss", name, "its NUMA node is unknown")
                return None
            (node,) = host.topology.with_cpus
        self._report.applied("host_rss", name)
        return min(card.device.rx_queues, len(host.interrupts(node)))

    def _rps(self, card):
        rule = self._rules["host_rps"]
        if rule["value"] == "keep":
            return False
        lacking = self._lacking(card, rule["premise"])
        if lacking:
            self._report.absent("host_rps", card.device.name, lacking)
        else:
            self._report.applied("host_rps", card.device.name)
        return lacking is None

    def _host_wide(self, attached, cards, unspread):
        """Whether taps and macvtaps that come later are spared RPS too."""
        rule = self._rules["host_rps"]
        if rule["value"] == "keep":
            return False
        through = [entry for entry in attached if entry.place.attachment != SRIOV]
        if not through:
            self._report.not_applicable("host_rps", HOST, "no guest NIC goes through the host's kernel")
            return False
        spread = sorted(set(cards) - set(unspread))
        several = sorted(str(entry.nic) for entry in through if self._queues_of(entry) > 1)
        if spread:
            self._report.absent("host_rps", HOST, "the premise is absent for %s" % spread[0])
            return False
        if several and rule["premise"] == SMALL_UPLINK:
            self._report.absent("host_rps", HOST, "%s has several queues" % several[0])
            return False
        self._report.applied("host_rps", HOST)
        return True
