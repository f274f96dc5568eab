# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with one card whose queues can be steered."""

from __future__ import annotations

from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost

DEFAULT_MASK = "/proc/sys/net/core/rps_default_mask"
FLOW_ENTRIES = "/proc/sys/net/core/rps_sock_flow_entries"
CLASS = "/sys/class/net/"


def queue(device, name):
    return "%s%s/queues/%s" % (CLASS, device, name)


def make_queues(host, device, count, mask="00"):
    for path in [path for path in host.tree.contents if path.startswith(CLASS + device + "/queues/")]:
        del host.tree.contents[path]
    for number in range(count):
        host.tree.contents[queue(device, "rx-%d/rps_cpus" % number)] = mask
        host.tree.contents[queue(device, "rx-%d/rps_flow_cnt" % number)] = "0"
        if count > 1:
            host.tree.contents[queue(device, "tx-%d/xps_cpus" % number)] = mask


def steered_host(driver="igb", queues=2, most=8):
    """``ens2`` with ``queues`` combined channels of ``most``, an RSS table of 8 entries, no filters."""
    host = MemoryHost()
    host.kernel.add("ens2", up=True, parentbus="pci", parentdev="0000:41:00.0")
    host.tree.symlinks[CLASS + "ens2/device/driver"] = "/sys/bus/pci/drivers/" + driver
    host.tree.contents.update(
        {"/sys/devices/system/cpu/online": "0-7", DEFAULT_MASK: "00000000,00000000", FLOW_ENTRIES: "0"}
    )
    make_queues(host, "ens2", queues)
    channels = dict.fromkeys(("max_rx", "max_tx", "max_other", "rx", "tx", "other"), 0)
    host.ethtool.spread["ens2"] = {
        "channels": dict(channels, max_combined=most, combined=queues),
        "rings": queues,
        "table": [index % queues for index in range(8)],
    }
    host.ethtool.of["ens2"] = {
        "rx-hashing": "on",
        "rx-ntuple-filter": "off [fixed]" if driver == "igb" else "off",
        "l2-fwd-offload": "off [fixed]",
        "hw-tc-offload": "off [fixed]" if driver == "igb" else "off",
    }
    host.ethtool.on_channels = lambda device: make_queues(
        host, device, host.ethtool.spread[device]["channels"]["combined"], host.tree.contents[DEFAULT_MASK].strip()
    )
    if driver != "igb":
        host.ethtool.rules["ens2"] = []
    return host
