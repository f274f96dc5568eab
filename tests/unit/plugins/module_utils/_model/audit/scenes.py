# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a host where everything is right: two nodes, a VF guest, and one on a macvtap with vhost."""

from __future__ import annotations

import copy

VF = {"pci": "0000:41:10.0", "index": 0, "numa_node": 1}
NICS = [
    {
        "name": "ens2",
        "pci": "0000:41:00.0",
        "numa_node": 1,
        "altnames": [],
        "mac": "52:54:00:1a:b1:01",
        "steering": {"rps": {"0": "0", "1": "0"}, "rfs": {}, "xps": {}},
        "sriov": {"vfs": [VF]},
    },
]


def vector(irq, pci, effective, role="combined", queue=0, affinity=None):
    return {
        "irq": irq,
        "pci": pci,
        "role": role,
        "queue": queue,
        "effective": effective,
        "affinity": affinity or effective,
        "count": 9,
    }


def interface(name, kind, source, **more):
    found = {
        "name": name,
        "alias": None,
        "mac": None,
        "type": kind,
        "source": source,
        "model": "virtio",
        "backend": "vhost",
        "target": None,
        "queues": None,
        "live": True,
        "persistent": True,
    }
    return dict(found, **more)


def guest(name, cpu, *interfaces, workers=()):
    return {
        "name": name,
        "uuid": "u-" + name,
        "state": "running",
        "vcpus": 1,
        "cpuset": None,
        "vcpu_pins": {"0": cpu},
        "emulator_pin": "7",
        "memory": {"mode": "preferred", "nodes": "1"},
        "memory_mib": 256,
        "interfaces": list(interfaces),
        "vhost_workers": list(workers),
    }


def facts():
    """Everything aligned: no check has anything to say."""
    fast = interface("front", "hostdev", {"pci": "0000:41:10.0"}, model=None, backend="vfio")
    near = interface("front", "direct", {"device": "ens2"})
    worker = {"tid": 4721, "interface": "front", "queue": 0, "cpus": "7", "kind": "thread", "how": "order"}
    return copy.deepcopy(
        {
            "problems": [],
            "cpus": {"online": "0-7"},
            "numa_nodes": [{"id": 0, "cpus": "0-3"}, {"id": 1, "cpus": "4-7"}],
            "nics": NICS,
            "iommu": {"posted_interrupts": False},
            "virtualization": {"apicv": False},
            "vhost_net": {"device": {"mode": "0660"}},
            "interrupts": {
                "vectors": [
                    vector(48, "0000:41:00.0", "4-7", "misc", None),
                    vector(49, "0000:41:00.0", "6"),
                    vector(60, "0000:41:10.0", "5", "vector"),
                ],
                "default_affinity": "0,4",
                "irqbalance": {
                    "running": True,
                    "policy_script": "/usr/local/libexec/kvm-vnic/irq-policy.1",
                    "banned_cpus": None,
                },
            },
            "libvirt": {
                "domains": [guest("web1", "5", fast), guest("web2", "6", near, workers=[worker])],
                "problem": None,
            },
        }
    )
