# SPDX-License-Identifier: GPL-3.0-or-later
"""The module on a host whose queues can be steered."""

from __future__ import annotations

import copy

from ansible_collections.kvm.vnic.plugins.module_utils._resource.packet_steering import PacketSteering
from ansible_collections.kvm.vnic.plugins.modules import packet_steering
from ansible_collections.kvm.vnic.tests.unit.memory_host.undoing import run_there_and_back

MASKS = ("rps_cpus", "xps_cpus", "rps_default_mask")


def picture(host):
    """All that lasts, masks by their value."""
    files = {
        path: int(text.replace(",", ""), 16) if path.endswith(MASKS) else text
        for path, text in host.tree.contents.items()
    }
    rules = {name: [(rule.mac, rule.queue) for rule in each] for name, each in host.ethtool.rules.items()}
    return copy.deepcopy({"files": files, "features": host.ethtool.of, "spread": host.ethtool.spread, "rules": rules})


def run(host, *devices, **more):
    check, diff = more.pop("check", False), more.pop("diff", False)
    wish = dict(more, devices=list(devices))
    return run_there_and_back(packet_steering.main, PacketSteering(), picture, host, wish, check=check, diff=diff)
