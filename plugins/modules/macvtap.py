#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macvtap
short_description: Manage macvtaps and the devices that carry them
description:
  - Makes existing devices ready to carry macvtaps, libvirt's among them, and makes, adjusts and removes macvtaps for
    QEMU without libvirt,
    all in one C(ip -batch).
  - libvirt makes the macvtaps of its guests itself; their names are refused here, and no macvtap that this collection
    did not make is ever purged.
  - QEMU opens a macvtap as C(/dev/tapN), where N is the number in C(/sys/class/net/NAME/ifindex). When the module
    ends, udev is through with that file.
  - A macvtap guest and its host cannot talk to each other over the same lower device.
  - A new macvtap gets no IPv6 link-local address (C(addrgenmode none)), so that the host does not speak with the
    guest's MAC address.
  - What is omitted is left alone. The macvtaps live until the next boot.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
  - kvm.vnic._resource.purge
options:
  macvtaps:
    description: The macvtaps.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the macvtap, at most 15 characters out of letters, digits, C(_), C(.) and C(-).
          - Names that libvirt makes by itself, such as V(macvtap0), are refused.
        type: str
        required: true
      lower:
        description:
          - "Device that the macvtap stands on: a physical function, the network device of a virtual function, a VLAN
            subinterface or a bond."
          - Required unless O(macvtaps[].state=absent).
          - A port of a bridge, of Open vSwitch or of a bond is refused, because an uplink has one kind of switch.
          - Another one means that the macvtap is removed and made anew.
        type: str
      mode:
        description:
          - How macvtaps on the same lower device see each other. Required unless O(macvtaps[].state=absent).
          - There is no default, because the usual one, V(vepa), passes nothing between them without a switch that
            sends frames back where they came from (hairpin).
          - V(bridge) lets them talk to each other; V(private) keeps them apart; V(source) takes frames of listed
            senders only.
          - V(passthru) takes the whole lower device, its MAC address included, makes it promiscuous, and bears no
            other macvtap or macvlan beside it.
          - A change to or from V(passthru) means that the macvtap is removed and made anew; others are made while it
            is in use.
        type: str
        choices: [bridge, private, vepa, passthru, source]
      mac:
        description:
          - MAC address; the guest's own must be the same.
          - With O(macvtaps[].mode=passthru) the lower device gets it too, as long as the macvtap exists.
          - Quote it, because YAML reads unquoted ones as numbers.
        type: str
      mtu:
        description: Largest packet in bytes, 68 to 65535, and not above the lower device's. The lower device's when
          omitted.
        type: int
      alias:
        description:
          - What the kernel keeps as the device's alias (C(ifalias)), up to 255 bytes; empty for none.
          - When this is omitted, a new one gets V(kvm.vnic). Only what has exactly that is ever purged.
        type: str
      up:
        description: Whether the macvtap is administratively up.
        type: bool
        default: true
      state:
        description: Whether the macvtap exists.
        type: str
        choices: [present, absent]
        default: present
  lower_devices:
    description:
      - Existing devices that are to carry macvtaps or are the uplink of a switch, made ready before what stands on them is.
      - They are adjusted only, never made or removed, and neither addresses nor anything else of theirs is touched.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the device.
        type: str
        required: true
      up:
        description: Whether it is administratively up.
        type: bool
        default: true
      mtu:
        description:
          - Largest packet in bytes, 68 to 65535; the driver may allow less.
          - Many drivers reset the port for it. A device that something stands on or that has addresses is not changed
            without the consent C(mtu:DEVICE).
        type: int
"""

EXAMPLES = r"""
- name: The uplink of libvirt's macvtap guests
  kvm.vnic.macvtap:
    lower_devices:
      - name: enp59s0f1
        mtu: 9000

- name: Macvtaps for QEMU without libvirt
  kvm.vnic.macvtap:
    macvtaps:
      - name: mvt-web1
        lower: enp59s0f1
        mode: bridge
        mac: "52:54:00:12:34:56"
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: mvt-web1, field: mode, before: vepa, after: bridge, reason: differs, effect: now, reversible: "yes"}
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

from ansible_collections.kvm.vnic.plugins.module_utils._module.macvtap import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.macvtap import Macvtap


def main():
    run_resource(Macvtap(), ARGUMENTS)


if __name__ == "__main__":
    main()
