#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: packet_steering
short_description: Say over which queues and CPUs packets are spread
description:
  - Sets, for network devices of the host or inside a guest, the number of their queues, how the card spreads packets
    over them (RSS, filters by MAC address), and on which CPUs the kernel goes on with them (RPS, RFS, XPS).
  - What is omitted is left alone.
  - A wish that the device or its driver cannot serve is an error before anything is written, unless
    O(best_effort=true).
  - Some drivers reset the link when the number of queues or a feature changes. That is refused while guests or
    somebody else use the device or its virtual functions, without the consent V(link_reset:NAME).
  - The settings live until the next boot, and until the driver makes its queues anew.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
requirements:
  - ethtool on the host, to change what the card does
options:
  devices:
    description: The devices, each listed once.
    type: list
    elements: dict
    default: []
    suboptions:
      device:
        description: Name of the network device.
        type: str
        required: true
      rps:
        description:
          - CPUs on which the kernel goes on with the packets of every receive queue, as a list such as V("2-3"), or
            V(off).
          - The kernel takes isolated CPUs out of it (net/core/net-sysfs.c, rps_cpumask_housekeeping). A list of
            isolated CPUs alone is refused by it.
        type: raw
      rfs_flows:
        description: Flows that each receive queue follows to their reader's CPU, V(0) or a power of two up to 1048576.
        type: int
      xps:
        description: CPUs that send over each transmit queue, as one list for all queues, a list of lists with one for
          each queue, or V(off). A device with a single queue has none.
        type: raw
      channels:
        description:
          - Number of queues, set before everything else, because that makes all of them anew.
          - Each is a number, or V(max) for as many as the device can have.
        type: dict
        suboptions:
          combined:
            description: Queues that both receive and transmit.
            type: raw
          rx:
            description: Queues that only receive.
            type: raw
          tx:
            description: Queues that only transmit.
            type: raw
      rss_queues:
        description: Over how many of the first queues the card spreads what it receives, evenly; V(1) turns spreading
          off, V(all) is the driver's default.
        type: raw
      rss_table:
        description: The queue of each entry of the card's table, in place of O(devices[].rss_queues). Where the driver's
          default is the same, it stays the driver's.
        type: list
        elements: int
      queues:
        description:
          - Queues by themselves, each under its name in sysfs, with C(rps) and C(rfs_flows) for a receive queue such as
            V(rx-0), and C(xps) for a transmit queue such as V(tx-3).
          - They come before what O(devices[].rps), O(devices[].rfs_flows) and O(devices[].xps) say of all. One that is not
            there is passed over.
        type: dict
      rxhash:
        description: Whether the card's hash of each packet is kept.
        type: bool
      ntuple:
        description: Whether filters can choose the queue.
        type: bool
      l2_fwd_offload:
        description: Whether macvlans and macvtaps made from then on get queues of their own in the card.
        type: bool
      hw_tc_offload:
        description:
          - Whether the card carries out rules of traffic control, by which Open vSwitch hands it flows; see
            O(kvm.vnic.ovs_bridge#module:hw_offload).
          - Most drivers refuse to turn it off while they hold such rules.
        type: bool
      mac_rules:
        description: Filters that send packets for a MAC address to a queue. O(devices[].ntuple) has to be on.
        type: list
        elements: dict
        suboptions:
          mac:
            description: Destination address, in quotes.
            type: str
            required: true
          queue:
            description: Number of the queue, from 0. Needed for a filter that is V(present).
            type: int
          state:
            description: Whether there is a filter for the address.
            type: str
            choices: [present, absent]
            default: present
      purge_mac_rules:
        description: Whether filters for one destination address that are not listed are removed. Other filters stay.
        type: bool
        default: false
  rps_default_cpus:
    description: CPUs that RPS of every device made from now on starts with, guests' taps among them; or V(off). Needs
      Linux 6.3.
    type: raw
  rps_sock_flow_entries:
    description: Flows that RFS remembers on the whole host, V(0) or a power of two up to 1048576.
    type: int
  missing:
    description: What becomes of the run where a device or a CPU that is named is not there. V(skip) leaves it out, as
      leading a run back does, and tells of a device in RV(notes).
    type: str
    choices: [fail, skip]
    default: fail
  best_effort:
    description: Whether a wish that a device or its driver cannot serve is left out and told in RV(notes).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: One queue receives, and the kernel spreads nothing
  kvm.vnic.packet_steering:
    devices:
      - {device: ens2, rps: "off", rfs_flows: 0, rss_queues: 1}
    rps_default_cpus: "off"
    rps_sock_flow_entries: 0

- name: A guest's queue for its MAC address
  kvm.vnic.packet_steering:
    devices:
      - device: enp59s0f0
        ntuple: true
        mac_rules: [{mac: "52:54:00:12:34:56", queue: 3}]

- name: As many queues as there can be, each sending CPU with its own
  kvm.vnic.packet_steering:
    devices:
      - {device: eth0, channels: {combined: max}, xps: ["0", "1"]}
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: ens2, field: rss_queues, before: 2, after: 1, reason: differs, effect: now, reversible: "yes"}
pending:
  description: Always empty, because everything here takes effect at once.
  returned: success
  type: list
  elements: dict
notes:
  description: What was left as it is, because the device cannot do it.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.packet_steering import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.packet_steering import PacketSteering


def main():
    run_resource(PacketSteering(), ARGUMENTS)


if __name__ == "__main__":
    main()
