# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts in memory that boot: by GRUB, by Boot Loader Specification entries, or by nothing that we know."""

from __future__ import annotations

import subprocess

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.grub_config import boot_entries
from ansible_collections.kvm.vnic.plugins.modules import boot_parameters

from .host import MemoryHost
from .module import run_module

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
        '### BEGIN /etc/grub.d/00_header ###\nset default="0"\n### END /etc/grub.d/00_header ###\n'
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


def _never(argv, stdin):
    raise AssertionError("%s is not for hosts with boot entries" % argv[0])


class Rhel(Machine):
    def __init__(
        self, options="root=/dev/mapper/rl-root ro crashkernel=1G iommu=off rhgb $tuned_params", environment=""
    ):
        super().__init__()
        self.host.commands.tools["grub2-mkconfig"] = _never
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


def snapshot(machine):
    return {path: text for path, text in machine.files.items() if path.startswith(("/etc", "/boot"))}


def arguments(line):
    return sorted(line.split())
