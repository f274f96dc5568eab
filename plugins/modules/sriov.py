#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sriov
short_description: Manage the virtual functions of SR-IOV network cards
description:
  - Makes virtual functions (VFs), sets what the driver of their physical function (PF) keeps for each of them, and
    chooses who drives them.
  - What is omitted is left alone, and a value that is there already is never written again, because some drivers reset
    the VF at that.
  - The kernel keeps nobody from destroying VFs that are in use. This module does, whether libvirt runs or not. It
    refuses to change the number of VFs
    while one of them belongs to a guest of libvirt (running, paused, saved or only defined) or to a network of libvirt
    that hands it out,
    is held by another program, is in another network namespace, in a bond, a bridge or an Open vSwitch, carries a
    macvtap, a macvlan or a VLAN,
    or has an address or a route. It names the VF and its user. What cannot be found out counts as use.
  - What the driver of the card cannot do is refused before anything is written, naming driver and attribute.
  - The number of VFs changes only through 0, which also destroys the settings of the VFs that exist, and on many cards
    interrupts the PF's own traffic.
  - VFs and their settings live until the next boot.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
options:
  pfs:
    description: The physical functions, each listed once.
    type: list
    elements: dict
    default: []
    suboptions:
      pf:
        description:
          - Name of the PF's network device, its PCI address or its permanent MAC address.
          - Quote PCI and MAC addresses, because YAML reads some unquoted ones as numbers.
        type: str
        required: true
      permanent_mac:
        description:
          - The card's own MAC address; quote it. A card that has another is refused, because a name and a PCI address stay
            with the slot when a card is moved.
          - A plan states it, so that a host which is led back to its plan after a reboot makes no VFs on another card.
        type: str
      num_vfs:
        description:
          - How many VFs there are, from 0 to what the card can have.
          - State a number that will do for good. Each later change destroys all VFs of the port and needs that none is
            used, or the consent V(vf_count:PF).
          - YAML reads V(010) as 8.
        type: int
      autoprobe:
        description:
          - Whether VFs made from now on get their driver on the host by themselves. V(true) is the kernel's own
            default, also after every boot.
          - VFs for a macvtap need their driver, and those for O(vfs[].driver=vfio-pci) are spared its coming and going
            when this is V(false).
        type: bool
      up:
        description:
          - Whether the PF is brought up before its VFs are made. Without that they may get no link and a random MAC
            address, and libvirt refuses to use them.
          - A PF that was down gets no IPv6 address by itself when it is brought up so.
          - V(false) leaves the PF as it is. Nothing here ever takes it down.
        type: bool
        default: true
  vfs:
    description: The VFs and their settings, each listed once.
    type: list
    elements: dict
    default: []
    suboptions:
      vf:
        description:
          - The VFs that this entry is for, as the PF, C(#) and indices, such as V(enp59s0f0#0-3) or
            V(0000:3b:00.0#0,2).
          - Exclusive with O(vfs[].pf) and O(vfs[].index), one of the two ways is needed.
        type: str
      pf:
        description: The PF, as in O(pfs[].pf). Needs O(vfs[].index).
        type: str
      index:
        description: A number from 0, or ranges such as V(0-3,6). Needs O(vfs[].pf).
        type: raw
      mac:
        description:
          - MAC address that the PF's driver gives the VF, for exactly one VF; quote it.
          - V(none) takes it back, so that the VF may choose its own. Drivers that then show what the VF chose do not show
            whether it was taken back, so that with them it is taken back at each run.
          - Refused for a VF that a guest has through an C(<interface>) of libvirt, because libvirt sets it from the
            guest's XML.
          - With most drivers a VF whose own driver runs already takes it only at the next probe of that; until then it
            is returned in RV(pending).
        type: str
      vlan:
        description:
          - VLAN from 1 to 4094 that the card puts the VF's packets into, 0 for none. YAML reads V(0100) as 64.
          - Refused for a VF that a guest has through an C(<interface>) of libvirt.
        type: int
      qos:
        description: 802.1p priority of that VLAN, from 0 to 7.
        type: int
      vlan_protocol:
        description: Kind of the VLAN tag. V(802.1ad) needs a card of the driver C(ice), or another that offers it.
        type: str
        choices: [802.1Q, 802.1ad]
      spoofchk:
        description: Whether the card drops packets that the VF sends from MAC addresses or VLANs that are not its own.
        type: bool
      trust:
        description: Whether the VF may change its MAC address, join any multicast group and see all packets. Needed for
          bridges inside a guest.
        type: bool
      link_state:
        description: Whether the VF's link follows the PF's (V(auto)) or is always up or down.
        type: str
        choices: [auto, enable, disable]
      min_tx_rate:
        description: Rate in Mb/s that the VF is sure of, 0 for none.
        type: int
      max_tx_rate:
        description:
          - Rate in Mb/s that the VF cannot exceed, 0 for no limit, at most the link's speed.
          - The driver C(i40e) counts in 50 Mb/s, C(ixgbe) takes more than 10 Mb/s and only while the link runs at 10
            Gb/s, and C(igb) has rates on the 82576 only.
        type: int
      query_rss:
        description: Whether the VF may read the card's RSS configuration.
        type: bool
      driver:
        description:
          - V(default) has the VF driven by whichever driver of the host fits, and V(vfio-pci) has it ready to be passed
            to a guest or another program by VFIO.
          - Leave this out for guests of libvirt with C(managed='yes'), which changes drivers by itself.
          - A VF that nobody drives counts as V(default).
        type: str
        choices: [default, vfio-pci]
  purge:
    description:
      - Whether VFs that are not listed in O(vfs), of the PFs that are listed in O(pfs), get the defaults of all
        settings back.
      - VFs that somebody uses keep their settings, which RV(notes) tells. The MAC address stays in any case, because
        the kernel does not tell an administrator's
        from one that the VF has chosen.
    type: bool
    default: false
  ignore_unsupported:
    description: Whether a setting that the driver cannot do is left out with a note in RV(notes), instead of failing.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Eight VFs on a port, trusted ones first
  kvm.vnic.sriov:
    pfs:
      - pf: "0000:3b:00.0"
        num_vfs: 8
    vfs:
      - vf: "0000:3b:00.0#0-3"
        trust: true
        spoofchk: false
      - vf: "0000:3b:00.0#4-7"
        trust: false
        max_tx_rate: 1000

- name: A VF for a program in user space
  kvm.vnic.sriov:
    vfs:
      - pf: enp59s0f0
        index: 7
        mac: "52:54:00:12:34:56"
        vlan: 100
        driver: vfio-pci

- name: Fewer VFs, although a guest that is going to be removed is still defined on one
  kvm.vnic.sriov:
    pfs:
      - pf: enp59s0f0
        num_vfs: 4
    allow_disruption:
      - vf_count:enp59s0f0
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished. What is V(unknown) before
    belongs to a VF that was yet to be made.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: enp59s0f0, field: num_vfs, before: 0, after: 8, reason: differs, effect: now, reversible: best_effort}
    - {target: "enp59s0f0#0", field: vlan, before: unknown, after: 5, reason: differs, effect: now, reversible: "yes"}
pending:
  description: What is written and waits for a driver probe, such as the MAC address of a VF whose driver runs already.
  returned: success
  type: list
  elements: dict
  sample:
    - target: "enp59s0f0#7"
      field: mac
      current: "de:ad:be:ef:00:01"
      wanted: "52:54:00:12:34:56"
      until: driver_probe
      reason: enp59s0f0v7 keeps its address until its driver iavf is unbound and bound again
notes:
  description: What is worth knowing and nothing failed for.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._module.sriov import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._resource.sriov import Sriov


def main():
    run_resource(Sriov(), ARGUMENTS)


if __name__ == "__main__":
    main()
