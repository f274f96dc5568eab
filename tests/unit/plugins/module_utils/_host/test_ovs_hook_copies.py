# SPDX-License-Identifier: GPL-3.0-or-later
"""Two NICs with one interface id: neither takes the other's flows."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import ovs_hook_script
from ansible_collections.kvm.vnic.plugins.module_utils._model.ovs_port_holder import GuestPort, holder
from ansible_collections.kvm.vnic.tests.unit.plugins.module_utils._host.ovs_hook_case import (
    CLONE_UUID,
    DB,
    GUEST_UUID,
    RELEASE,
    SILENT,
    START,
    STOPPED,
    WEB,
    Machine,
    xml,
)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


# A copied definition keeps the interface id. Open vSwitch lists ports in no order.
OWN, CLONES = ("vnet3", 7, WEB), ("vnet9", 9, WEB, CLONE_UUID)
TWINS = [(OWN, CLONES), (CLONES, OWN)]


@pytest.mark.parametrize("rows", TWINS)
def test_a_copied_guest_takes_nobodys_flows_and_does_not_start_without_its_own(machine, rows):
    machine.ports(rows + (("eth1", 2, None),))
    code, output, errors = machine.run(*START, text=xml(WEB, guest=CLONE_UUID))
    assert code == 1 and output == "" and machine.bundles() == []
    for word in (WEB, "start is refused", "vnet3", GUEST_UUID, "an interface id of its own"):
        assert word in errors


@pytest.mark.parametrize("rows", TWINS)
@pytest.mark.parametrize("step", [STOPPED, RELEASE])
def test_the_end_of_a_copied_guest_takes_nobodys_flows_also_after_a_failed_start(machine, rows, step):
    machine.ports(rows)
    assert machine.run(*step, text=xml(WEB, guest=CLONE_UUID)) == SILENT and machine.bundles() == []
    machine.ports([OWN])
    assert machine.run(*step, text=xml(WEB, guest=CLONE_UUID)) == SILENT and machine.bundles() == []


def test_a_copied_guest_without_protection_starts_and_leaves_the_flows_where_they_are(machine):
    machine.ports([("vnet9", 9, DB, CLONE_UUID), ("vnet3", 7, DB), ("eth1", 2, None)])
    code, _output, errors = machine.run(*START, text=xml(DB, guest=CLONE_UUID))
    assert code == 0 and machine.bundles() == [] and "vnet3" in errors and "refused" not in errors


def test_whoever_runs_first_has_the_flows(machine):
    """Which of both is the copy is not written anywhere."""
    machine.ports([CLONES, ("eth1", 2, None)])
    assert machine.run(*START, text=xml(WEB, guest=CLONE_UUID)) == SILENT and "in_port=9" in machine.bundles()[0][1]
    machine.ports([CLONES, OWN, ("eth1", 2, None)])
    assert machine.run(*START)[0] == 1 and len(machine.bundles()) == 1
    machine.ports([OWN])
    assert machine.run(*STOPPED) == SILENT and len(machine.bundles()) == 2


def test_what_a_power_cut_left_of_another_guests_port_is_no_hindrance(machine):
    machine.ports([("vnet9", None, WEB, CLONE_UUID), OWN, ("eth1", 2, None)])
    assert machine.run(*START) == SILENT and "in_port=7" in machine.bundles()[0][1]
    assert machine.run(*STOPPED) == SILENT and len(machine.bundles()) == 2


def test_a_port_that_is_no_guests_has_its_interface_id_too(machine):
    machine.ports([("tap9", 9, WEB, None), OWN, ("eth1", 2, None)])
    code, _output, errors = machine.run(*START)
    assert code == 1 and "tap9" in errors and machine.bundles() == []
    assert machine.run(*STOPPED) == SILENT and machine.bundles() == []


def test_two_nics_of_one_guest_with_one_interface_id(machine):
    machine.ports([OWN, ("vnet4", 8, WEB), ("eth1", 2, None)])
    code, _output, errors = machine.run(*START, text=xml(WEB, WEB))
    assert code == 1 and "vnet3" in errors and "vnet4" in errors and machine.bundles() == []


def test_flows_of_an_ended_guest_stay_when_it_is_not_known_whose_they_are(machine):
    """They are for a number that no port has; the next pass takes them."""
    machine.answers["list"] = [1, "", "database connection failed", 0]
    code, output, errors = machine.run(*STOPPED)
    assert (code, output) == (0, "") and "database" in errors and machine.bundles() == []


# Of ports with one interface id, by name, number and guest
ALONE, TWIN, SECOND, LOST = (
    ("vnet3", 7, GUEST_UUID),
    ("vnet9", 9, CLONE_UUID),
    ("vnet4", 8, GUEST_UUID),
    ("tap9", 6, None),
)


@pytest.mark.parametrize(
    "ports", [(), (ALONE,), (ALONE, TWIN), (TWIN, ALONE), (ALONE, SECOND), (ALONE, LOST), (ALONE, TWIN, SECOND)]
)
def test_a_port_without_flows_is_given_them_where_the_module_does_it_too(ports):
    """The script can import nothing: that an interface id is one port's is written twice."""
    rows = [ovs_hook_script.Row(name, number, WEB, guest, True) for name, number, guest in ports]
    try:
        given = ovs_hook_script.own_port(rows, GUEST_UUID, WEB)
    except ovs_hook_script.Failed:
        given = None
    claims = tuple(GuestPort("br0", name, number, WEB, guest) for name, number, guest in ports)
    held = holder(claims, "br0", ()) if claims else None
    assert (given and given.name) == (held and held.name)
