# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo promised and did not see."""

from __future__ import annotations

WANTED = {("sriov", "vfio"), ("macvtap", "vhost"), ("bridge", "vhost"), ("ovs", "vhost")}
LEAST_SHARE = 0.9
MOST_TASKS = 20


def failures(report):
    """Sentences."""
    for name, host in report["hosts"].items():
        nics = [nic for guest in host["guests"].values() for nic in guest["interfaces"]]
        missing = WANTED - {(nic["attachment"], nic["backend"]) for nic in nics}
        found = ["no NIC is on %s with %s" % pair for pair in sorted(missing)]
        for nic in nics:
            found += ["the NIC %s %s" % (nic["mac"], wrong) for wrong in _wrong(nic)]
        if host["changed_second"]:
            found.append("the second run changed %d tasks" % host["changed_second"])
        found += ["the second run wrote: %s" % line for line in host["written_second"]]
        if host["remote_tasks"] > MOST_TASKS:
            found.append("%d remote tasks, more than %d" % (host["remote_tasks"], MOST_TASKS))
        yield from ("%s: %s" % (name, text) for text in found)


def _wrong(nic):
    share = nic["irq_share_on_target"]
    if not nic["reachable"]:
        yield "does not answer"
    if not nic["reachable_after_reboot"]:
        yield "does not answer after the reboot"
    if nic["attachment"] == "ovs" and (nic["vlan"] is None or nic["spoofed"] != "dropped"):
        yield "is on VLAN %s, and its frames with a false source address are %s" % (nic["vlan"], nic["spoofed"])
    if nic["aligned"] == "no":
        yield "is served elsewhere: %s" % nic["aligned_reason"]
    if share is not None and share < LEAST_SHARE:
        yield "has only %.0f %% of its interrupts where its vCPU is" % (100 * share)
