# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel arguments led back, and what is released."""

from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._resource.boot_parameters import BootParameters
from ansible_collections.kvm.vnic.tests.unit.memory_host.boot import (
    DEFAULTS,
    ENTRY,
    IOMMU,
    OWN,
    RECORD,
    Debian,
    Rhel,
    arguments,
    snapshot,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.fuse import Fuse, Killed, Writes
from ansible_collections.kvm.vnic.tests.unit.memory_host.journal import MemoryJournal
from ansible_collections.kvm.vnic.tests.unit.memory_host.undone import is_whole, lead_back, undo_of

WISHES = {
    "an argument that others give otherwise": IOMMU,
    "one that others give is taken out": [{"name": "quiet", "state": "absent"}],
    "one value": [{"name": "console", "value": "ttyS0", "state": "absent"}, {"name": "nosmt"}],
    "pairs": [{"name": "hugepagesz", "value": "1G"}, {"name": "hugepages", "value": "4"}],
}


def run(machine, parameters):
    return converge(BootParameters(), {"parameters": parameters}, machine.host, Consent(), MemoryJournal())


def of(machine, parameters):
    return undo_of(BootParameters(), {"parameters": parameters}, machine.host, Consent())


def prepared(tmp_path, former):
    machine = Debian(tmp_path)
    if former:
        run(machine, former)
    return machine


@pytest.mark.parametrize(
    "former", [[], [{"name": "intel_iommu", "value": "off"}, {"name": "quiet", "state": "absent"}]]
)
@pytest.mark.parametrize("wish", WISHES)
def test_on_debian_every_file_has_its_former_text_wherever_the_run_was_killed(tmp_path, wish, former):
    machine, fuse = prepared(tmp_path, former), Fuse(100)
    before = snapshot(machine)
    undo = of(machine, WISHES[wish])
    assert is_whole(undo)
    machine.host.tree.writes = Writes(fuse, [])
    run(machine, WISHES[wish])
    total = 100 - fuse.left
    lead_back(BootParameters(), undo, machine.host)
    assert snapshot(machine) == before
    for allowed in range(total):
        machine = prepared(tmp_path, former)
        machine.host.tree.writes = Writes(Fuse(allowed), [])
        with pytest.raises(Killed):
            run(machine, WISHES[wish])
        machine.host.tree.writes = []
        lead_back(BootParameters(), undo, machine.host)
        after = {path: text for path, text in snapshot(machine).items() if ".kvm-vnic" not in path}
        assert after == before, allowed
        assert not lead_back(BootParameters(), undo, machine.host).changed


@pytest.mark.parametrize("make", ["rhel", "suse"])
@pytest.mark.parametrize("wish", WISHES)
def test_in_place_the_entries_have_their_former_arguments(tmp_path, make, wish):
    machine = Rhel() if make == "rhel" else Debian(tmp_path, "grub2-mkconfig", drop_ins=False)

    def found():
        if make == "rhel":
            return [arguments(machine.files[ENTRY % number].split("options ")[1]) for number in (1, 2)]
        return [arguments(machine.lines()[0])]

    before = found()
    params, told = of(machine, WISHES[wish])
    run(machine, WISHES[wish])
    lead_back(BootParameters(), (params, told), machine.host)
    assert found() == before
    assert params is None or not lead_back(BootParameters(), (params, told), machine.host).changed
    if wish == "an argument that others give otherwise":
        assert "behind all others" in " ".join(told.uncovered)


def test_after_a_reboot_with_the_argument_another_one_is_needed(tmp_path):
    debian = Debian(tmp_path)
    undo = of(debian, IOMMU)
    run(debian, IOMMU)
    debian.boot_default()
    outcome = lead_back(BootParameters(), undo, debian.host)
    facts = BootParameters().facts(outcome)
    assert facts["reboot_needed"] and len(facts["reboot_reasons"]) == 2
    debian.boot_default()
    assert not BootParameters().facts(lead_back(BootParameters(), undo, debian.host))["reboot_needed"]


def test_before_a_reboot_none_is_needed(tmp_path):
    debian = Debian(tmp_path)
    undo = of(debian, IOMMU)
    run(debian, IOMMU)
    assert not BootParameters().facts(lead_back(BootParameters(), undo, debian.host))["reboot_needed"]
    assert json.loads(debian.files[RECORD])  # what was asked for during this boot is still known


def test_leading_back_that_was_cut_off_between_two_files_is_ended_by_the_next(tmp_path):
    debian = Debian(tmp_path)
    before = snapshot(debian)
    undo = of(debian, IOMMU)
    run(debian, IOMMU)
    del debian.files[OWN]
    lead_back(BootParameters(), undo, debian.host)
    assert snapshot(debian) == before


def test_what_others_wrote_meanwhile_stays(tmp_path):
    debian = Debian(tmp_path)
    undo = of(debian, IOMMU)
    run(debian, IOMMU)
    debian.files[DEFAULTS] = debian.files[DEFAULTS].replace("quiet", "loglevel=3")
    lead_back(BootParameters(), undo, debian.host)
    assert "loglevel=3" in debian.lines()[0] and OWN not in debian.files


def test_released_leaves_the_name_to_others_and_is_idempotent(tmp_path):
    debian = Debian(tmp_path)
    debian.run(IOMMU)
    released = [{"name": "iommu", "state": "released"}]
    result = debian.run(released)
    assert result["changed"] and "iommu=off" in debian.lines()[0] and "intel_iommu=on" in debian.lines()[0]
    again = debian.run(released)
    assert not again["changed"] and not again["failed"]


@pytest.mark.parametrize(
    "parameters, word",
    [
        ([{"name": "iommu", "value": "pt", "state": "released"}], "all its values"),
        ([{"name": "iommu", "state": "released"}, {"name": "iommu", "state": "absent"}], "released and as absent"),
        ([{"name": "iommu", "state": "released"}] * 2, "twice"),
    ],
)
def test_bad_input_is_refused_before_any_write(tmp_path, parameters, word):
    debian = Debian(tmp_path)
    result = debian.run(parameters)
    assert result["failed"] and result["error_kind"] == "value" and word in result["msg"] and debian.writes() == []


def test_nothing_can_be_released_where_no_file_is_ours():
    rhel = Rhel()
    result = rhel.run([{"name": "iommu", "state": "released"}])
    assert result["failed"] and result["error_kind"] == "unsupported" and "released" in result["msg"]
    assert rhel.writes() == []


def test_what_cannot_be_led_back_is_told(tmp_path):
    debian = Debian(tmp_path)
    debian.files[OWN] = 'GRUB_CMDLINE_LINUX="oops"\n'
    assert "written by hand" in " ".join(of(debian, IOMMU)[1].uncovered)
    rhel = Rhel(options='root=/dev/x ro dyndbg="a\\b"')
    assert "does not come back" in " ".join(of(rhel, [{"name": "dyndbg", "value": "x"}])[1].uncovered)
