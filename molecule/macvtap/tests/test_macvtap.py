# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel shows after create, change and purge."""

from __future__ import annotations

import json


def links(host):
    return {link["ifname"]: link for link in json.loads(host.check_output("ip -d -j link show"))}


def mode(link):
    return link["linkinfo"]["info_data"]["mode"]


def test_the_lower_devices_are_ready(host):
    found = links(host)
    assert found["mol-low"]["mtu"] == 1600 and "UP" in found["mol-low"]["flags"]
    assert "UP" in found["mol-alone"]["flags"]


def test_the_changed_one_is_as_wished(host):
    changed = links(host)["mol-mt0"]
    assert (mode(changed), changed["mtu"], changed["address"], changed["link"]) == (
        "vepa",
        1500,
        "52:54:00:aa:00:01",
        "mol-low",
    )


def test_the_exclusive_one_takes_its_lower_devices_address(host):
    found = links(host)
    assert mode(found["mol-mt2"]) == "passthru"
    assert found["mol-mt2"]["address"] == found["mol-alone"]["address"]


def test_purge_took_ours_and_left_somebody_elses(host):
    found = links(host)
    assert "mol-mt1" not in found and "mol-mt9" not in found
    assert mode(found["mol-theirs"]) == "bridge"


def test_no_device_was_opened_to_the_world(host):
    index = links(host)["mol-mt0"]["ifindex"]
    assert host.file("/dev/tap%d" % index).mode & 0o077 == 0
