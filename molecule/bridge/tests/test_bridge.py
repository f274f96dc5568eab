# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel shows after create, change and purge."""

from __future__ import annotations

import json


def links(host):
    return {link["ifname"]: link for link in json.loads(host.check_output("ip -d -j link show"))}


def test_the_bridge_is_as_last_wished(host):
    bridge = links(host)["mol-br0"]
    assert bridge["mtu"] == 1300
    assert bridge["linkinfo"]["info_data"]["stp_state"] == 1
    assert bridge["linkinfo"]["info_data"]["vlan_filtering"] == 1  # omitted in the change: left alone
    assert bridge["ifalias"] == "kvm.vnic"
    assert "UP" in bridge["flags"]


def test_its_ports_are_the_listed_ones_and_up(host):
    found = links(host)
    assert sorted(name for name, link in found.items() if link.get("master") == "mol-br0") == ["mol-port1", "mol-port2"]
    assert all("UP" in found[port]["flags"] for port in ("mol-port1", "mol-port2"))


def test_purge_took_ours_and_left_somebody_elses(host):
    found = links(host)
    assert "mol-br1" not in found
    assert found["mol-busy"]["master"] == "mol-foreign"


def test_refused_steps_left_everything(host):
    found = links(host)
    assert "master" not in found["mol-addressed"]
    assert "master" not in found["enp0s2"]
