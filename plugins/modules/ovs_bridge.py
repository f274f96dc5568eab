#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ovs_bridge
short_description: Manage bridges of Open vSwitch with their ports, mirrors and queues
description:
  - Makes, adjusts and removes bridges of Open vSwitch, in one transaction of C(ovs-vsctl) that waits, bounded in time, until C(ovs-vswitchd) has applied it.
    A port whose QoS goes with it while another takes its name or device loses that in a transaction before.
  - A port that sits on another bridge is refused and never moved; so is a device that is a Linux bridge's or a bond's, or that carries a macvtap.
  - Ports of guests belong to libvirt. What is set on them here would be lost when the guest starts again, so that it is refused; they are never removed either.
  - The exception is a port that outlived its guest, as after a power cut. libvirt marks its ports as transient; where the device of one is gone
    and C(ovs-vswitchd) tells an error for it, it is removed. It would take the next guest's device of that name, and that guest would not start.
  - Ports, keys and bridges that others made are left alone, and what is omitted is left alone.
    The bridges and their ports are in Open vSwitch's database and outlive a boot; whether a device is up does not.
  - When the database holds a change and C(ovs-vswitchd) did not apply it in time, or reports an error, the module fails with
    C(error_kind=applied_unverified) and what C(ovs-vswitchd) said. Running again does not repeat what is committed.
  - While C(ovs-vswitchd) is not running and the database is, the changes are written and reported as pending until C(service_start).
  - A change of O(bridges[].fail_mode) or O(bridges[].controllers) lets C(ovs-vswitchd) empty the bridge's flow tables.
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
    description: The bridges.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the bridge and of its internal port, at most 15 characters out of letters, digits, C(_), C(.) and C(-).
          - Those that libvirt or Open vSwitch has for itself are refused, as C(vnet0), C(ovs-system), C(vxlan_sys_4789) and C(LOCAL); of ports, too.
        type: str
        required: true
      state:
        description:
          - Whether the bridge exists. One with guests' ports, others' ports or addresses is removed only with consent V(remove:NAME).
          - Of one that is V(absent), O(bridges[].ports) are those ports of ours that are meant to go with it, which then ask for no consent.
        type: str
        choices: [present, absent]
        default: present
      datapath_type:
        description:
          - V(system) for the kernel's datapath, V(netdev) for the one in user space, which vhost-net cannot serve.
          - A change makes the datapath anew and needs consent V(datapath_type:NAME) when the bridge has ports.
        type: str
      fail_mode:
        description:
          - What the bridge does without a controller. With V(standalone) it switches by MAC address, with V(secure) it forwards only what flows say.
            V(none) clears it, which is as V(standalone).
          - A change needs consent V(fail_mode:NAME) while guests have ports on the bridge.
        type: str
      up:
        description: Whether the bridge's internal port is administratively up. V(false) takes it down, unlike O(bridges[].ports[].up).
        type: bool
        default: true
      mac:
        description:
          - MAC address of the internal port, kept as C(other_config:hwaddr); quote it. Without one the lowest of its ports' is taken.
          - V(none) clears it.
        type: str
      mtu:
        description: MTU that is asked for the internal port, 68 to 65535, or V(none) to let the ports decide.
        type: raw
      controllers:
        description: OpenFlow controllers, as C(tcp:192.0.2.9:6653), C(ssl:…), C(unix:…), C(ptcp:…), C(pssl:…) or C(punix:…). An empty list clears them.
        type: list
        elements: str
      protocols:
        description: Versions of OpenFlow that the bridge speaks, V(OpenFlow10) to V(OpenFlow15). An empty list leaves them to Open vSwitch.
        type: list
        elements: str
      mcast_snooping:
        description: Whether multicast goes only where members were heard of.
        type: bool
      stp:
        description: Whether the spanning tree protocol runs. Not together with O(bridges[].rstp).
        type: bool
      rstp:
        description: Whether the rapid spanning tree protocol runs.
        type: bool
      owned:
        description: Whether a bridge that is made gets the mark by which it may be purged. V(false) is for one that is led back to somebody else.
        type: bool
        default: true
      external_ids:
        description: Keys and values; V(none) or null removes a key, keys that are not listed stay. C(kvm-vnic) is reserved.
        type: dict
      other_config:
        description: As O(bridges[].external_ids), of the settings that ovs-vswitchd.conf.db(5) lists.
        type: dict
      ports:
        description:
          - The ports. Other ones, such as those of running guests, stay, unless O(bridges[].purge_ports).
          - An entry with the bridge's own name speaks of its internal port.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the port, and of its interface unless O(bridges[].ports[].interfaces) makes it a bond.
            type: str
            required: true
          state:
            description: Whether it is a port of the bridge. One that others added, or a device with a carrier, leaves only with consent V(port:NAME).
            type: str
            choices: [present, absent]
            default: present
          owned:
            description: Whether a port that is made gets the mark by which the collection knows its own. V(false) is for one that is led back to
              somebody else.
            type: bool
            default: true
          down:
            description: Devices that are to be administratively down, as they were before a run brought them up. They come before
              O(bridges[].ports[].up).
            type: list
            elements: str
          give_back:
            description:
              - Addresses and routes that devices get back, by name of the device, each as C(addresses) and C(routes) with lists of the words
                of ip(8) without verb and device, such as V([192.0.2.5/24]). They are taken from the bridge.
              - By this a run that moved them is led back, and an internal port that is made again has its own.
            type: dict
          interfaces:
            description: Devices of a bond, at least two. Those that are not listed leave the bond, with consent V(port:DEVICE).
            type: list
            elements: str
          type:
            description:
              - Type of the interface; V(system) for a device that the host has already, V(internal), V(patch), V(tap), V(vxlan), V(geneve), V(gre), ….
              - A new port is V(system) when omitted.
            type: str
          options:
            description: Options of the interface, as C(peer) of a patch or C(remote_ip) of a tunnel. List both ends of a patch in one call.
            type: dict
          interface_external_ids:
            description: As O(bridges[].external_ids), of the interface; C(iface-id) for a guest that libvirt does not manage.
            type: dict
          external_ids:
            description: As O(bridges[].external_ids), of the port.
            type: dict
          other_config:
            description: As O(bridges[].external_ids), of the port's settings.
            type: dict
          tag:
            description: VLAN of an access port, or the native one, 1 to 4094; V(none) clears it.
            type: raw
          trunks:
            description:
              - VLANs that the port carries tagged, 0 to 4094, where 0 stands for frames without a tag. An empty list carries all.
              - With a tag, the one that the port has included, they need a native O(bridges[].ports[].vlan_mode).
            type: list
            elements: int
          vlan_mode:
            description: V(access), V(trunk), V(native-tagged), V(native-untagged) or V(dot1q-tunnel); V(none) clears it, and O(bridges[].ports[].tag) decides.
            type: str
          bond_mode:
            description: V(active-backup), V(balance-slb) or V(balance-tcp); V(none) clears it.
            type: str
          lacp:
            description: V(active), V(passive) or V(off); V(none) clears it.
            type: str
          protected:
            description: Whether the port exchanges nothing with other protected ports of the bridge.
            type: bool
          mtu:
            description: MTU that is asked for the interface, 68 to 65535; V(none) clears the request.
            type: raw
          policing_rate:
            description: Most that comes in from the interface, in kbit/s; 0 for no limit.
            type: int
          policing_burst:
            description: Burst beyond O(bridges[].ports[].policing_rate), in kbit; 0 for Open vSwitch's default.
            type: int
          qos:
            description:
              - Queueing of what goes out of the port, as C(type), C(other_config) and C(queues) (number to settings); V(none) clears it.
              - It is compared as a whole, and made anew where it differs.
              - C(row) alone, with the identity of a row of the table QoS, is one that is there already.
            type: raw
          up:
            description:
              - Whether the device is administratively up, for types V(system), V(internal) and V(tap).
              - V(false) leaves it as it is, unlike O(bridges[].up), as it may be others' device; O(bridges[].ports[].down) takes one down.
            type: bool
            default: true
          move_addresses:
            description:
              - Whether the device's IP addresses and routes go to the bridge's internal port in the same step. On a port they would not answer.
              - When omitted they go there only where they carry the connection to the host, which takes consent V(management:DEVICE).
                Other addresses keep the device from being taken without consent V(port:DEVICE).
              - The host's own network configuration must name the bridge from then on.
            type: bool
      purge_ports:
        description:
          - Whether ports that are not listed leave the bridge, those of guests excepted.
          - One that others added, or a device with a carrier, needs consent V(port:NAME).
        type: bool
        default: false
      mirrors:
        description: Mirrors, which copy frames to a port or VLAN.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the mirror, unique on its bridge.
            type: str
            required: true
          state:
            description: Whether there is the mirror. One that is V(absent) needs its name only.
            type: str
            choices: [present, absent]
            default: present
          select_all:
            description: Whether every frame is copied.
            type: bool
          select_src_ports:
            description: Ports of the bridge whose arriving frames are copied.
            type: list
            elements: str
          select_dst_ports:
            description: Ports of the bridge whose leaving frames are copied.
            type: list
            elements: str
          select_vlans:
            description: VLANs to which the selection is limited, 0 to 4094.
            type: list
            elements: int
          output_port:
            description:
              - Port that gets the copies, and nothing else from then on. Either this or O(bridges[].mirrors[].output_vlan).
              - What it receives is dropped. One whose device has a carrier, and that is no mirror's yet, needs consent V(output_port:NAME).
            type: str
          output_vlan:
            description: VLAN that gets the copies, 1 to 4094.
            type: int
      purge_mirrors:
        description: Whether mirrors that are not listed are removed.
        type: bool
        default: false
  hw_offload:
    description:
      - Whether Open vSwitch hands flows to cards, kept as C(other_config:hw-offload) of its table C(Open_vSwitch). It holds for all bridges of the host.
        V(false) removes the key, which is the same.
      - Cards take flows of the ports that are theirs, where O(kvm.vnic.packet_steering#module:devices[].hw_tc_offload) is on.
      - By its manual C(ovs-vswitchd) has to be restarted after a change; it takes V(true) up at once and V(false) only then. It is not restarted here,
        because that interrupts every port; RV(notes) tells of it.
    type: bool
  missing:
    description: What becomes of the run where a device or port that is named is not there. V(skip) leaves out the port, or the mirror that names it,
      and tells so in RV(notes), as leading a run back does.
    type: str
    choices: [fail, skip]
    default: fail
"""

EXAMPLES = r"""
- name: A bridge for tenants over the second port of the card
  kvm.vnic.ovs_bridge:
    bridges:
      - name: br-tenant
        datapath_type: system
        ports:
          - {name: enp59s0f1, trunks: [100, 200]}
          - {name: monitor, type: internal, tag: 100}

- name: Two bridges that a patch connects, and a tunnel
  kvm.vnic.ovs_bridge:
    bridges:
      - name: br-int
        ports:
          - {name: patch-tun, type: patch, options: {peer: patch-int}}
      - name: br-tun
        ports:
          - {name: patch-int, type: patch, options: {peer: patch-tun}}
          - {name: vxlan0, type: vxlan, options: {remote_ip: 192.0.2.7, key: 42}}

- name: The device that carries the connection, with its addresses
  kvm.vnic.ovs_bridge:
    bridges:
      - name: br-ex
        ports: [{name: enp1s0}]
    allow_disruption: ["management:enp1s0"]

- name: A card that takes over what it can
  kvm.vnic.ovs_bridge:
    bridges:
      - {name: br-tenant, ports: [{name: enp59s0f1}]}
    hw_offload: true

- name: A rate for what leaves a port, and a copy of one VLAN for a capture
  kvm.vnic.ovs_bridge:
    bridges:
      - name: br-tenant
        ports:
          - name: enp59s0f1
            qos: {type: linux-htb, other_config: {max-rate: 1000000000}, queues: {0: {min-rate: 1000000}}}
        mirrors:
          - {name: capture, select_all: true, select_vlans: [100], output_port: monitor}
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: br0/enp1s0, field: tag, before: none, after: 100, reason: differs, effect: now, reversible: "yes"}
pending:
  description: What is in the database and waits for C(ovs-vswitchd) to start.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: br0, field: state, current: null, wanted: present, until: service_start, reason: "it is in the database, and ovs-vswitchd is not running"}
notes:
  description: What is worth knowing and nothing failed for, such as a listed port that is in error.
  returned: success
  type: list
  elements: str
error_kind:
  description: Who must act; V(applied_unverified) when the database holds the change and C(ovs-vswitchd) did not apply it.
  returned: failure
  type: str
  sample: applied_unverified
interface_errors:
  description: What C(ovs-vswitchd) says of each interface in error.
  returned: when RV(error_kind=applied_unverified)
  type: dict
  sample: {vxlan0: "could not set configuration (Invalid argument)"}
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.ovs_bridge import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_bridge import OvsBridge


def main():
    run_resource(OvsBridge(), ARGUMENTS)


if __name__ == "__main__":
    main()
