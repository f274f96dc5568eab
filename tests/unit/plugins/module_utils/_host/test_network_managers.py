# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._host.network_managers import manager_of
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost

UUID = "0f5b1e2c-6a3d-4c8e-9b7f-1d2e3f4a5b6c"
LINK = "/run/systemd/netif/links/3"
DEVICE = "/run/NetworkManager/devices/3"
RUNNING = {"/run/NetworkManager/NetworkManager.pid": "7\n"}


def a_host(files, connection=None):
    host = MemoryHost()
    host.tree.contents.update(files, **{"/sys/class/net/eth0/ifindex": "3\n"})
    if connection is not None:
        host.commands.tools["nmcli"] = lambda argv, _stdin: connection
    return host


def networkd(file, state="configured"):
    return {
        LINK: "# This is private data. Do not parse.\nADMIN_STATE=%s\nOPER_STATE=routable\nNETWORK_FILE=%s\n"
        % (state, file)
    }


def network_manager(managed="true"):
    return {DEVICE: "[device]\nmanaged=%s\nconnection-uuid=%s\n" % (managed, UUID)}


@pytest.mark.parametrize(
    ("files", "connection", "name", "place", "remedy"),
    [
        (
            networkd("/etc/systemd/network/x.network"),
            None,
            "systemd-networkd",
            "/etc/systemd/network/x.network",
            "Unmanaged=yes",
        ),
        (
            networkd("/run/systemd/network/10-netplan-eth0.network"),
            None,
            "netplan",
            "/run/systemd/network/10-netplan-eth0.network",
            "netplan apply",
        ),
        (
            dict(network_manager(), **RUNNING),
            "uplink\n",
            "NetworkManager",
            "its connection uplink",
            "nmcli device set eth0 managed no",
        ),
        (dict(network_manager(), **RUNNING), None, "NetworkManager", "its connection " + UUID, "nmcli"),
        (
            dict(network_manager(), **RUNNING),
            Completed(10, "", "gone"),
            "NetworkManager",
            "its connection " + UUID,
            "nmcli",
        ),
        (
            dict(network_manager(), **RUNNING),
            "netplan-eth0\n",
            "netplan",
            "its connection netplan-eth0",
            "netplan apply",
        ),
        (
            {"/run/network/ifstate": "lo=lo\neth0=work\n"},
            None,
            "ifupdown",
            "the stanza work of /etc/network/interfaces",
            "State the same there",
        ),
        (
            {"/run/network/ifstate.eth0": "eth0\n"},
            None,
            "ifupdown",
            "the stanza eth0 of /etc/network/interfaces",
            "State the same there",
        ),
    ],
)
def test_who_manages_a_device_and_through_what(files, connection, name, place, remedy):
    found = manager_of(a_host(files, connection), "eth0")
    assert (found.device, found.name, found.place) == ("eth0", name, place)
    assert remedy in found.settle and str(found).startswith(
        "eth0 is managed by %s through %s, which may" % (name, place)
    )


@pytest.mark.parametrize(
    "files",
    [
        {},
        networkd("/etc/systemd/network/x.network", "unmanaged"),
        {LINK: "ADMIN_STATE=unmanaged\n"},
        {LINK: "ADMIN_STATE=configured\n"},
        network_manager(),  # stopped
        dict(network_manager("false"), **RUNNING),
        dict({DEVICE: "[device]\nperm-hw-addr-fake=02:00:00:00:00:01\n"}, **RUNNING),
        {"/run/network/ifstate": "lo=lo\n", "/run/network/ifstate.eth1": "eth1=eth1\n"},
        {"/run/network/ifstate": "eth0:1=eth0\neth0\n"},
    ],
)
def test_a_device_that_nobody_manages(files):
    assert manager_of(a_host(files), "eth0") is None


@pytest.mark.parametrize("device", ["eth9", "../../etc", "", "a\0b", ";id"])
def test_a_device_that_is_not_there(device):
    assert manager_of(a_host(networkd("/x")), device) is None
