# SPDX-License-Identifier: GPL-3.0-or-later
"""The profiles that come with the collection, as data. Each rule has its value, why, the premise that it stands on, and
where that is said.
"""

from __future__ import annotations

from .rules import (
    ATTACHMENTS,
    BRIDGE,
    MACVTAP,
    NEAR_MEMORY,
    NO_PREMISE,
    OVS,
    POSTED,
    SEVERAL_QUEUES,
    SMALL_UPLINK,
    UNPOSTED,
)

TALK = "the 2011 talk on KVM's virtual NICs"
_SCALING = "Documentation/networking/scaling.rst"


def _rule(value, reason, source, premise=NO_PREMISE):
    return {"value": value, "reason": reason, "premise": premise, "source": source}


_ATTACHING = {
    "attachments": _rule(
        list(ATTACHMENTS),
        "a VF passed through spares the host's kernel every packet; else macvtap is the shortest way through it, and a "
        "bridge the most general; Open vSwitch where the network's switch is one",
        TALK + ", conclusion: SR-IOV where it can be had, else vhost-net",
    ),
    "model": _rule(
        "virtio",
        "paravirtual: one exit for many packets instead of one for each register access",
        TALK + ", virtio-net; libvirt, formatdomain, network interfaces",
    ),
    "backend": _rule(
        "vhost",
        "the kernel moves the packets itself, without a switch to QEMU",
        TALK + ", vhost-net; drivers/vhost/net.c",
    ),
}

_SHARED = {
    "vcpu_cpu": _rule(
        "own_core",
        "on a core of the NICs' NUMA node that no other guest of the inventory is given: a packet's work stays in one "
        "place",
        TALK + ", vCPU pinning; libvirt, formatdomain, vcpupin",
    ),
    "memory": _rule(
        "preferred",
        "buffers on the card's own node spare each packet the way between the nodes; preferred, because a guest that "
        "does not fit there must start all the same",
        TALK + ", NUMA; libvirt, formatdomain, numatune",
        NEAR_MEMORY,
    ),
    "zero_copy": _rule(
        "report",
        "it is off in kernels since 2019, acts on transmission only, and its switch is read when vhost_net is loaded",
        "drivers/vhost/net.c, experimental_zcopytx, commit 098eadce",
    ),
}

_TALK_RULES = {
    "host_rss": _rule(
        "off",
        "flows of one guest that arrive on several CPUs contend for its only queue; turned off by an indirection table "
        "of one queue and not by fewer channels, because ethtool -L resets the port under its guests",
        TALK + ", RSS off on a VM host; " + _SCALING,
        SMALL_UPLINK,
    ),
    "host_rps": _rule(
        "off",
        "packets that the host hands from CPU to CPU reach the guest's only queue later and out of cache",
        TALK + ", RPS off on a VM host; " + _SCALING,
        SMALL_UPLINK,
    ),
    "guest_rps": _rule(
        "off",
        "a guest that spreads packets pays an interrupt between its vCPUs for each",
        TALK + ", RPS off in the guest too",
    ),
    "queues": _rule(
        1,
        "one queue, one vhost worker, one interrupt: nothing to spread and nothing that contends",
        TALK + ", multiqueue was not ready in 2011",
    ),
    "irq_cpu": _rule(
        "vcpu",
        "the CPU that takes the interrupt has the vCPU on it, so that no other CPU must be woken",
        TALK + ", smp_affinity; A. Gordon et al., ELI, ASPLOS 2012",
        UNPOSTED,
    ),
    "vhost_cpu": _rule(
        "beside",
        "next to the vCPU and not on it: on the other thread of its core, else on a CPU of its node",
        TALK + ", the CPUs that a packet crosses; Red Hat OpenStack, OVS-DPDK guide, emulator threads",
    ),
    "posted_interrupts": _rule(
        "leave",
        "a posted interrupt reaches the vCPU wherever it runs, without any CPU of the host",
        "arch/x86/kvm/vmx/posted_intr.c, vmx_pi_update_irte",
        POSTED,
    ),
    **_SHARED,
}

_MULTIQUEUE_RULES = {
    **_SHARED,
    "host_rss": _rule(
        "local",
        "as many queues as the card's node has cores for interrupts: more would be served from other nodes",
        _SCALING + ", RSS",
        SEVERAL_QUEUES,
    ),
    "host_rps": _rule(
        "off",
        "RSS spreads the packets already, once more is a waste",
        _SCALING + ", RPS: suggested configuration",
        SEVERAL_QUEUES,
    ),
    "guest_rps": _rule(
        "off",
        "each vCPU has a queue of its own",
        _SCALING + ", RPS: suggested configuration",
    ),
    "queues": _rule(
        {"cap": 8},
        "a queue for each vCPU, as far as cores of the node are left to move its packets",
        "Red Hat Enterprise Linux 7, virtualization tuning guide, multi-queue; drivers/net/virtio_net.c",
    ),
    "irq_cpu": _rule(
        "spread",
        "interrupt, vhost worker and vCPU on three cores of one node work side by side",
        "Red Hat OpenStack, OVS-DPDK guide, emulator threads",
    ),
    "vhost_cpu": _rule(
        "own_core",
        "a worker under load fills a core, and on another's takes away from it",
        "Red Hat OpenStack, OVS-DPDK guide, emulator threads; drivers/vhost/vhost.c",
    ),
    "posted_interrupts": _TALK_RULES["posted_interrupts"],
}


def _without_premises(rules):
    return {name: dict(rule, premise=NO_PREMISE) for name, rule in rules.items()}


_LEFT_ALONE = "guests without virtio are run for what they are, not for speed"
_COMPATIBLE = {
    "attachments": _rule(
        [MACVTAP, BRIDGE, OVS],
        "a guest without virtio is not expected to bring a VF's driver either",
        TALK + ", emulated NICs",
    ),
    "model": _rule(
        "e1000",
        "nearly every system has a driver for it; slow: each register access leaves the guest",
        TALK + ", emulated NICs; QEMU, hw/net/e1000.c",
    ),
    "backend": _rule(
        "qemu",
        "QEMU emulates the card, so vhost-net cannot serve it",
        "libvirt, formatdomain, network interfaces, driver name (virtio only)",
    ),
    "host_rss": _rule("keep", _LEFT_ALONE, TALK + ", emulated NICs"),
    "host_rps": _rule("keep", _LEFT_ALONE, TALK + ", emulated NICs"),
    "guest_rps": _rule("keep", _LEFT_ALONE, TALK + ", emulated NICs"),
    "queues": _rule(1, "an emulated NIC has one queue", "QEMU, hw/net/e1000.c"),
    "irq_cpu": _rule("leave", _LEFT_ALONE, TALK + ", emulated NICs"),
    "vhost_cpu": _rule("leave", "no vhost worker serves an emulated NIC", "drivers/vhost/net.c"),
    "vcpu_cpu": _rule("leave", _LEFT_ALONE, TALK + ", emulated NICs"),
    "memory": _rule("leave", _LEFT_ALONE, TALK + ", emulated NICs"),
    "zero_copy": _SHARED["zero_copy"],
    "posted_interrupts": _TALK_RULES["posted_interrupts"],
}

_SWITCHED_RULES = {
    **_ATTACHING,
    **_TALK_RULES,
    "attachments": _rule(
        [OVS, BRIDGE],
        "every packet passes a switch of the host's that can tell guests apart: VLANs, OpenFlow, mirrors and limits; "
        "the price is the host's time for each packet",
        TALK + ", Open vSwitch and tap: flexible layer 2 by OpenFlow",
    ),
    "irq_cpu": _rule(
        "node",
        "a switch's uplink serves all its guests: its interrupt has no one vCPU to go to",
        TALK + ", smp_affinity; " + _SCALING + ", RSS IRQ configuration",
    ),
}

BUILT_IN = {
    "best_performance": {
        "description": "the fastest attachment that the host's hardware allows",
        "rules": {**_ATTACHING, **_TALK_RULES},
    },
    "talk_2011": {
        "description": "the talk's rules as they were given, whatever the host",
        "rules": {
            **_ATTACHING,
            **_without_premises(_TALK_RULES),
            "posted_interrupts": _rule("ignore", "in 2011 none were posted", TALK),
        },
    },
    "multiqueue": {
        "description": "several queues for each guest, today's practice",
        "rules": {**_ATTACHING, **_MULTIQUEUE_RULES},
    },
    "compatible": {
        "description": "emulated NICs for guests without virtio drivers",
        "rules": _COMPATIBLE,
    },
    "switched": {
        "description": "every packet through a switch that can tell guests apart: Open vSwitch, else a bridge",
        "rules": _SWITCHED_RULES,
    },
}
