#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: domain_interface
short_description: Manage the network interfaces of libvirt's guests
description:
  - Attaches, changes and detaches the NICs of libvirt's QEMU guests, in the running guest and in its persistent
    definition, each compared and changed
    by itself. Everything else in the domain's XML, and every PCI slot, stays as it is.
  - A NIC is known by its O(domains[].interfaces[].name), which is kept in the XML as C(<alias name='ua-NAME'/>). A
    NIC that others made is adopted by
    its MAC address.
  - What is omitted is left alone; V(0) clears a number. A NIC that is made gets the model V(virtio) and the backend
    V(vhost) where nothing else is said.
  - What cannot change in a running guest, such as the model, the queues or the source of a VF, is written to the
    definition and returned as
    C(pending) until the guest starts again. With the consent C(replug:GUEST/NIC) the NIC is unplugged and plugged in
    anew instead.
  - A missing NIC is plugged into a running guest without asking. Taking one out of a running guest needs the consent
    C(unplug:GUEST/NIC).
  - A NIC is gone when the guest's own kernel has let it go, which is awaited for up to 60 seconds a NIC. A guest that
    is paused cannot release one; that is refused.
  - Virtual functions are attached with C(managed='yes'), so that libvirt takes them from their driver and writes
    their MAC address and VLAN.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
requirements:
  - libvirt's Python bindings (C(python3-libvirt)) on the host
options:
  domains:
    description: The guests, each listed once.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the guest. At least one of O(domains[].name) and O(domains[].uuid) is needed; both
          together must mean the same guest.
        type: str
      uuid:
        description: UUID of the guest.
        type: str
      purge:
        description:
          - Whether NICs of this guest that are not listed and carry an alias C(ua-…) are detached.
          - NICs without such an alias were made by others and stay.
        type: bool
        default: false
      scope:
        description:
          - Which of the guest's two definitions is compared and changed, V(both) or only the one for its next start
            (V(persistent)) or the running one (V(live)).
          - A guest may be listed once for each. The two differ in what a rollback leads back.
        type: str
        choices: [both, persistent, live]
        default: both
      interfaces:
        description: The guest's NICs.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Identity of the NIC within its guest, 1 to 60 letters, digits, C(_) and C(-).
            type: str
            required: true
          state:
            description: Whether the guest has the NIC.
            type: str
            choices: [present, absent]
            default: present
          named:
            description:
              - Whether the XML keeps O(domains[].interfaces[].name). With V(false) the NIC is left to others, as it was
                before it was adopted, and is known by O(domains[].interfaces[].mac) alone, which is then needed.
              - A running guest learns it at its next start.
            type: bool
            default: true
          slot:
            description:
              - PCI address that the guest gives to a NIC which is made, such as V(0000:03:00.0); quote it. Where that
                place is taken or not there, libvirt chooses another.
              - A NIC that is there stays in its place.
            type: str
          type:
            description:
              - libvirt's type of interface. Needed unless O(domains[].interfaces[].state=absent).
              - V(hostdev) passes a virtual function through. V(direct) makes a macvtap on a device. V(bridge) makes a
                tap on a Linux or Open vSwitch bridge.
                V(ethernet) takes a tap or macvtap that exists, and leaves it alone. V(network) leaves the choice to a
                network of libvirt's.
            type: str
            choices: [hostdev, direct, bridge, ethernet, network]
          source:
            description: What the NIC is attached to.
            type: dict
            suboptions:
              pf:
                description: Physical function of the VF, by device name, PCI address or MAC address, for
                  O(domains[].interfaces[].type=hostdev). It must be up.
                type: str
              index:
                description: Index of the VF within O(domains[].interfaces[].source.pf).
                type: int
              pci:
                description: PCI address of the VF itself, instead of O(domains[].interfaces[].source.pf) and index;
                  quote it.
                type: str
              device:
                description:
                  - With O(domains[].interfaces[].type=direct) the device that the macvtap stands on, which cannot be
                    a bridge's port.
                  - With O(domains[].interfaces[].type=ethernet) the tap or macvtap itself. A tap with V(multi_queue)
                    needs more than one of
                    O(domains[].interfaces[].queues), one without exactly one.
                type: str
              mode:
                description: Mode of the macvtap. Required, because libvirt's own default, V(vepa), needs a switch
                  that sends packets back.
                type: str
                choices: [bridge, private, vepa, passthrough]
              bridge:
                description: Name of the bridge, for O(domains[].interfaces[].type=bridge).
                type: str
              virtualport:
                description: Say V(openvswitch) when the bridge is one of Open vSwitch and any
                  O(domains[].interfaces[].source.interface_id) will do.
                type: str
                choices: [openvswitch]
              interface_id:
                description:
                  - UUID by which Open vSwitch, its flows and its controllers know the NIC's port (C(iface-id)), whatever
                    the port's number. It says that the bridge is one of Open vSwitch.
                  - Without it libvirt makes one up for a new NIC, and one that is there is left alone. One that another
                    NIC on the host has is refused.
                type: str
              network:
                description: Name of the active network of libvirt's, for O(domains[].interfaces[].type=network).
                type: str
              portgroup:
                description: Port group within the network; an empty text takes it away.
                type: str
          model:
            description: What the guest sees. Not for VFs, which it sees themselves.
            type: str
            choices: [virtio, e1000, rtl8139]
          backend:
            description:
              - Whether packets of a V(virtio) NIC are moved by the kernel (V(vhost)) or by QEMU itself.
              - It is always written, because libvirt falls back to QEMU in silence where nothing is said and vhost
                cannot be opened. V(none) says nothing, as it was before a NIC was adopted.
            type: str
            choices: [vhost, qemu, none]
          mac:
            description:
              - MAC address; quote it. Without it libvirt generates one for a new NIC.
              - One that another NIC on the host has is refused.
            type: str
          vlan:
            description:
              - VLAN ID that the host tags the guest's packets with, V(0) for none.
              - For VFs, Open vSwitch, and a macvtap in mode V(passthrough) on a VF. Elsewhere the guest could not
                start or the tag would be ignored.
              - On Open vSwitch it makes the port an access port, which takes the place of
                O(domains[].interfaces[].trunks). It is changed in a running guest too.
            type: int
          trunks:
            description:
              - VLAN IDs whose tagged packets the guest sends and gets, on a bridge of Open vSwitch. They take the place
                of O(domains[].interfaces[].vlan). An empty list takes them away.
              - Changed in a running guest too, unless the NIC goes to another bridge at its next start.
            type: list
            elements: int
          native_vlan:
            description: Which VLAN a trunk's untagged packets belong to, in both directions; it counts among
              O(domains[].interfaces[].trunks), without which it is refused. V(0) or left out, there is none.
            type: int
          bandwidth:
            description:
              - Limits of a NIC of O(domains[].interfaces[].type=bridge), as the guest sees it. A direction that is left
                out is left alone; V(none) takes its limit away. Changed in a running guest too.
              - A limit is a dictionary of C(average) and C(peak) in kilobytes (1000 bytes) a second and C(burst), the
                number of KiB that may go at C(peak) speed. C(average) is needed; C(peak) and C(burst) that are left out
                are left alone, V(0) takes them away.
              - On Open vSwitch libvirt makes of C(inbound) a queue and of C(outbound) a policing rate. C(peak) of
                C(outbound) is kept in the definition and has no effect. C(average) of C(inbound) is what the port gets
                at least there and C(peak) the most, so that C(inbound) without C(peak) limits nothing; RV(notes) tells of it.
            type: dict
            suboptions:
              inbound:
                description: What the guest may receive, a dictionary or V(none).
                type: raw
              outbound:
                description: What the guest may send, a dictionary or V(none).
                type: raw
          mtu:
            description: MTU of the tap and of what the guest is told, 68 to 65535, V(0) for libvirt's choice. Not for
              V(hostdev) and V(direct).
            type: int
          queues:
            description: Pairs of queues of a V(virtio) NIC, 1 to 256. More than the guest has vCPUs are of no use to
              it.
            type: int
          rx_queue_size:
            description: Receive ring of a V(virtio) NIC; V(0), V(256), V(512) or V(1024).
            type: int
          tx_queue_size:
            description: Transmit ring of a V(virtio) NIC; V(0) or V(256), because QEMU does not start with more on a
              tap or macvtap.
            type: int
          boot_order:
            description: Place of the NIC among what the firmware boots from, V(0) for none. Not for guests with
              C(<os><boot dev=…>).
            type: int
          link_state:
            description: Whether the guest sees a cable. V(up) and V(down) need no quotes, C(on) and C(off) are
              something else.
            type: str
            choices: [up, down]
          trust_guest_rx_filters:
            description: Whether a V(virtio) guest may change the MAC address and receive filters of its macvtap or
              VF. Leave off for guests that are not trusted.
            type: bool
          port_isolated:
            description: Whether the bridge keeps this NIC from reaching other isolated ones.
            type: bool
"""

EXAMPLES = r"""
- name: A VF, a macvtap and a bridge port for a guest
  kvm.vnic.domain_interface:
    domains:
      - name: web1
        interfaces:
          - name: front
            type: hostdev
            source: {pf: enp59s0f1, index: 3}
            mac: "52:54:00:12:34:56"
            vlan: 100
          - name: back
            type: direct
            source: {device: enp59s0f0, mode: bridge}
            queues: 4
          - name: adm
            type: bridge
            source: {bridge: br0}

- name: A trunk on Open vSwitch that is known by its interface ID and sends at most 100 Mbit/s
  kvm.vnic.domain_interface:
    domains:
      - name: router1
        interfaces:
          - name: lan
            type: bridge
            source: {bridge: br-tenant, interface_id: 6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44}
            trunks: [10, 20]
            native_vlan: 10
            bandwidth: {inbound: none, outbound: {average: 12500, burst: 1250}}

- name: Another number of queues at once, though the guest runs
  kvm.vnic.domain_interface:
    domains:
      - name: web1
        interfaces:
          - name: back
            type: direct
            source: {device: enp59s0f0, mode: bridge}
            queues: 2
    allow_disruption: ["replug:web1/back"]

- name: Only what is listed
  kvm.vnic.domain_interface:
    domains:
      - uuid: 0f5b1e2c-6a3d-4c8e-9b7f-1d2e3f4a5b6c
        purge: true
        interfaces:
          - name: adm
            type: bridge
            source: {bridge: br0}
    allow_disruption: ["unplug:web1/front", "unplug:web1/back"]
"""

RETURN = r"""
actions:
  description:
    - What was done, or in check mode would be. Empty when everything was as wished.
    - C(field) begins with V(persistent) for the definition and V(live) for the running guest.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: web1/back, field: persistent.queues, before: 1, after: 4, reason: differs, effect: now, reversible:
      "yes"}
pending:
  description: What is in the definition and waits for the guest's next start.
  returned: success
  type: list
  elements: dict
  sample:
    - target: web1/back
      field: queues
      current: 1
      wanted: 4
      until: guest_start
      reason: "cannot change while it is plugged in; allow_disruption: ['replug:web1/back'] unplugs it and plugs it in
        anew"
notes:
  description: What is worth knowing and nothing failed for.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.domain_interface import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.domain_interface import DomainInterface


def main():
    run_resource(DomainInterface(), ARGUMENTS)


if __name__ == "__main__":
    main()
