# SPDX-License-Identifier: GPL-3.0-or-later
"""The irqbalance of a host: how it is started, what it was told, and what the running one was told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._model.action import UNKNOWN
from .._model.environment_file import exact_setting, read_environment
from .._model.irqbalance_settings import (
    ARGUMENTS,
    BANNED_CPUS,
    DIRECTORY,
    banned_cpus,
    devices_of,
    is_ours,
    policy_script,
    script_text,
)
from .._model.irqbalance_wish import LINES

UNIT = "irqbalance.service"
_PROPERTIES = "LoadState,ActiveState,MainPID,EnvironmentFiles,ExecStart"
_COMMAND = re.compile(r"argv\[\]=(.*?) ; ", re.DOTALL)
_FILE = re.compile(r"^(/\S+)(?: \(ignore_errors=\w+\))?\Z", re.ASCII)
_VARIABLES = ("$" + ARGUMENTS, "${%s}" % ARGUMENTS)
# Debian and Ubuntu; RHEL and SUSE. Which one counts, the unit says.
FILES = ("/etc/default/irqbalance", "/etc/sysconfig/irqbalance")


@dataclass(frozen=True)
class Irqbalance:
    """``running``: the daemon is alive; ``file``: where the administrator's settings are; ``settings``: all that counts
    of the files that the unit reads; ``foreign``: ``{name: file}`` of what another file than ``file`` sets;
    ``command``: the unit's command, unexpanded.

    ``script``: the policy script that it is told to ask, or None; ``kept_off``: the PCI functions that this one names,
    where it is ours; ``intact``: it is as we wrote it; ``scripts``: all of ours that there are. ``running_script`` and
    ``running_banned``: what the running one was told, unknown where that cannot be read. ``lines``: what ``file`` says
    of each setting that is ours to change, byte for byte, None for nothing; ``present``: whether there is that file.
    """

    installed: bool
    running: bool = False
    file: object = None
    settings: object = None
    foreign: object = None
    command: tuple = ()
    script: object = None
    kept_off: frozenset = frozenset()
    intact: bool = True
    scripts: tuple = ()
    running_script: object = None
    running_banned: object = None
    lines: object = None
    present: bool = False

    @property
    def banned(self):
        """The CPUs that it is told to keep free, None where it decides, unknown where that is not understood."""
        try:
            return banned_cpus(self.settings)
        except ValueError:
            return UNKNOWN

    @property
    def foreign_script(self):
        return None if self.script is None or is_ours(self.script) else self.script

    @property
    def takes_arguments(self):
        return any(variable in self.command for variable in _VARIABLES)


def read_irqbalance(host):
    """The :class:`Irqbalance` of this host."""
    if host.commands.find("irqbalance") is None:
        return Irqbalance(False, settings={}, foreign={})
    unit = _unit(host)
    files = unit["files"] or [path for path in FILES if host.files.exists(path)]
    administrators = [path for path in files if path.startswith("/etc/")]
    texts = host.files.read_many(files, "")
    settings, foreign = {}, {}
    for path in files:
        found = read_environment(texts[path])
        settings.update(found)
        if path != (administrators or [None])[-1]:
            foreign.update(dict.fromkeys(found, path))
    script = policy_script(_expanded(unit["command"], settings))
    scripts = tuple("%s/%s" % (DIRECTORY, name) for name in host.files.listdir(DIRECTORY))
    kept_off, intact = _kept_off(host, script) if is_ours(script) else (frozenset(), True)
    running_script, running_banned = _running(host, unit["pid"])
    content = host.files.content(administrators[-1]) if administrators else None
    return Irqbalance(
        installed=True,
        running=unit["pid"] > 0,
        file=administrators[-1] if administrators else None,
        settings=settings,
        foreign=foreign,
        command=tuple(unit["command"]),
        script=script,
        kept_off=kept_off,
        intact=intact,
        scripts=tuple(path for path in scripts if is_ours(path)),
        running_script=running_script,
        running_banned=running_banned,
        lines={name: exact_setting(content or "", name) for name in LINES},
        present=content is not None,
    )


def _kept_off(host, script):
    """``(PCI functions, whether it is as we wrote it)``. irqbalance runs only what is its own user's and executable."""
    text, status = host.files.read_or(script, ""), host.files.stat(script)
    devices = devices_of(text)
    usable = status is not None and status["uid"] == 0 and status["mode"] & 0o100
    return devices, bool(usable) and text == script_text(devices).strip()


def _expanded(command, settings):
    words = []
    for word in command:
        words += settings.get(ARGUMENTS, "").split() if word in _VARIABLES else [word]
    return words


def _unit(host):
    """What systemd knows of the unit; nothing where it does not run this host."""
    found = {"pid": 0, "files": [], "command": []}
    if host.commands.find("systemctl") is None:
        return found
    shown = host.commands.run(["systemctl", "show", UNIT, "--property=" + _PROPERTIES], check=False).output
    for line in shown.splitlines():
        name, _equals, value = line.partition("=")
        if name == "MainPID" and value.isdigit():
            found["pid"] = int(value)
        elif name == "EnvironmentFiles" and _FILE.match(value):
            found["files"].append(_FILE.match(value).group(1))
        elif name == "ExecStart" and _COMMAND.search(value):
            found["command"] = _COMMAND.search(value).group(1).split()
    return found


def _running(host, pid):
    """``(policy script, banned CPUs)`` of the running daemon, both as text or None."""
    if not pid:
        return None, None
    command, environment = "/proc/%d/cmdline" % pid, "/proc/%d/environ" % pid
    read = host.files.read_many([command, environment])
    script = banned = UNKNOWN
    if read[command] is not UNKNOWN:
        script = policy_script(read[command].split("\0"))
    if read[environment] is not UNKNOWN:
        variables = dict(item.partition("=")[::2] for item in read[environment].split("\0"))
        banned = variables.get(BANNED_CPUS)
    return script, banned
