# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.modules import vhost_net
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

FILE = "/etc/modprobe.d/kvm-vnic-vhost.conf"
MODULE = "/sys/module/vhost_net"
VALUE = MODULE + "/parameters/experimental_zcopytx"


class Kmod:
    """modprobe and rmmod over the module's place in sysfs, as Debian 13's do it."""

    def __init__(self, host):
        self.host, self.tree, self.there, self.lines = host, host.tree, True, []
        for tool in ("modprobe", "rmmod"):
            host.commands.tools[tool] = self
        self.tree.contents["/proc/sys/kernel/osrelease"] = "6.12.0\n"
        self.tree.contents["/proc/cmdline"] = "root=/dev/vda\n"
        self.tree.contents["/etc/modprobe.d/debian.conf"] = "options vhost max_mem_regions=128\n"

    def load(self):
        value = "0"
        for line in self.tree.contents.get(FILE, "").splitlines():
            if line.startswith("options vhost_net experimental_zcopytx="):
                value = line.split("=")[1]
        self.tree.contents.update({VALUE: value + "\n", MODULE + "/refcnt": "0\n", MODULE + "/initstate": "live\n"})

    def __call__(self, argv, stdin):
        if argv == ["modprobe", "--dry-run", "vhost_net"]:
            return "" if self.there else Completed(1, "", "modprobe: FATAL: Module vhost_net not found")
        self.lines.append(" ".join(argv))
        if argv == ["modprobe", "vhost_net"]:
            self.load()
        elif argv == ["rmmod", "vhost_net"]:
            if self.tree.contents[MODULE + "/refcnt"] != "0\n":
                return Completed(1, "", "rmmod: ERROR: Module vhost_net is in use")
            for path in [path for path in self.tree.contents if path.startswith(MODULE + "/")]:
                del self.tree.contents[path]
        else:
            raise AssertionError(argv)
        return ""

    def hold(self, pid, comm, *arguments):
        self.tree.symlinks["/proc/%d/fd/31" % pid] = "/dev/vhost-net"
        self.tree.contents["/proc/%d/comm" % pid] = comm + "\n"
        self.tree.contents["/proc/%d/cmdline" % pid] = "\0".join(arguments) + "\0"
        self.tree.contents[MODULE + "/refcnt"] = "1\n"

    def release(self, pid):
        for stored in (self.tree.symlinks, self.tree.contents):
            for path in [path for path in stored if path.startswith("/proc/%d/" % pid)]:
                del stored[path]
        self.tree.contents[MODULE + "/refcnt"] = "0\n"


@pytest.fixture
def host():
    host = MemoryHost()
    host.kmod = Kmod(host)
    return host


def run(host, check=False, **params):
    return run_module(vhost_net.main, host, params, check=check)


def fields(result):
    return [(a["field"], a["before"], a["after"]) for a in result["actions"]]


def written(host):
    return [path for path, value in host.tree.writes]


def test_load_then_nothing_to_do(host):
    checked = run(host, check=True, loaded=True)
    assert fields(checked) == [("loaded", False, True)] and host.kmod.lines == []
    assert run(host, loaded=True)["actions"] == checked["actions"]
    assert host.kmod.lines == ["modprobe vhost_net"] and written(host) == []
    again = run(host, loaded=True)
    assert not again["changed"] and again["pending"] == [] and host.kmod.lines == ["modprobe vhost_net"]


def test_nothing_wished_is_left_alone(host):
    host.kmod.load()
    host.tree.contents[VALUE] = "1\n"
    result = run(host)
    assert not result["changed"] and result["pending"] == [] and host.kmod.lines == [] and written(host) == []


def test_zero_copy_is_written_and_takes_effect_at_once_when_nobody_uses_it(host):
    host.kmod.load()
    checked = run(host, check=True, zero_copy=True)
    assert fields(checked) == [("configuration", None, True), ("zero_copy", False, True)]
    assert checked["pending"] == [] and host.kmod.lines == [] and written(host) == []
    result = run(host, zero_copy=True)
    assert not result["failed"] and result["actions"] == checked["actions"] and result["pending"] == []
    assert host.tree.contents[FILE].endswith("\noptions vhost_net experimental_zcopytx=1\n")
    assert host.tree.modes[FILE] == 0o644
    assert host.kmod.lines == ["rmmod vhost_net", "modprobe vhost_net"] and host.tree.contents[VALUE] == "1\n"
    writes = written(host)
    again = run(host, zero_copy=True)
    assert not again["changed"] and written(host) == writes and len(host.kmod.lines) == 2


def test_the_note_says_what_zero_copy_does_not_do(host):
    host.kmod.load()
    notes = " ".join(run(host, zero_copy=True)["notes"])
    for words in ("256 bytes", "received packets are always copied", "2019", "098eadce"):
        assert words in notes
    assert "256" not in " ".join(run(host, zero_copy=False)["notes"])


def test_zero_copy_off_again(host):
    host.kmod.load()
    run(host, zero_copy=True)
    assert fields(run(host, zero_copy=False)) == [("configuration", True, False), ("zero_copy", True, False)]
    assert host.tree.contents[VALUE] == "0\n" and "experimental_zcopytx=0" in host.tree.contents[FILE]
    assert not run(host, zero_copy=False)["changed"]


def test_off_by_the_kernels_default_needs_no_file(host):
    host.kmod.load()
    assert not run(host, zero_copy=False)["changed"] and written(host) == []


def test_while_guests_run_it_is_written_and_pending_and_they_are_named(host):
    host.kmod.load()
    host.kmod.hold(4711, "qemu-system-x86", "qemu-system-x86_64", "-name", "guest=web1,debug-threads=on", "-S")
    host.kmod.hold(99, "vhost-user", "thing")
    result = run(host, zero_copy=True)
    assert not result["failed"] and fields(result) == [("configuration", None, True)]
    assert host.kmod.lines == [] and host.tree.contents[VALUE] == "0\n"
    (pending,) = result["pending"]
    assert (pending["field"], pending["current"], pending["wanted"], pending["until"]) == (
        "zero_copy",
        False,
        True,
        "boot",
    )
    assert (
        "guest web1 (process 4711, qemu-system-x86)" in pending["reason"]
        and "process 99 (vhost-user)" in pending["reason"]
    )
    again = run(host, zero_copy=True)
    assert not again["changed"] and again["pending"] == result["pending"] and written(host) == [FILE]
    host.kmod.release(99)
    host.kmod.release(4711)
    assert fields(run(host, zero_copy=True)) == [("zero_copy", False, True)]


@pytest.mark.parametrize(
    "arguments, name",
    [
        (["qemu", "-name", "guest=web1,debug-threads=on"], "guest web1 (process"),
        (["qemu", "-name", "web1"], "guest web1 (process"),
        (["qemu", "-name", "guest=a,,b"], "guest a,b (process"),
        (["qemu", "-name", "guest=-rf $(id)"], "guest -rf $(id) (process"),
        (["qemu", "-name", "guest=x\x1b[31m\ny"], "guest x?[31m?y (process"),
        (["qemu", "-name"], "process 4711 (qemu-system-x86)"),
        (["qemu"], "process 4711 (qemu-system-x86)"),
    ],
)
def test_guests_names_are_data(host, arguments, name):
    host.kmod.load()
    host.kmod.hold(4711, "qemu-system-x86", *arguments)
    assert name in run(host, zero_copy=True)["pending"][0]["reason"]


def test_a_user_that_cannot_be_found_counts(host):
    host.kmod.load()
    host.tree.contents[MODULE + "/refcnt"] = "2\n"
    result = run(host, zero_copy=True)
    assert "the kernel counts 2 users" in result["pending"][0]["reason"] and host.kmod.lines == []


def test_processes_that_cannot_be_looked_into_count(host):
    host.kmod.load()
    host.tree.contents["/proc/7/comm"] = "init\n"
    host.tree.failures["links", "/proc/7/fd"] = errno.EACCES
    result = run(host, zero_copy=True)
    assert "run as root" in result["pending"][0]["reason"] and host.kmod.lines == []


def test_a_guest_that_starts_in_between_fails_the_step_and_loses_nothing(host):
    host.kmod.load()

    def late(argv, stdin):
        if argv[0] == "rmmod":
            host.kmod.tree.contents[MODULE + "/refcnt"] = "1\n"
        return host.kmod(argv, stdin)

    host.commands.tools["rmmod"] = late
    result = run(host, zero_copy=True)
    assert result["failed"] and result["error_kind"] == "apply" and "in use" in result["msg"]
    assert host.tree.contents[VALUE] == "0\n" and "modprobe vhost_net" not in host.kmod.lines


def test_the_module_is_not_reloaded_when_its_configuration_could_not_be_written(host):
    host.kmod.load()
    host.tree.failures["replace", FILE] = errno.ENOSPC
    result = run(host, zero_copy=True)
    assert result["failed"] and "ENOSPC" in result["msg"] and host.kmod.lines == []


def test_not_loaded_it_is_loaded_with_the_wish(host):
    result = run(host, loaded=True, zero_copy=True)
    assert fields(result) == [("configuration", None, True), ("loaded", False, True)] and result["pending"] == []
    assert host.tree.contents[VALUE] == "1\n" and not run(host, loaded=True, zero_copy=True)["changed"]


def test_not_loaded_and_not_wished_so_it_waits_for_a_guest(host):
    result = run(host, zero_copy=True)
    assert fields(result) == [("configuration", None, True)] and host.kmod.lines == []
    assert [(p["current"], p["wanted"], p["until"]) for p in result["pending"]] == [(None, True, "guest_start")]
    assert not run(host, zero_copy=True)["changed"]
    assert fields(run(host, zero_copy=False)) == [("configuration", True, False)]
    assert run(host, zero_copy=False)["pending"] == []


def test_unload(host):
    host.kmod.load()
    assert fields(run(host, loaded=False)) == [("loaded", True, False)] and host.kmod.lines == ["rmmod vhost_net"]
    assert not run(host, loaded=False)["changed"]


def test_unloading_is_refused_while_a_guest_uses_it(host):
    host.kmod.load()
    host.kmod.hold(4711, "qemu-system-x86", "qemu", "-name", "guest=web1")
    for check in (True, False):
        result = run(host, check=check, loaded=False)
        assert result["failed"] and result["error_kind"] == "conflict" and "guest web1" in result["msg"]
    assert host.kmod.lines == []


@pytest.mark.parametrize(
    "path, text",
    [
        ("/etc/modprobe.d/aaa.conf", "# mine\noptions vhost-net experimental_zcopytx=0\n"),
        ("/usr/lib/modprobe.d/vendor.conf", "options vhost_net \\\n  experimental_zcopytx=0x0\n"),
        ("/run/modprobe.d/x.conf", "options vhost_net experimental_zcopytx=maybe\n"),
        ("/proc/cmdline", "quiet vhost-net.experimental_zcopytx=0\n"),
    ],
)
def test_somebody_else_who_says_otherwise_is_a_conflict_that_names_him(host, path, text):
    host.kmod.load()
    host.tree.contents[path] = text
    result = run(host, zero_copy=True)
    assert result["failed"] and result["error_kind"] == "conflict" and written(host) == [] and host.kmod.lines == []
    assert ("kernel command line" if path == "/proc/cmdline" else path) in result["msg"]


def test_a_file_that_is_shadowed_says_nothing(host):
    host.kmod.load()
    host.tree.contents["/usr/lib/modprobe.d/vendor.conf"] = "options vhost_net experimental_zcopytx=0\n"
    host.tree.contents["/etc/modprobe.d/vendor.conf"] = "\n"
    host.tree.contents["/etc/modprobe.d/other"] = "options vhost_net experimental_zcopytx=0\n"
    assert not run(host, zero_copy=True)["failed"]


def test_a_kernel_without_the_module(host):
    host.kmod.there = False
    for check in (True, False):
        result = run(host, check=check, loaded=True)
        assert result["failed"] and result["error_kind"] == "unsupported" and "6.12.0" in result["msg"]


def test_a_built_in_module_takes_its_parameter_from_the_command_line(host):
    host.kmod.load()
    del host.tree.contents[MODULE + "/initstate"]
    del host.tree.contents[MODULE + "/refcnt"]
    assert not run(host, loaded=True, zero_copy=False)["changed"]
    result = run(host, zero_copy=True)
    assert (
        result["failed"]
        and result["error_kind"] == "unsupported"
        and "vhost_net.experimental_zcopytx=1" in result["msg"]
    )
    assert run(host, loaded=False)["error_kind"] == "unsupported" and written(host) == []


def test_a_module_without_the_parameter(host):
    host.kmod.load()
    del host.tree.contents[VALUE]
    assert not run(host, zero_copy=False)["changed"]
    result = run(host, zero_copy=True)
    assert result["failed"] and result["error_kind"] == "unsupported" and "experimental_zcopytx" in result["msg"]


@pytest.mark.parametrize(
    "mode, told", [(0o20660, False), (0o20600, False), (0o20666, True), (0o20664, True), (0o20662, True)]
)
def test_the_devices_permissions_are_told_and_never_changed(host, mode, told):
    host.kmod.load()
    host.tree.contents["/dev/vhost-net"] = ""
    host.tree.modes["/dev/vhost-net"] = mode
    result = run(host, loaded=True)
    assert "/dev/vhost-net has mode %04o and belongs to 0:0" % (mode & 0o777) in result["notes"]
    assert any("open to every user" in note for note in result["notes"]) == told
    assert not result["changed"] and written(host) == [] and host.tree.modes["/dev/vhost-net"] == mode


def test_the_devices_owner_by_name(host):
    host.kmod.load()
    host.tree.contents["/dev/vhost-net"] = ""
    host.tree.modes["/dev/vhost-net"] = 0o20660
    host.commands.tools["getent"] = lambda argv, stdin: "%s:x:0:\n" % {"passwd": "root", "group": "kvm"}[argv[1]]
    assert "/dev/vhost-net has mode 0660 and belongs to root:kvm" in run(host, loaded=True)["notes"]


def test_a_missing_device_is_told(host):
    host.kmod.load()
    assert any("does not exist" in note for note in run(host, loaded=True)["notes"])


@pytest.mark.parametrize("params", [{"zero_copy": "maybe"}, {"loaded": 2}, {"zero_copy": [True]}, {"zerocopy": True}])
def test_bad_input_is_refused_before_any_write(host, params):
    host.kmod.load()
    result = run(host, **params)
    assert result["failed"] and list(params)[0] in result["msg"] and written(host) == [] and host.kmod.lines == []
