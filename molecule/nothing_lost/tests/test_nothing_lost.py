# SPDX-License-Identifier: GPL-3.0-or-later
"""What a power cut during a run left behind, and what came back by itself."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

NICS = {"mol-first": ["ua-back", "ua-front"], "mol-second": ["ua-back", "ua-front"]}


@pytest.mark.parametrize("address", ["10.78.9.11", "10.78.2.11", "10.78.4.12", "10.78.5.12"])
def test_every_nic_answers(host, address):
    """Open vSwitch with its flows, the VF, the bridge, the macvtap."""
    assert host.run("ping -c 3 -W 5 %s" % address).rc == 0


@pytest.mark.parametrize("guest", sorted(NICS))
@pytest.mark.parametrize("scope", ["", "--inactive"])
def test_every_guest_has_its_nics_and_no_other(host, guest, scope):
    devices = ElementTree.fromstring(host.check_output("virsh dumpxml %s %s" % (guest, scope)))
    assert sorted(each.find("alias").get("name") for each in devices.findall("devices/interface")) == NICS[guest]


def test_the_run_that_was_cut_off_is_undone(host):
    record = json.loads(host.file("/var/lib/kvm-vnic/checkpoint.json").content_string)
    assert record["state"] == "undone", record
    assert any("mol-second" in line for line in record["told"]), record


def test_the_links_of_runs_that_were_not_confirmed_are_gone(host):
    for name in ("mol-lost", "mol-late", "mol-never"):
        assert host.run("ip link show dev %s" % name).rc != 0


def test_the_units_ended_well_and_nothing_requires_them(host):
    for unit in ("kvm-vnic-host.service", "kvm-vnic-guests.service"):
        shown = host.check_output("systemctl show --property Result --property RequiredBy %s" % unit).splitlines()
        assert sorted(shown) == ["RequiredBy=", "Result=success"]


def test_the_host_was_led_back_before_libvirt_came(host):
    def ended(unit, what):
        return int(host.check_output("systemctl show --property %s --value %s" % (what, unit)))

    assert ended("kvm-vnic-host.service", "ExecMainExitTimestampMonotonic") < ended(
        "libvirtd.service", "ExecMainStartTimestampMonotonic"
    )


def test_state_is_for_root_alone(host):
    for path in ("checkpoint.json", "desired.json"):
        assert host.file("/var/lib/kvm-vnic/" + path).mode == 0o600
