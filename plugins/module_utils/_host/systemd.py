# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to the host's service manager."""

from __future__ import annotations

from dataclasses import dataclass

SECONDS = 60.0  # for systemd's own answer
STOPPING = 120.0  # a unit that does not end is killed after 90 s (systemd-system.conf(5), DefaultTimeoutStopSec)
_GOING = ("active", "activating", "reloading", "deactivating")


@dataclass(frozen=True)
class UnitState:
    """As ``systemctl show`` has it. ``load``: ``not-found`` for a unit that is not there; ``result``: ``success`` or why it
    failed; ``code``: with which its main process ended."""

    load: str
    active: str
    result: str
    code: int

    @property
    def is_going(self):
        return self.active in _GOING

    @property
    def has_failed(self):
        return self.active == "failed"


class Systemd:
    """Units by their whole names (``kvm-vnic-host.service``). Every method raises Unsupported where there is no systemd, and
    ApplyFailed with its words where it refuses."""

    def __init__(self, commands):
        self._commands = commands

    def _control(self, *words, timeout=SECONDS, check=True):
        argv = ["systemctl", "--no-ask-password", *words]
        return self._commands.run(argv, timeout=timeout, check=check)

    def run_transient(self, unit, argv, description, properties=()):
        """Start ``argv`` as a service that outlives this process and its session. Refused while there is such a unit, be it
        one that failed (:meth:`forget_failure`)."""
        argv = [
            word.replace("$", "$$") for word in argv
        ]  # systemd puts variables in (systemd.service(5), Command lines)
        words = ["systemd-run", "--quiet", "--no-ask-password", "--unit=" + unit, "--description=" + description]
        words += ["--property=%s=%s" % item for item in properties]
        self._commands.run(words + ["--", *argv], timeout=SECONDS)

    def state(self, unit):
        shown = self._control("show", "--property=LoadState,ActiveState,Result,ExecMainStatus", "--", unit).output
        found = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
        code = found.get("ExecMainStatus", "")
        return UnitState(
            found.get("LoadState", ""),
            found.get("ActiveState", ""),
            found.get("Result", ""),
            int(code) if code.isdigit() else 0,
        )

    def is_active(self, unit):
        return self._control("is-active", "--quiet", "--", unit, check=False).code == 0

    def forget_failure(self, unit):
        """So that a unit of that name can be started anew; nothing where there is none that failed."""
        self._control("reset-failed", "--", unit, check=False)

    def start(self, *units, wait=True):
        self._control("start", *([] if wait else ["--no-block"]), "--", *units)

    def stop(self, *units):
        self._control("stop", "--", *units, timeout=STOPPING)

    def enable(self, *units):
        self._control("enable", "--", *units)

    def disable(self, *units):
        self._control("disable", "--", *units)

    def reload(self):
        """Read the unit files anew."""
        self._control("daemon-reload")
