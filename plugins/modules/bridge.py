#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: bridge
short_description: Manage Linux bridges and their ports
description:
  - Makes, adjusts and removes Linux bridges, and makes devices their ports, all in one C(ip -batch).
  - A device that is the port of another bridge is not moved, and one that has addresses or carries a macvtap is not taken, without consent.
  - What is omitted is left alone. Addresses belong to the host's own network configuration.
  - The bridges live until the next boot.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
  - kvm.vnic._resource.purge
options:
  bridges:
    description: The bridges, in the order in which they are made.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the bridge, at most 15 characters out of letters, digits, C(_), C(.) and C(-).
          - Names that libvirt makes by itself, such as V(vnet0), are refused.
        type: str
        required: true
      state:
        description: Whether the bridge exists.
        type: str
        choices: [present, absent]
        default: present
      mtu:
        description: Largest packet in bytes, 68 to 65535.
        type: int
      mac:
        description: MAC address; quote it, because YAML reads unquoted ones as numbers.
        type: str
      alias:
        description:
          - What the kernel keeps as the device's alias (C(ifalias)), up to 255 bytes; empty for none.
          - When this is omitted, a new one gets V(kvm.vnic). Only what has exactly that is ever purged.
        type: str
      up:
        description: Whether the bridge is administratively up.
        type: bool
        default: true
      stp:
        description: Whether the kernel's spanning tree protocol runs.
        type: bool
      vlan_filtering:
        description: Whether the bridge tells VLANs apart.
        type: bool
      multicast_snooping:
        description: Whether multicast goes only where members were heard of.
        type: bool
      forward_delay:
        description: Seconds that a new port waits before it forwards, 0 to 30. The kernel takes 0 only while spanning tree is off.
        type: int
      ageing_time:
        description: Seconds after which a silent MAC address is forgotten, 0 to 1000000.
        type: int
      ports:
        description:
          - Devices that are to be ports; they are also brought up.
          - Other ports, such as those of running guests, stay unless O(bridges[].purge_ports).
        type: list
        elements: str
      purge_ports:
        description: Whether ports that are not listed leave the bridge.
        type: bool
        default: false
  devices:
    description:
      - Devices that become ports of one bridge or of none, whatever other ports there are.
      - Who leaves does so before a bridge is removed, who joins after it is made.
      - One that the host does not have is passed over, which RV(notes) tells.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the device.
        type: str
        required: true
      bridge:
        description:
          - Bridge that it is a port of, V(none) for no bridge.
          - Leaving a bridge needs the consent V(port:DEVICE), and so does joining one with an address on the device.
        type: str
      up:
        description:
          - Whether it is administratively up. Left alone when omitted.
          - One that is in use is not taken down without the consent V(down:DEVICE).
        type: bool
"""

EXAMPLES = r"""
- name: A bridge for guests over the second port of the card
  kvm.vnic.bridge:
    bridges:
      - name: br-prod
        mtu: 9000
        stp: false
        forward_delay: 0
        ports: [enp59s0f1]

- name: The port is to be in no bridge any more
  kvm.vnic.bridge:
    devices:
      - {name: enp59s0f1, bridge: none}
    allow_disruption: ["port:enp59s0f1"]
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: br-prod, field: mtu, before: 1500, after: 9000, reason: differs, effect: now, reversible: "yes"}
pending:
  description: What is written and waits for a guest start, a driver probe or a boot.
  returned: success
  type: list
  elements: dict
notes:
  description: What is worth knowing and nothing failed for.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.bridge import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.bridge import Bridge


def main():
    run_resource(Bridge(), ARGUMENTS)


if __name__ == "__main__":
    main()
