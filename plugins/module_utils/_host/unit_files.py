# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd knows of units that are files, and what makes it and udev look at files again."""

from __future__ import annotations

from dataclasses import dataclass

_PROPERTIES = "Id,LoadState,UnitFileState,ActiveState,NeedDaemonReload"


@dataclass(frozen=True)
class UnitFile:
    """``stale``: its file has changed since systemd read it; ``failed``: its last run did, which systemd keeps in mind."""

    enabled: bool = False
    active: bool = False
    masked: bool = False
    stale: bool = False
    failed: bool = False


def read_units(host, names):
    """``{name: UnitFile}`` in one round trip; a unit that is not there is neither enabled nor active. Raises Unsupported
    where there is no systemd, and ApplyFailed where it does not answer."""
    argv = ["systemctl", "--no-ask-password", "show", "--property=" + _PROPERTIES, "--", *names]
    found = dict.fromkeys(names, UnitFile())
    for block in host.commands.run(argv).output.split("\n\n"):
        shown = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if shown.get("Id") in found:
            found[shown["Id"]] = UnitFile(
                enabled=shown.get("UnitFileState") == "enabled",
                active=shown.get("ActiveState") in ("active", "activating", "reloading"),
                masked=shown.get("LoadState") == "masked",
                stale=shown.get("NeedDaemonReload") == "yes",
                failed=shown.get("ActiveState") == "failed",
            )
    return found


def reload_rules(host):
    """udev would see changed rules by itself, at an event some seconds later (src/udev/udev-manager.c, manager_reload)."""
    host.commands.run(["udevadm", "control", "--reload"])


def announce(host, paths):
    """Have udev apply its rules to the devices at ``paths`` below /sys, as if they had changed."""
    if paths:
        host.commands.run(["udevadm", "trigger", "--action=change", "--", *paths])
