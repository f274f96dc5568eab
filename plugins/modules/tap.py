#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: tap
short_description: Manage persistent taps
description:
  - Makes, adjusts and removes persistent taps for QEMU without libvirt and for libvirt's C(ethernet) interfaces with
    C(managed='no'), all in one C(ip -batch).
  - libvirt makes the taps of its other guests itself; their names are refused here, and no tap that this collection
    did not make is ever purged.
  - A tap that a process holds is not removed or made anew without consent.
  - Membership in a bridge is the matter of O(kvm.vnic.bridge#module:bridges[].ports).
  - A new tap gets no IPv6 link-local address (C(addrgenmode none)), so that a guest does not meet the host on it.
  - What is omitted is left alone. The taps live until the next boot.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
  - kvm.vnic._resource.purge
requirements:
  - getent on the host, for O(taps[].owner) and O(taps[].group)
options:
  taps:
    description: The taps.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the tap, at most 15 characters out of letters, digits, C(_), C(.) and C(-).
          - Names that libvirt makes by itself, such as V(vnet0), are refused.
        type: str
        required: true
      multi_queue:
        description:
          - Whether the tap takes several queues; QEMU must open it with the same choice (C(queues=N) above 1).
          - Cannot change while the tap exists, which is then made anew; it stays its bridge's port.
        type: bool
      vnet_hdr:
        description:
          - Whether frames carry the virtio header, which offloads need.
          - Given to a new tap only, because whoever opens the tap decides it anew; QEMU turns it on where it can.
        type: bool
      owner:
        description:
          - User who may open the tap, by name or number; V(none) for root alone.
          - Cannot change while the tap exists, which is then made anew.
        type: str
      group:
        description:
          - Group whose members may open the tap, by name or number; V(none) for no group.
          - Cannot change while the tap exists, which is then made anew.
        type: str
      mtu:
        description: Largest packet in bytes, 68 to 65521.
        type: int
      mac:
        description:
          - MAC address of the host's end. The guest's own must be another.
          - Quote it, because YAML reads unquoted ones as numbers.
        type: str
      alias:
        description:
          - What the kernel keeps as the device's alias (C(ifalias)), up to 255 bytes; empty for none.
          - When this is omitted, a new one gets V(kvm.vnic). Only what has exactly that is ever purged.
        type: str
      master:
        description:
          - Bridge that the tap is a port of, V(none) for no bridge. The module M(kvm.vnic.bridge) says the same from the
            bridge's side; say it in one place.
          - Taking it out of a bridge needs the consent V(port:NAME).
        type: str
      up:
        description: Whether the tap is administratively up.
        type: bool
        default: true
      state:
        description: Whether the tap exists.
        type: str
        choices: [present, absent]
        default: present
"""

EXAMPLES = r"""
- name: A tap with several queues, opened by the unprivileged QEMU of web1
  kvm.vnic.tap:
    taps:
      - name: tap-web1
        multi_queue: true
        vnet_hdr: true
        owner: libvirt-qemu

- name: Its place in the bridge
  kvm.vnic.bridge:
    bridges:
      - name: br-prod
        ports: [tap-web1]
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: tap-web1, field: state, before: null, after: {multi_queue: true, up: true}, reason: does not exist yet,
      effect: now, reversible: "yes"}
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
from ansible_collections.kvm.vnic.plugins.module_utils._module.tap import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._resource.tap import Tap


def main():
    run_resource(Tap(), ARGUMENTS)


if __name__ == "__main__":
    main()
