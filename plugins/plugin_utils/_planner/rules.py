# SPDX-License-Identifier: GPL-3.0-or-later
"""What a profile decides: the names of its rules, the words that each takes, and the premises that one may stand on."""

from __future__ import annotations

SRIOV, MACVTAP, BRIDGE, OVS = "sriov", "macvtap", "bridge", "ovs"
ATTACHMENTS = (SRIOV, MACVTAP, BRIDGE, OVS)  # fastest first
MODELS = ("virtio", "e1000", "rtl8139")
BACKENDS = ("vhost", "qemu")
MOST_QUEUES = 256  # MAX_TAP_QUEUES, drivers/net/tun.c

# rule: (allowed words, what it decides)
PLACEMENT = {
    "host_rss": (("off", "keep", "local"), "to how many queues an uplink spreads what it receives"),
    "host_rps": (("off", "keep"), "whether the host spreads packets over CPUs once more"),
    "guest_rps": (("off", "keep"), "whether the guests do, which the role guest_tuning carries out inside them"),
    "irq_cpu": (("vcpu", "node", "spread", "leave"), "where interrupts of uplinks and VFs arrive"),
    "vhost_cpu": (("beside", "own_core", "vcpu", "leave"), "where vhost's workers run"),
    "vcpu_cpu": (("own_core", "node", "leave"), "where vCPUs run"),
    "memory": (("preferred", "strict", "leave"), "where the guests' memory lies"),
    "zero_copy": (("report",), "what is told of vhost's zero copy"),
    "posted_interrupts": (("leave", "ignore"), "whether interrupts that the IOMMU posts are placed"),
}

NO_PREMISE = "none"
SMALL_UPLINK, SEVERAL_QUEUES, UNPOSTED, POSTED, NEAR_MEMORY = (
    "small_uplink",
    "several_queues",
    "unposted",
    "posted",
    "near_memory",
)
PREMISES = {
    NO_PREMISE: "",
    SMALL_UPLINK: "the uplink runs at 10 Gb/s at most, and every guest NIC on it has a single queue",
    SEVERAL_QUEUES: "the uplink has more than one receive queue",
    UNPOSTED: "neither the IOMMU nor KVM posts the interrupt, and the device serves one guest with a CPU of its own",
    POSTED: "the IOMMU posts interrupts and KVM uses APICv or AVIC",
    NEAR_MEMORY: "the guest's node is known, has memory, and is not the only one that has",
}

# What can be judged where a rule is carried out; of the other rules, none
PREMISES_OF = {
    "host_rss": (NO_PREMISE, SMALL_UPLINK, SEVERAL_QUEUES),
    "host_rps": (NO_PREMISE, SMALL_UPLINK, SEVERAL_QUEUES),
    "irq_cpu": (NO_PREMISE, UNPOSTED),
    "memory": (NO_PREMISE, NEAR_MEMORY),
    "posted_interrupts": (NO_PREMISE, POSTED),
}

# What is done where a rule's premise is absent
OTHERWISE = {("irq_cpu", "vcpu"): "node"}


def shown(value):
    """A rule's value as text."""
    if isinstance(value, dict):
        return "up to %d" % value["cap"]
    return ", ".join(value) if isinstance(value, list) else str(value)
