#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vlan
short_description: Manage VLAN subinterfaces
description:
  - Makes, adjusts and removes VLAN subinterfaces, all in one C(ip -batch).
  - They carry one VLAN of an uplink to what cannot tag by itself, as a macvtap or a bridge without VLAN filtering.
  - The kernel ignores a change of the lower device, the id or the protocol of an existing subinterface. Where one of
    them differs, the
    subinterface is removed and made anew; it returns to the bridge that it was a port of, and whoever else uses it is
      asked about first.
  - What is omitted is left alone. Addresses belong to the host's own network configuration.
  - The subinterfaces live until the next boot.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
  - kvm.vnic._resource.purge
options:
  vlans:
    description: The subinterfaces, in the order in which they are made. One can stand on another that is listed
      before it (QinQ).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the subinterface, at most 15 characters out of letters, digits, C(_), C(.) and C(-).
          - Without it, the name is that of the lower device, a dot and the id, as in V(enp59s0f1.100), if that has at
            most 15 characters.
        type: str
      lower:
        description:
          - Device that the subinterface stands on. Required unless O(vlans[].state=absent) and O(vlans[].name) is
            given.
          - It must be up if the subinterface is to be up.
        type: str
      id:
        description:
          - VLAN id, 1 to 4094. Required unless O(vlans[].state=absent) and O(vlans[].name) is given.
          - Write it without leading zeros, because YAML 1.1 reads C(0100) as the octal number 64, and nothing can
            tell that from a wished 64.
        type: int
      protocol:
        description: Tag protocol. The kernel's default, V(802.1Q), is taken when it is omitted; V(802.1ad) makes a
          service tag.
        type: str
        choices: [802.1Q, 802.1ad]
      mtu:
        description: Largest packet in bytes, 68 to 65535, and not above the lower device's. The lower device's when
          omitted.
        type: int
      mac:
        description: MAC address, the lower device's when omitted. Quote it, because YAML reads unquoted ones as
          numbers.
        type: str
      alias:
        description:
          - What the kernel keeps as the device's alias (C(ifalias)), up to 255 bytes; empty for none.
          - When this is omitted, a new one gets V(kvm.vnic). Only what has exactly that is ever purged.
        type: str
      master:
        description:
          - Bridge that the VLAN is a port of, V(none) for no bridge. The module M(kvm.vnic.bridge) says the same from the
            bridge's side; say it in one place.
          - Taking it out of a bridge needs the consent V(port:NAME).
        type: str
      up:
        description: Whether the subinterface is administratively up.
        type: bool
        default: true
      state:
        description: Whether the subinterface exists.
        type: str
        choices: [present, absent]
        default: present
"""

EXAMPLES = r"""
- name: VLAN 100 of the uplink, for macvtaps and bridges
  kvm.vnic.vlan:
    vlans:
      - lower: enp59s0f1
        id: 100
        mtu: 9000

- name: A customer's VLAN within a service VLAN
  kvm.vnic.vlan:
    vlans:
      - {name: service7, lower: enp59s0f1, id: 7, protocol: 802.1ad}
      - {name: customer9, lower: service7, id: 9}
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: enp59s0f1.100, field: mtu, before: 1500, after: 9000, reason: differs, effect: now, reversible: "yes"}
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

from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._module.vlan import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._resource.vlan import Vlan


def main():
    run_resource(Vlan(), ARGUMENTS)


if __name__ == "__main__":
    main()
