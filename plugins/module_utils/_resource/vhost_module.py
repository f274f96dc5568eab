# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host tells of its module vhost_net: the kernel's view, the configuration's, and who uses it."""

from __future__ import annotations

from dataclasses import dataclass

from .._host.accounts import Accounts
from .._model.action import UNKNOWN
from .._model.module_options import as_switch, options_in_file, options_on_command_line
from .vhost_users import DEVICE, vhost_users

MODULE = "vhost_net"
PARAMETER = "experimental_zcopytx"
SYSFS = "/sys/module/" + MODULE
CONFIGURATION = "/etc/modprobe.d/kvm-vnic-vhost.conf"
# modprobe.d(5); of files with the same name the first directory's counts
DIRECTORIES = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)


@dataclass(frozen=True)
class Device:
    """``mode``: the permission bits; ``owner``, ``group``: names, or numbers where there is none."""

    mode: int
    owner: str
    group: str


@dataclass(frozen=True)
class ModuleState:
    """``zero_copy``: the running module's, None when there is none; ``configured``: what our file says for the next
    loading, or None; ``text``: all of that file, or None.

    ``foreign``: ``((file or "the kernel command line", on or off or None for nonsense), …)``. ``users``: sentences,
    found out only where a step needs
    to know. ``available``: whether the module could be loaded; likewise.
    """

    loaded: bool
    built_in: bool = False
    zero_copy: object = None
    configured: object = None
    foreign: tuple = ()
    device: object = None
    users: tuple = ()
    available: bool = True
    kernel: str = ""
    text: object = None


def configuration_text(on):
    """The whole of our file."""
    return "# Written by kvm.vnic (module vhost_net).\noptions %s %s=%d\n" % (MODULE, PARAMETER, on)


def _switches(pairs):
    return [as_switch(value) for option, value in pairs if option == PARAMETER]


def _configured(files):
    """``(what our file says, foreign, our file's text or None)``."""
    paths = {}
    for directory in DIRECTORIES:
        for name in files.listdir(directory):
            if name.endswith(".conf"):
                paths.setdefault(name, "%s/%s" % (directory, name))
    own, foreign, ours = None, [], None
    for path, text in files.read_many([paths[name] for name in sorted(paths)], "").items():
        ours = text if path == CONFIGURATION else ours
        for value in _switches(options_in_file(text, MODULE)):
            if path == CONFIGURATION:
                own = value
            else:
                foreign.append((path, value))
    for value in _switches(options_on_command_line(files.read_or("/proc/cmdline", ""), MODULE)):
        foreign.append(("the kernel command line", value))
    return own, tuple(foreign), ours


def _device(host):
    status = host.files.stat(DEVICE)
    if status is None:
        return None
    user, group = str(status["uid"]), str(status["gid"])
    if host.commands.find("getent"):
        accounts = Accounts(host.commands)
        user, group = accounts.users([user]).get(user, (0, user))[1], accounts.groups([group]).get(group, (0, group))[1]
    return Device(status["mode"] & 0o7777, user, group)


def _count(text):
    return int(text) if text is not UNKNOWN and text.isdigit() else None


def read_module(host, wish):
    """The ModuleState, in so far as ``wish`` (its ``loaded`` and ``zero_copy``) is concerned."""
    files = host.files
    loaded = files.exists(SYSFS)
    zero_copy = as_switch(files.read_or("%s/parameters/%s" % (SYSFS, PARAMETER), "")) if loaded else None
    asked = wish.zero_copy is not None or wish.configuration is not None
    own, foreign, text = _configured(files) if asked else (None, (), None)
    users, available = (), True
    if loaded and (wish.loaded is False or wish.zero_copy not in (None, bool(zero_copy))):
        users = vhost_users(files, _count(files.read_or(SYSFS + "/refcnt")))
    if wish.loaded and not loaded:
        available = not host.commands.run(["modprobe", "--dry-run", MODULE], check=False).code
    return ModuleState(
        loaded=loaded,
        built_in=loaded and not files.exists(SYSFS + "/initstate"),  # kernel/module/sysfs.c: of loadable modules only
        zero_copy=zero_copy,
        configured=own,
        foreign=foreign,
        device=_device(host),
        users=users,
        available=available,
        text=text,
        kernel=files.read_or("/proc/sys/kernel/osrelease", ""),
    )
