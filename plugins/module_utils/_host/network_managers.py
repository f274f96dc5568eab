# SPDX-License-Identifier: GPL-3.0-or-later
"""Which program of the host's configures a network device, and may set it back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._model.errors import VnicError

NETWORK_MANAGER, NETWORKD, IFUPDOWN, NETPLAN = "NetworkManager", "systemd-networkd", "ifupdown", "netplan"
_NETPLAN_FILE = "/run/systemd/network/10-netplan-"
_NM_NETPLAN = "netplan-"  # how netplan names the connections that it writes
_UUID = re.compile(r"[0-9a-fA-F-]{36}", re.ASCII)


@dataclass(frozen=True)
class Manager:
    """``name`` of the program; ``place``: its file, or the connection, that speaks of the device, "" where that is not
    known; ``settle``: what to do so that it and this collection do not work against each other."""

    device: str
    name: str
    place: str
    settle: str

    def __str__(self):
        through = " through %s" % self.place if self.place else ""
        return "%s is managed by %s%s, which may set it back. %s" % (self.device, self.name, through, self.settle)


def manager_of(host, device):
    """The :class:`Manager` of the network device named ``device``, or None where no program is known to manage it."""
    index = host.files.read_or("/sys/class/net/%s/ifindex" % device, None)
    if index is None or not index.isdigit():
        return None
    return _by_networkd(host, device, index) or _by_network_manager(host, device, index) or _by_ifupdown(host, device)


def _values(text):
    """``{key: value}`` of the lines ``KEY=value``; sections are passed over."""
    return dict(line.strip().split("=", 1) for line in (text or "").splitlines() if "=" in line)


def _by_networkd(host, device, index):
    """From its own state file, the same that libsystemd reads (src/network/networkd-state-file.c, link_save)."""
    state = _values(host.files.read_or("/run/systemd/netif/links/%s" % index, ""))
    file = state.get("NETWORK_FILE", "")
    if not file or state.get("ADMIN_STATE") in (None, "unmanaged", "linger"):
        return None
    if file.startswith(_NETPLAN_FILE):
        return _netplan(device, file)
    return Manager(device, NETWORKD, file, "State the same there, or Unmanaged=yes in its section [Link].")


def _by_network_manager(host, device, index):
    """From its file for a restart (src/core/nm-config.c, nm_config_device_state_write), while it runs."""
    state = _values(host.files.read_or("/run/NetworkManager/devices/%s" % index, ""))
    if state.get("managed") not in ("true", "1") or not host.files.exists("/run/NetworkManager/NetworkManager.pid"):
        return None
    connection = _connection(host, state.get("connection-uuid", ""))
    if connection.startswith(_NM_NETPLAN):
        return _netplan(device, "its connection %s" % connection)
    place = "its connection %s" % connection if connection else ""
    keep_off = "`nmcli device set %s managed no`" % device
    return Manager(device, NETWORK_MANAGER, place, "State the same there, or take the device from it: %s." % keep_off)


def _connection(host, uuid):
    """Its name, or the UUID where NetworkManager does not say, or "" where there is none."""
    if not _UUID.fullmatch(uuid):
        return ""
    try:
        done = host.commands.run(
            ["nmcli", "--get-values", "connection.id", "connection", "show", "uuid", uuid], timeout=5.0, check=False
        )
    except VnicError:
        return uuid
    return done.output.strip().split("\n")[0] if done.code == 0 and done.output.strip() else uuid


def _by_ifupdown(host, device):
    """From the state that ifup keeps: ``eth0=eth0``, the name of the device and that of its stanza (ifup(8), FILES)."""
    for name in host.files.listdir("/run/network"):
        if name != "ifstate" and name != "ifstate.%s" % device:
            continue
        for line in host.files.read_or("/run/network/%s" % name, "").splitlines():
            up, _equals, stanza = line.partition("=")
            if up.strip() == device and (stanza or name != "ifstate"):
                return Manager(
                    device,
                    IFUPDOWN,
                    "the stanza %s of /etc/network/interfaces" % (stanza.strip() or device),
                    "State the same there: it sets the device when that is brought up.",
                )
    return None


def _netplan(device, place):
    return Manager(
        device,
        NETPLAN,
        place,
        "State the same in /etc/netplan, from which netplan writes that, and run `netplan apply`.",
    )
