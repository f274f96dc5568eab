# SPDX-License-Identifier: GPL-3.0-or-later
"""The host reboots at any point of a change: what runs is gone, and the pass at boot leads to what was confirmed, whole."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.reconcile import Pass
from ansible_collections.kvm.vnic.plugins.module_utils._model.desired_state import DesiredState
from ansible_collections.kvm.vnic.plugins.modules import bridge, sriov, vlan
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard

DESIRED = "/var/lib/kvm-vnic/desired.json"
MAINS = {"sriov": sriov.main, "vlan": vlan.main, "bridge": bridge.main}
OLD = {
    "sriov": {"pfs": [{"pf": "ens2", "num_vfs": 2}], "vfs": [{"vf": "ens2#1", "vlan": 5}]},
    "vlan": {"vlans": [{"lower": "eth0", "id": 5}]},
    "bridge": {"bridges": [{"name": "br0", "ports": ["eth0.5"], "up": True}]},
}
NEW = {
    "sriov": {"vfs": [{"vf": "ens2#0", "trust": True}, {"vf": "ens2#1", "vlan": 7}]},
    "vlan": {"vlans": [{"lower": "eth0", "id": 5}, {"lower": "eth0", "id": 6}]},
    "bridge": {"bridges": [{"name": "br0", "mtu": 1400}, {"name": "br1", "ports": ["eth0.6"], "up": True}]},
}


class Killed(BaseException):
    pass


def boot(disk=None):
    """A host with what the firmware and the kernel find; ``disk``: what outlived the last boot."""
    host = MemoryHost()
    host.kernel.add("eth0", up=True)
    MemoryCard(host)
    host.commands.tools["udevadm"] = lambda argv, stdin: None
    host.tree.private.update(disk or {})
    return host


def disk_of(host):
    return {path: text for path, text in host.tree.private.items() if path.startswith("/var/lib/")}


def passed(host):
    lines = []
    assert Pass(host, lines.append, before_guests=True).run(), lines
    return host


def seen(host):
    links = {
        name: (link.get("mtu"), link.get("master"), sorted(link["flags"]), link.get("vfinfo_list"))
        for name, link in host.kernel.links.items()
    }
    return links, host.tree.contents["/sys/bus/pci/devices/0000:41:00.0/sriov_numvfs"]


def kept(resources):
    return {DESIRED: DesiredState("2026-01-01T00:00:00Z", resources).to_text()}


def test_what_was_confirmed_is_there_again_after_the_boot():
    before = seen(passed(boot(kept(OLD))))
    assert "eth0.5" in before[0] and before[0]["eth0.5"][1] == "br0" and before[1] == "2"
    assert seen(passed(boot(kept(OLD)))) == before


@pytest.mark.parametrize("kill_at", range(1, 16))
def test_cut_off_at_any_write_of_a_change_that_was_not_confirmed_the_former_state_is_there_whole(kill_at):
    former = seen(passed(boot(kept(OLD))))
    host, count = passed(boot(kept(OLD))), []

    class Fuse(list):
        def append(self, item):
            count.append(item)
            if len(count) == kill_at:
                raise Killed
            super().append(item)

    host.kernel.writes, host.tree.writes, host.tree.private_writes = Fuse(), Fuse(), Fuse()
    try:
        for kind, params in NEW.items():
            assert not run_module(MAINS[kind], host, params)["failed"]
    except Killed:
        pass
    assert count
    assert seen(passed(boot(disk_of(host)))) == former
