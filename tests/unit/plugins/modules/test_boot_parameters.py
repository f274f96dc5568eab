# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.grub_config import boot_entries
from ansible_collections.kvm.vnic.tests.unit.memory_host.boot import (
    CONFIG,
    DEBIAN,
    DEFAULTS,
    IOMMU,
    OWN,
    RECORD,
    Debian,
    arguments,
    grub_cfg,
    snapshot,
)


@pytest.fixture
def debian(tmp_path):
    return Debian(tmp_path)


def test_debian_gets_every_argument_once_and_asks_for_a_reboot(debian):
    result = debian.run(IOMMU)
    assert result["changed"] and result["boot_loader"] == "grub"
    assert [arguments(line) for line in debian.lines()] == [
        ["console=ttyS0", "intel_iommu=on", "iommu=pt", "quiet", "ro", "root=/dev/vda"],
        ["console=ttyS0", "intel_iommu=on", "iommu=pt", "ro", "root=/dev/vda", "single"],
    ]
    assert debian.files[DEFAULTS] == DEBIAN
    assert result["reboot_needed"] and result["reboot_reasons"] == [
        "the running kernel was started without intel_iommu=on",
        "the running kernel was started with iommu=off instead of iommu=pt",
    ]
    assert [(p["target"], p["until"], p["current"], p["wanted"]) for p in result["pending"]] == [
        ("intel_iommu", "boot", None, "intel_iommu=on"),
        ("iommu", "boot", "iommu=off", "iommu=pt"),
    ]
    assert "reboot needed because" in result["pending"][0]["reason"]
    assert [
        (a["target"], a["before"], a["after"]) for a in result["actions"] if a["field"] == "boot_configuration"
    ] == [
        ("intel_iommu", None, "intel_iommu=on"),
        ("iommu", ["iommu=off", None], "iommu=pt"),
    ]


def test_the_second_run_writes_nothing_and_still_says_reboot(debian):
    debian.run(IOMMU)
    written, runs = list(debian.writes()), debian.mkconfig.runs
    result = debian.run(IOMMU)
    assert not result["changed"] and result["reboot_needed"]
    assert debian.writes() == written and debian.mkconfig.runs == runs


def test_after_the_reboot_nothing_is_left(debian):
    debian.run(IOMMU)
    debian.boot_default()
    written = list(debian.writes())
    result = debian.run(IOMMU)
    assert not result["changed"] and not result["reboot_needed"] and result["pending"] == [] and result["notes"] == []
    assert debian.writes() == written


def test_a_reboot_is_never_asked_for_twice_for_the_same_reason(debian):
    debian.run(IOMMU)
    debian.boot("root=/dev/vda ro console=ttyS0 quiet iommu=pt")
    written = list(debian.writes())
    result = debian.run(IOMMU)
    assert result["failed"] and result["error_kind"] == "verification"
    assert "the last boot did not take intel_iommu=on" in result["msg"] and "iommu=pt," not in result["msg"]
    assert "BOOT_IMAGE=/boot/vmlinuz-6.12" in result["msg"] and RECORD in result["msg"]
    assert debian.writes() == written
    assert debian.run(IOMMU, check=True)["failed"]
    del debian.files[RECORD]
    assert debian.run(IOMMU)["reboot_needed"]


def test_another_reason_asks_again(debian):
    debian.run(IOMMU)
    debian.boot_default()
    result = debian.run([{"name": "intel_iommu", "value": "off"}])
    assert result["reboot_needed"] and result["reboot_reasons"] == [
        "the running kernel was started with intel_iommu=on instead of intel_iommu=off"
    ]
    debian.boot_default()
    assert not debian.run([{"name": "intel_iommu", "value": "off"}])["reboot_needed"]


def test_an_argument_that_was_lost_and_put_back_asks_again(debian):
    debian.run(IOMMU)
    debian.boot_default()
    debian.files.pop(OWN)
    debian.files[CONFIG] = grub_cfg("console=ttyS0", "quiet")
    debian.boot_default()
    assert debian.run(IOMMU)["reboot_needed"]
    debian.boot_default()
    assert not debian.run(IOMMU)["reboot_needed"]


def test_the_record_is_for_root_alone(debian):
    debian.run(IOMMU)
    assert debian.host.tree.modes["/var/lib/kvm-vnic"] == 0o700
    assert debian.host.tree.modes[RECORD] == 0o600
    assert json.loads(debian.files[RECORD])["iommu"] == {"values": ["pt"], "boot_id": "boot-1"}


def test_what_others_already_give_is_left_to_them(debian):
    debian.files[CONFIG] = grub_cfg("console=ttyS0 intel_iommu=on iommu=pt", "quiet")
    debian.files[DEFAULTS] = DEBIAN.replace(" iommu=off", "").replace("ttyS0", "ttyS0 intel_iommu=on iommu=pt")
    debian.boot_default()
    result = debian.run(IOMMU)
    assert not result["changed"] and not result["reboot_needed"] and debian.writes() == []


@pytest.mark.usefixtures("once")
def test_a_part_of_a_name_is_not_the_name(debian):
    debian.files[CONFIG] = grub_cfg("xintel_iommu=on intel_iommu=on,sm_on iommu.passthrough=1", "quiet")
    debian.files[DEFAULTS] = 'GRUB_CMDLINE_LINUX="xintel_iommu=on intel_iommu=on,sm_on iommu.passthrough=1"\n'
    debian.run(IOMMU)
    assert arguments(debian.lines()[0])[:4] == ["intel_iommu=on", "iommu.passthrough=1", "iommu=pt", "ro"]
    assert "xintel_iommu=on" in debian.lines()[0]


def test_a_configuration_that_was_changed_and_not_generated_is_generated(debian):
    debian.files[DEFAULTS] = DEBIAN.replace("ttyS0", "ttyS0 intel_iommu=on iommu=pt").replace(" iommu=off", "")
    result = debian.run(IOMMU)
    assert result["changed"] and OWN not in debian.files
    assert "intel_iommu=on" in debian.lines()[0]
    assert not debian.run(IOMMU)["changed"]


def test_a_generated_file_that_the_configuration_would_lose_is_secured(debian):
    debian.files[CONFIG] = grub_cfg("console=ttyS0 intel_iommu=on iommu=pt", "quiet")
    result = debian.run(IOMMU)
    assert {a["reason"] for a in result["actions"] if a["field"] == "boot_configuration"} == {
        "kernels installed later would differ"
    }
    assert not debian.run(IOMMU)["changed"]


def test_a_boot_configuration_that_was_never_generated_is_generated(debian):
    del debian.files[CONFIG]
    debian.host.tree.directories.add("/boot/grub")
    result = debian.run(IOMMU)
    assert {a["reason"] for a in result["actions"] if a["field"] == "boot_configuration"} == {"no boot entry was found"}
    assert "intel_iommu=on" in debian.lines()[0] and not debian.run(IOMMU)["changed"]


def test_absent_takes_out_what_others_give_and_forgets_our_own(debian):
    debian.run(IOMMU)
    result = debian.run([{"name": "quiet", "state": "absent"}, {"name": "intel-iommu", "state": "absent"}])
    assert result["changed"]
    assert arguments(debian.lines()[0]) == ["console=ttyS0", "iommu=pt", "ro", "root=/dev/vda"]
    assert "intel_iommu" not in debian.files[OWN]
    again = debian.run([{"name": "quiet", "state": "absent"}, {"name": "intel-iommu", "state": "absent"}])
    assert not again["changed"] and again["reboot_reasons"] == ["the running kernel was started with quiet"]


def test_our_file_goes_when_it_has_nothing_to_say(debian):
    debian.files[DEFAULTS] = 'GRUB_CMDLINE_LINUX="console=ttyS0"\n'
    debian.files[CONFIG] = grub_cfg("console=ttyS0", "")
    debian.run(IOMMU)
    assert OWN in debian.files
    debian.run([dict(item, state="absent", value=None) for item in IOMMU])
    assert OWN not in debian.files and "iommu" not in debian.files[CONFIG]


def test_absent_with_a_value_leaves_the_other_values(debian):
    debian.files[DEFAULTS] = 'GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0"\n'
    debian.files[CONFIG] = grub_cfg("console=tty0 console=ttyS0", "")
    debian.run([{"name": "console", "value": "tty0", "state": "absent"}])
    assert arguments(debian.lines()[0]) == ["console=ttyS0", "ro", "root=/dev/vda"]


def test_several_values_of_one_name_keep_their_order(debian):
    consoles = [{"name": "console", "value": "tty0"}, {"name": "console", "value": "ttyS1,115200n8"}]
    debian.run(consoles)
    assert [word for word in debian.lines()[0].split() if word.startswith("console")] == [
        "console=tty0",
        "console=ttyS1,115200n8",
    ]
    assert not debian.run(consoles)["changed"]
    assert debian.run(consoles[::-1])["changed"]


def test_huge_pages_keep_their_pairs(debian):
    wish = [{"name": "hugepagesz", "value": "1G"}, {"name": "hugepages", "value": "4"}]
    debian.files[DEFAULTS] = 'GRUB_CMDLINE_LINUX="hugepages=4 hugepagesz=1G"\n'
    debian.files[CONFIG] = grub_cfg("hugepages=4 hugepagesz=1G", "")
    assert debian.run(wish)["changed"]
    assert "hugepagesz=1G hugepages=4" in debian.lines()[0]
    assert not debian.run(wish)["changed"]
    refused = debian.run([{"name": "hugepages", "value": "8"}])
    assert refused["failed"] and refused["error_kind"] == "conflict" and "list hugepagesz too" in refused["msg"]


def test_a_value_with_blanks_is_quoted_for_the_kernel(debian):
    wish = [{"name": "dyndbg", "value": "file drivers/pci/* +p"}]
    debian.run(wish)
    assert '"dyndbg=file drivers/pci/* +p"' in debian.lines()[0]  # so GRUB hands it to the kernel
    assert 'dyndbg="file drivers/pci/* +p"' in debian.files[CONFIG]
    assert not debian.run(wish)["changed"]
    debian.boot_default()
    assert not debian.run(wish)["reboot_needed"]


def test_check_mode_writes_nothing_and_tells_the_same_actions(debian):
    checked = debian.run(IOMMU, check=True)
    assert checked["changed"] and checked["reboot_needed"] and debian.writes() == [] and debian.mkconfig.runs == 0
    assert debian.run(IOMMU)["actions"] == checked["actions"]


def test_the_diff_shows_the_boot_entries(debian):
    diff = debian.run(IOMMU, diff=True)["diff"]
    assert "iommu=off" in diff["before"] and "iommu=pt" not in diff["before"]
    assert "iommu=pt" in diff["after"] and "iommu=off" not in diff["after"]


def test_when_generating_fails_the_files_are_put_back(debian):
    before = snapshot(debian)
    debian.mkconfig.fails = "grub-probe: error: cannot find a device for /"
    result = debian.run(IOMMU)
    assert result["failed"] and result["error_kind"] == "apply"
    assert "cannot find a device" in result["msg"] and "put back as they were" in result["msg"] and OWN in result["msg"]
    assert snapshot(debian) == before


def test_a_generated_file_without_kernels_is_not_put_in_place(debian):
    before = snapshot(debian)
    debian.host.commands.tools["grub-mkconfig"] = lambda argv, stdin: debian.files.update({argv[2]: "# nothing\n"})
    result = debian.run(IOMMU)
    assert result["failed"] and result["error_kind"] == "verification" and "no kernel" in result["msg"]
    assert snapshot(debian) == before


def test_a_later_file_that_sets_ours_again_is_found_and_all_is_put_back(debian):
    debian.files["/etc/default/grub.d/zzz.cfg"] = 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX iommu=soft"\n'
    before = snapshot(debian)
    result = debian.run(IOMMU)
    assert result["failed"] and result["error_kind"] == "verification" and "iommu=soft" in result["msg"]
    assert snapshot(debian) == before


@pytest.mark.parametrize("code", [5, 28, 30, 13])
def test_a_full_disk_puts_everything_back(debian, code):
    before = snapshot(debian)
    debian.host.tree.failures["replace", CONFIG] = code
    result = debian.run(IOMMU)
    assert result["failed"] and "put back as they were" in result["msg"]
    assert snapshot(debian) == before


def test_when_putting_back_fails_too_the_error_shouts(debian):
    debian.mkconfig.fails = "no space"
    debian.host.tree.failures["remove", OWN] = 30
    result = debian.run(IOMMU)
    assert result["failed"] and "PUTTING BACK FAILED" in result["msg"] and "EROFS" in result["msg"]


@pytest.mark.usefixtures("once")
def test_a_kill_after_each_write_leaves_something_that_the_next_run_mends(debian, tmp_path):
    class Killed(BaseException):
        pass

    def counted(original, done, allowed):
        def call(*arguments):
            if len(done) >= allowed:
                raise Killed
            done.append(arguments)
            return original(*arguments)

        return call

    wanted = None
    for allowed in range(20):
        machine = Debian(tmp_path)
        tree, done = machine.host.tree, []
        for name in ("replace", "remove", "mkdir"):
            setattr(tree, "_" + name, counted(getattr(tree, "_" + name), done, allowed))
        try:
            machine.run(IOMMU)
        except Killed:
            for name in ("replace", "remove", "mkdir"):
                delattr(tree, "_" + name)
            assert boot_entries(machine.files[CONFIG])
            assert machine.run(IOMMU)["reboot_needed"]
        after = {path: text for path, text in snapshot(machine).items() if ".kvm-vnic" not in path}
        wanted = wanted or after
        assert after == wanted
        assert not machine.run(IOMMU)["changed"]
        if len(done) < allowed:
            assert allowed > 4
            return
    raise AssertionError("never ran to the end")


def test_permissions_stay(debian):
    debian.run(IOMMU)
    assert debian.host.tree.modes[CONFIG] == 0o444


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (DEBIAN[:-30], "never closes"),
        ("GRUB_CMDLINE_LINUX='quiet\n", "line 1"),
        ("A=1\nGRUB_CMDLINE_LINUX=$(echo a\n", "line 2"),
        ('GRUB_CMDLINE_LINUX="a\0b"\n', "NUL"),
    ],
)
def test_a_garbled_file_is_refused(debian, text, word):
    debian.files[DEFAULTS] = text
    for check in (True, False):
        result = debian.run(IOMMU, check=check)
        assert (
            result["failed"]
            and result["error_kind"] == "conflict"
            and DEFAULTS in result["msg"]
            and word in result["msg"]
        )
    assert debian.writes() == []


def test_settings_that_only_a_shell_can_tell_still_work(debian):
    debian.files["/etc/default/grub.d/50-cloud.cfg"] = (
        'if true; then GRUB_CMDLINE_LINUX="$(echo iommu=soft) nosmt"; fi\n'
    )
    result = debian.run(IOMMU)
    assert arguments(debian.lines()[0]) == ["intel_iommu=on", "iommu=pt", "nosmt", "quiet", "ro", "root=/dev/vda"]
    assert len(result["notes"]) == 1 and "50-cloud.cfg" in result["notes"][0]
    assert not debian.run(IOMMU)["changed"]


def test_our_file_edited_by_hand_is_written_anew(debian):
    debian.run(IOMMU)
    debian.files[OWN] = 'GRUB_CMDLINE_LINUX="oops"\n'
    result = debian.run(IOMMU)
    assert result["changed"] and "intel_iommu=on" in debian.files[OWN]
