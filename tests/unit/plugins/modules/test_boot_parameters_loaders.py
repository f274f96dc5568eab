# SPDX-License-Identifier: GPL-3.0-or-later
"""boot_parameters on hosts other than Debian."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.boot import (
    DEBIAN,
    DEFAULTS,
    ENTRY,
    ENTRY_TEXT,
    IOMMU,
    OWN,
    Debian,
    Machine,
    Rhel,
    arguments,
    snapshot,
)


@pytest.fixture
def debian(tmp_path):
    return Debian(tmp_path)


# GRUB that reads no directory


@pytest.fixture
def suse(tmp_path):
    return Debian(tmp_path, "grub2-mkconfig", drop_ins=False)


def test_without_a_directory_only_the_managed_lines_change(suse):
    suse.files["/etc/default/grub.d/50.cfg"] = 'GRUB_CMDLINE_LINUX="unread"\n'
    result = suse.run(IOMMU)
    assert result["changed"] and OWN not in suse.files
    changed = DEBIAN.replace('"quiet iommu=off"', '"quiet"').replace(
        '"console=ttyS0"', '"console=ttyS0 intel_iommu=on iommu=pt"'
    )
    assert suse.files[DEFAULTS] == changed
    assert arguments(suse.lines()[0]) == ["console=ttyS0", "intel_iommu=on", "iommu=pt", "quiet", "ro", "root=/dev/vda"]
    assert not suse.run(IOMMU)["changed"]


def test_a_symbolic_link_stays_one(suse):
    suse.host.tree.symlinks[DEFAULTS] = "../sysconfig/bootloader-grub"
    suse.files["/etc/sysconfig/bootloader-grub"] = suse.files.pop(DEFAULTS)
    suse.mkconfig.before_writing = lambda: suse.files.update({DEFAULTS: suse.files["/etc/sysconfig/bootloader-grub"]})
    assert not suse.run(IOMMU)["failed"]
    assert "intel_iommu=on" in suse.files["/etc/sysconfig/bootloader-grub"] and DEFAULTS in suse.host.tree.symlinks


def test_a_conditional_setting_of_ours_is_refused_and_named(suse):
    suse.files[DEFAULTS] = DEBIAN + 'if [ -e /x ]; then GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX iommu=soft"; fi\n'
    before = snapshot(suse)
    result = suse.run(IOMMU)
    assert result["failed"] and result["error_kind"] == "conflict" and "line 6" in result["msg"]
    assert snapshot(suse) == before


# Boot Loader Specification


def test_rhel_entries_and_what_new_kernels_inherit_are_changed():
    rhel = Rhel()
    result = rhel.run(IOMMU)
    assert result["changed"] and result["boot_loader"] == "bls"
    wanted = ENTRY_TEXT % "root=/dev/mapper/rl-root ro crashkernel=1G rhgb $tuned_params intel_iommu=on iommu=pt"
    assert rhel.files[ENTRY % 1] == rhel.files[ENTRY % 2] == wanted
    assert (
        rhel.files["/etc/kernel/cmdline"] == "root=/dev/mapper/rl-root ro crashkernel=1G rhgb intel_iommu=on iommu=pt\n"
    )
    assert (
        rhel.files[DEFAULTS]
        == 'GRUB_CMDLINE_LINUX="crashkernel=1G rhgb intel_iommu=on iommu=pt"\nGRUB_ENABLE_BLSCFG=true\n'
    )
    written = list(rhel.writes())
    assert not rhel.run(IOMMU)["changed"] and rhel.writes() == written


def test_only_the_entry_that_lacks_something_is_written():
    rhel = Rhel()
    rhel.run(IOMMU)
    rhel.files[ENTRY % 3] = ENTRY_TEXT % "root=/dev/mapper/rl-root ro iommu=pt"
    del rhel.writes()[:]
    result = rhel.run(IOMMU)
    assert [(a["target"], a["reason"]) for a in result["actions"]] == [("intel_iommu", "1 of 3 boot entries differ")]
    assert [path for path, _text in rhel.writes()] == [ENTRY % 3]


def test_rhel_8_keeps_the_arguments_in_grubs_environment():
    rhel = Rhel("$kernelopts $tuned_params", "kernelopts=root=/dev/mapper/rl-root ro rhgb iommu=off\n")
    result = rhel.run(IOMMU)
    assert result["changed"]
    assert "kernelopts=root=/dev/mapper/rl-root ro rhgb intel_iommu=on iommu=pt\n" in rhel.files["/boot/grub2/grubenv"]
    assert rhel.files[ENTRY % 1] == ENTRY_TEXT % "$kernelopts $tuned_params"
    assert not rhel.run(IOMMU)["changed"]


def test_what_tuned_sets_again_is_found_and_all_is_put_back():
    rhel = Rhel(environment="tuned_params=iommu=soft\n")
    before = snapshot(rhel)
    result = rhel.run(IOMMU)
    assert result["failed"] and "iommu=soft" in result["msg"] and "put back" in result["msg"]
    assert snapshot(rhel) == before


def test_a_failed_write_of_the_second_entry_puts_the_first_back():
    rhel = Rhel()
    before = snapshot(rhel)
    rhel.host.tree.failures["replace", ENTRY % 2] = 28
    result = rhel.run(IOMMU)
    assert result["failed"] and "ENOSPC" in result["msg"] and snapshot(rhel) == before


def test_entries_left_over_beside_a_generated_grub_cfg_are_not_taken(debian):
    debian.files[ENTRY % 1] = ENTRY_TEXT % "root=/dev/vda"
    assert debian.run(IOMMU)["boot_loader"] == "grub"


# No boot loader that we know


def test_an_unknown_boot_loader_is_told_what_to_do_by_hand():
    machine = Machine()
    machine.boot("root=/dev/vda quiet")
    for check in (True, False):
        result = machine.run(IOMMU + [{"name": "quiet", "state": "absent"}], check=check)
        assert result["failed"] and result["error_kind"] == "unsupported"
        assert "add by hand: intel_iommu=on iommu=pt; take out by hand: quiet" in result["msg"]
    assert machine.writes() == []


def test_an_unknown_boot_loader_does_not_matter_where_the_kernel_has_everything():
    machine = Machine()
    machine.boot("root=/dev/vda iommu=pt intel_iommu=on quiet")
    result = machine.run(IOMMU)
    assert not result["changed"] and result["boot_loader"] == "unknown" and "no boot loader" in result["notes"][0]


def test_a_host_of_rpm_ostree_is_told_its_own_way():
    rhel = Rhel()
    rhel.files["/run/ostree-booted"] = ""
    result = rhel.run(IOMMU)
    assert result["failed"] and "rpm-ostree kargs" in result["msg"] and rhel.writes() == []


def test_nothing_wished_is_nothing_done():
    machine = Machine()
    machine.boot("root=/dev/vda")
    result = machine.run([])
    assert not result["changed"] and not result["reboot_needed"] and result["notes"] == []
