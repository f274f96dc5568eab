# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories and hosts with one Open vSwitch bridge, ``br-lan``."""

from __future__ import annotations

from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest


def intent(switch=None, wishes=None, **network):
    lan = dict(
        {"switch": dict({"ovs": "br-lan"}, **(switch or {})), "uplinks": [{"device": "ens2"}], "vlan": 100}, **network
    )
    return {"networks": {"lan": lan}, "guests": [guest("web1", "lan", **(wishes or {}))]}


def facts(*more, domains=None, **ovs):
    found = world.host(card(), *more, domains=domains or [world.domain("web1")])
    found["ovs"]["bridges"].update(ovs.get("bridges", {}))
    return found


def beside(switch=None, **other):
    """A network ``b`` without uplinks, on the bridge of ``lan``, which lists one."""
    tree = intent()
    tree["networks"]["b"] = dict({"switch": dict({"ovs": "br-lan"}, **(switch or {})), "vlan": 7}, **other)
    tree["guests"] = [guest("web1", "lan"), guest("web2", "b")]
    return tree, facts(domains=[world.domain("web1"), world.domain("web2")])
