# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import subprocess

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.grub_config import boot_entries
from ansible_collections.kvm.vnic.plugins.modules import boot_parameters
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

DEFAULTS = "/etc/default/grub"
OWN = "/etc/default/grub.d/zz-kvm-vnic.cfg"
CONFIG = "/boot/grub/grub.cfg"
RECORD = "/var/lib/kvm-vnic/boot_parameters.json"
SOURCES_DIRECTORY = "for x in ${sysconfdir}/default/grub.d/*.cfg ; do\n"

DEBIAN = """\
# If you change this file, run 'update-grub' afterwards.
GRUB_DEFAULT=0
GRUB_DISTRIBUTOR=`( . /etc/os-release; echo ${NAME:-Debian} ) 2>/dev/null || echo Debian`
GRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=off"
GRUB_CMDLINE_LINUX="console=ttyS0"   # the serial console
"""

IOMMU = [{"name": "intel_iommu", "value": "on"}, {"name": "iommu", "value": "pt"}]


class GrubMkconfig:
    """grub-mkconfig over the memory host's files: a real shell sources them, as the real one's does. Counts its
    runs."""

    def __init__(self, tree, tmp_path, drop_ins=True):
        self.tree, self.tmp_path, self.drop_ins = tree, tmp_path, drop_ins
        self.runs = 0
        self.fails = ""
        self.before_writing = lambda: None

    def __call__(self, argv, stdin):
        self.runs += 1
        assert argv[1] == "-o"
        aside = argv[2]
        self.tree.contents[aside + ".new"] = "half"
        if self.fails:
            return Completed(1, "", self.fails)
        self.before_writing()
        names = [DEFAULTS] + sorted(
            path
            for path in self.tree.contents
            if self.drop_ins and path.startswith("/etc/default/grub.d/") and path.endswith(".cfg")
        )
        script = "set -e\n"
        for number, name in enumerate(names):
            if name in self.tree.contents:
                (self.tmp_path / str(number)).write_text(self.tree.contents[name])
                script += ". %s/%d\n" % (self.tmp_path, number)
        script += 'printf "%s\\n" "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT"\n'
        (self.tmp_path / "all").write_text(script)
        done = subprocess.run(["/bin/sh", str(self.tmp_path / "all")], capture_output=True, check=False)
        if done.returncode:
            return Completed(done.returncode, "", done.stderr.decode())
        main, default = done.stdout.decode().split("\n")[:2]
        del self.tree.contents[aside + ".new"]
        self.tree.contents[aside] = grub_cfg(main, default)
        return ""


def grub_cfg(main, default):
    linux = "\tlinux\t/boot/vmlinuz-6.12 root=/dev/vda ro %s\n\tinitrd\t/boot/initrd.img-6.12\n"
    entry = "menuentry 'Debian GNU/Linux%s' --class os {\n" + linux + "}\n"
    return (
        "### BEGIN /etc/grub.d/00_header ###\nset default=\"0\"\n### END /etc/grub.d/00_header ###\n"
        "### BEGIN /etc/grub.d/10_linux ###\n%s%s### END /etc/grub.d/10_linux ###\n"
        "### BEGIN /etc/grub.d/40_custom ###\nmenuentry 'Mine' {\n\tlinux /mine\n}\n### END /etc/grub.d/40_custom ###\n"
    ) % (entry % ("", "%s %s" % (main, default)), entry % (" (recovery mode)", "single %s" % main))


class Machine:
    """A host in memory with a boot loader; ``boot()`` starts it with what its first boot entry has."""

    def __init__(self):
        self.host = MemoryHost()
        self.files = self.host.tree.contents
        self.boots = 0

    def boot(self, line):
        self.boots += 1
        self.files["/proc/cmdline"] = "BOOT_IMAGE=/boot/vmlinuz-6.12 %s\n" % line
        self.files["/proc/sys/kernel/random/boot_id"] = "boot-%d\n" % self.boots

    def run(self, parameters, **more):
        check, diff = more.pop("check", False), more.pop("diff", False)
        return run_module(boot_parameters.main, self.host, dict(more, parameters=parameters), check=check, diff=diff)

    def writes(self):
        return self.host.tree.writes


class Debian(Machine):
    def __init__(self, tmp_path, tool="grub-mkconfig", drop_ins=True):
        super().__init__()
        self.mkconfig = GrubMkconfig(self.host.tree, tmp_path, drop_ins)
        self.config = CONFIG if tool == "grub-mkconfig" else "/boot/grub2/grub.cfg"
        self.host.commands.tools[tool] = self.mkconfig
        self.files["/usr/sbin/" + tool] = SOURCES_DIRECTORY if drop_ins else ". ${sysconfdir}/default/grub\n"
        self.files[DEFAULTS] = DEBIAN
        self.files[self.config] = grub_cfg("console=ttyS0", "quiet iommu=off")
        self.host.tree.modes[self.config] = 0o100444
        self.boot_default()

    def lines(self):
        return [str(entry.line) for entry in boot_entries(self.files[self.config])]

    def boot_default(self):
        self.boot(self.lines()[0])


@pytest.fixture
def debian(tmp_path):
    return Debian(tmp_path)


def arguments(line):
    return sorted(line.split())


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


def snapshot(machine):
    return {path: text for path, text in machine.files.items() if path.startswith(("/etc", "/boot"))}


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
        ("GRUB_CMDLINE_LINUX=\"a\0b\"\n", "NUL"),
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


ENTRY = "/boot/loader/entries/abc-5.14.0-%d.el9.x86_64.conf"
ENTRY_TEXT = """\
title Rocky Linux (5.14.0) 9.5
version 5.14.0
linux /vmlinuz-5.14.0
initrd /initramfs-5.14.0.img $tuned_initrd
options %s
grub_users $grub_users
grub_class rocky
"""


class Rhel(Machine):
    def __init__(
        self, options="root=/dev/mapper/rl-root ro crashkernel=1G iommu=off rhgb $tuned_params", environment=""
    ):
        super().__init__()
        self.host.commands.tools["grub2-mkconfig"] = lambda argv, stdin: pytest.fail("not with boot entries")
        self.host.commands.tools["grub2-editenv"] = self.editenv
        self.files["/boot/grub2/grub.cfg"] = "insmod blscfg\nblscfg\n"
        self.files["/boot/grub2/grubenv"] = (
            "# GRUB Environment Block\nsaved_entry=abc-5.14.0-1.el9.x86_64\n%s####\n" % environment
        )
        for number in (1, 2):
            self.files[ENTRY % number] = ENTRY_TEXT % options
        self.files["/etc/kernel/cmdline"] = "root=/dev/mapper/rl-root ro crashkernel=1G rhgb\n"
        self.files[DEFAULTS] = 'GRUB_CMDLINE_LINUX="crashkernel=1G rhgb"\nGRUB_ENABLE_BLSCFG=true\n'
        self.boot("root=/dev/mapper/rl-root ro crashkernel=1G iommu=off rhgb")

    def editenv(self, argv, stdin):
        assert argv[:3] == ["grub2-editenv", "/boot/grub2/grubenv", "set"]
        name, _equals, value = argv[3].partition("=")
        lines = [line for line in self.files[argv[1]].split("\n") if not line.startswith(name + "=")]
        self.files[argv[1]] = "\n".join(lines[:1] + ["%s=%s" % (name, value)] + lines[1:])


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


# Bad input


@pytest.mark.parametrize(
    ("parameter", "path", "word"),
    [
        ({"name": ""}, "parameters[0].name", "non-empty"),
        ({"name": "intel iommu"}, "parameters[0].name", "allowed"),
        ({"name": "intel_iommu=on"}, "parameters[0].name", "apart"),
        ({"name": 'a"b'}, "parameters[0].name", "allowed"),
        ({"name": "a\nb"}, "parameters[0].name", "allowed"),
        ({"name": "quiet\n"}, "parameters[0].name", "allowed"),
        ({"name": "a;b"}, "parameters[0].name", "allowed"),
        ({"name": "-rf"}, "parameters[0].name", "allowed"),
        ({"name": "--"}, "parameters[0].name", "allowed"),
        ({"name": "$(id)"}, "parameters[0].name", "allowed"),
        ({"name": "{{ x }}"}, "parameters[0].name", "allowed"),
        ({"name": "root", "value": "/dev/sda"}, "parameters[0].name", "boot loader"),
        ({"name": True}, "parameters[0].name", "quotes"),
        ({"name": "intel_iommu", "value": True}, "parameters[0].value", "quotes"),
        ({"name": "intel_iommu", "value": False}, "parameters[0].value", "quotes"),
        ({"name": "intel_iommu", "value": ""}, "parameters[0].value", "leave value out"),
        ({"name": "a", "value": 'b"c'}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "b'c"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "b\nc"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "b;reboot"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "$(id)"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "`id`"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "b\\"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "{{ x }}"}, "parameters[0].value", "unharmed"),
        ({"name": "a", "value": "gr\u00fcn"}, "parameters[0].value", "unharmed"),
    ],
)
def test_bad_input_is_refused_before_any_write(debian, parameter, path, word):
    result = debian.run([parameter])
    assert result["failed"] and result["error_kind"] == "value" and "hv1" in result["msg"]
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in result["problems"][0]["message"]
    assert debian.writes() == []


@pytest.mark.parametrize(
    "parameters",
    [
        [{"name": "quiet"}, {"name": "quiet"}],
        [{"name": "intel_iommu", "value": "on"}, {"name": "intel-iommu", "value": "on"}],
        [{"name": "quiet"}, {"name": "quiet", "state": "absent"}],
        [{"name": "a", "value": "1", "state": "absent"}, {"name": "a", "value": "2"}],
    ],
)
def test_contradictions_are_refused(debian, parameters):
    result = debian.run(parameters)
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == ["parameters[1]"]
    assert debian.writes() == []


def test_a_command_line_longer_than_the_kernel_keeps_is_refused(debian):
    result = debian.run([{"name": "x", "value": "y" * 2030}])
    assert result["failed"] and result["error_kind"] == "value" and "2047" in result["msg"] and debian.writes() == []
