#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ovs_flows
short_description: Manage the OpenFlow tables of Open vSwitch's bridges
description:
  - Manages flows, groups and meters of bridges, and the flows that belong to guests' ports.
  - A flow is compared in the form in which Open vSwitch itself prints it, so that aliases, masks, the case of addresses
    and the order of fields make no difference, and counters none either.
  - The changes of a bridge are made in one atomic bundle. A flow that the switch refuses leaves the tables whole; the
    error names the flow and what the switch said. Meters cannot be part of a bundle. New ones are made before it, and
    those that go are removed after it.
  - The flows that the module makes carry a cookie whose upper 16 bits are V(0x6b76), by which it knows them. Flows of
    others stay, unless O(bridges[].purge=true). A flow of somebody else's that is as listed counts as there. One of the
    same table, priority and match that does something else is replaced only with the consent V(flow:BRIDGE/FLOW), as the
    refusal names it. The consents V(group:BRIDGE/NUMBER) and V(meter:BRIDGE/NUMBER) do so for groups and meters.
  - With a group or meter, Open vSwitch deletes every flow that uses it. One that flows or groups of others use is removed
    only with the consent V(group:BRIDGE/NUMBER) or V(meter:BRIDGE/NUMBER). One that what stays uses, listed or kept for a
    guest's start, is an error. Flows that go with it are told as the others that go.
  - Open vSwitch keeps flows in memory only. They are gone when ovs-vswitchd starts anew, until the next run.
  - The number of a guest's port is known once the guest runs and is another one each time. The flows of
    O(bridges[].guest_ports) are therefore kept in C(/etc/kvm-vnic/ovs-flows.json) and put in place by the script
    C(/etc/libvirt/hooks/qemu.d/kvm-vnic-ovs), which libvirt calls when a guest starts, before its first packet, and when
    it ends. libvirt notices a new script only when its daemon starts, see RV(hook_installed).
  - A port that is plugged into a running guest has no hook. Run the module again once it is there.
  - An interface id is one port's. Of several ports that have it, as after a copy of a guest's definition, the one that has
    the flows keeps them. Where none has them, none is given them. RV(notes) tells which ports those are.
  - Where a text names a port, as in C(in_port=eth1), C(output:eth1) or C({eth1}), the number of that port is put in.
  - What is omitted is left alone, and an empty list clears what the module made.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
requirements:
  - Open vSwitch 2.13 or later on the host, running, with a bridge that speaks OpenFlow14 or OpenFlow15 (by default it does)
  - libvirt 6.5 or later for the flows of guests' ports
options:
  bridges:
    description: The bridges, each listed once. They are there already, made by M(kvm.vnic.ovs_bridge) or otherwise.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the bridge.
        type: str
        required: true
      flows:
        description: The flows of the bridge that belong to no guest's port. Those made before and not listed are removed.
        type: list
        elements: dict
        suboptions: &flow
          table:
            description: Number of the table, V(0) to V(254).
            type: int
            default: 0
          priority:
            description: Of the flows that match a packet, that with the highest number counts. V(0) to V(65535).
            type: int
            default: 32768
          match:
            description:
              - Which packets the flow is for, in the words of ovs-fields(7) separated by commas. Empty for all.
              - A cookie is not accepted, because the module marks its flows by it. Timeouts are not either, because a
                flow that ends by itself does not stay as wished.
            type: str
            default: ""
          actions:
            description: What is done with them, in the words of ovs-actions(7), without comments. V(drop) for nothing.
            type: str
            required: true
      groups:
        description: The groups of the bridge. Those made before and not listed are removed.
        type: list
        elements: dict
        suboptions:
          id:
            description: Number of the group, by which actions name it (C(group:5)).
            type: int
            required: true
          type:
            description: All buckets, one chosen by the packet, the only one, or the first that is alive.
            type: str
            choices: [all, select, indirect, ff]
            required: true
          buckets:
            description:
              - The buckets in their order, such as V(weight=50,watch_port=1,actions=output:2).
              - C(weight) is for O(bridges[].groups[].type=select). C(watch_port), the number or name of a port, and
                C(watch_group) are for V(select) and V(ff).
              - Instructions such as C(goto_table) and C(meter) are not accepted, and C(mod_tp_src) and C(mod_tp_dst) are not either, because
                they do not tell the protocol. Write C(set_field:80->tcp_dst).
            type: list
            elements: str
            default: []
      meters:
        description: The meters of the bridge, which drop what comes faster. Those made before and not listed are removed.
        type: list
        elements: dict
        suboptions:
          id:
            description: Number of the meter, by which actions name it (C(meter:3)).
            type: int
            required: true
          rate:
            description: How much passes, in O(bridges[].meters[].unit).
            type: int
            required: true
          unit:
            description: Kilobits or packets per second.
            type: str
            choices: [kbps, pktps]
            default: kbps
          burst:
            description: How much more passes at once, in kilobits or packets.
            type: int
      guest_ports:
        description: Ports of guests with flows of their own. Those listed before and no longer are forgotten.
        type: list
        elements: dict
        suboptions:
          interface_id:
            description: The interface id of the guest's NIC, a UUID, as its virtualport has it in the domain XML.
            type: str
            required: true
          guest:
            description: Name of the guest, for messages.
            type: str
            required: true
          flows:
            description: The flows of the port. C({port}) stands for its number.
            type: list
            elements: dict
            default: []
            suboptions: *flow
          protected:
            description:
              - Whether the guest's start is refused when the flows cannot be put in place. Where it is not, the failure
                is told in the log of libvirt and the guest starts.
            type: bool
            default: false
      unlisted_ports:
        description:
          - What becomes of packets from guests' ports for which no flows are listed.
          - V(drop) puts guard flows in place, which pass packets from the ports that are no guests' on to C(NORMAL) and
            drop those from every other port, so that a port without its flows is closed. It also makes V(secure) the fail mode of the
            bridge, so that nothing is forwarded when the flows are gone. Ports of the host that are added later are
            closed as well until the next run. A tap of a QEMU that runs without libvirt counts as a port of the host and stays open.
          - After a boot of the host or a start of ovs-vswitchd such a bridge is closed altogether. The guard comes back with
            the first guest of O(bridges[].guest_ports) that starts, or with the next run. Until then nothing passes, not
            even the connection to the host, if that runs over the bridge. Give it another way in.
          - V(allow) and V(none) take the guard away and put the former fail mode back.
          - A change of the fail mode empties the tables of a bridge. Flows, groups and meters of everybody are put back at
            once. That needs the consent V(fail_mode:BRIDGE) while guests use the bridge, and V(management:BRIDGE) if the
            connection to the host runs over it.
        type: str
        choices: [allow, drop, none]
      purge:
        description: Whether flows, groups and meters made by others are removed as well.
        type: bool
        default: false
      others:
        description:
          - What others had, as C(flows), C(groups) and C(meters) in Open vSwitch's own words, which is put back where it is
            not there. By this a run that took it is led back.
          - A flow has C(table), C(priority), C(match), C(actions), C(cookie) and, as a list, what C(lasting) says of its end.
            Groups and meters are their texts by number.
        type: dict
      others_if_emptied:
        description: As O(bridges[].others), put back only where the bridge has no flow but the last one that passes all on.
          So it is where a run was cut off while it changed the fail mode.
        type: dict
  missing:
    description: What becomes of the run where a bridge or port that is named is not there. V(skip) leaves it out, and the
      flows that name it, and tells so in RV(notes), as leading a run back does.
    type: str
    choices: [fail, skip]
    default: fail
  purge:
    description: Whether what the module made on bridges that are not listed is removed.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Nothing but the guest's own addresses may leave its port
  kvm.vnic.ovs_flows:
    bridges:
      - name: br-tenant
        unlisted_ports: drop
        guest_ports:
          - interface_id: 6ecd5a9a-1f0e-4f1c-8d8f-2f4bd8a0d9b1
            guest: web1
            protected: true
            flows:
              - priority: 100
                match: "arp,in_port={port},dl_src=52:54:00:00:00:01,arp_sha=52:54:00:00:00:01,arp_spa=192.0.2.10"
                actions: NORMAL
              - {priority: 100, match: "ip,in_port={port},dl_src=52:54:00:00:00:01,nw_src=192.0.2.10", actions: NORMAL}
              - {priority: 90, match: "in_port={port}", actions: drop}
  register: flows

- name: Packets from one uplink to another, at most 100 Mbit/s
  kvm.vnic.ovs_flows:
    bridges:
      - name: br0
        meters:
          - {id: 1, rate: 100000}
        flows:
          - {match: "in_port=eth1", actions: "meter:1,output:eth2"}

- name: Take back whatever the module made anywhere
  kvm.vnic.ovs_flows:
    purge: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - target: br0
      field: table=0,priority=100,in_port=1
      before: null
      after: NORMAL
      reason: "bridges[0].flows[0] is not there"
      effect: now
      reversible: "yes"
hook_installed:
  description: Whether libvirt's daemon has to start anew to notice the script. Until then guests start without their flows.
  returned: success
  type: bool
pending:
  description: Guests' ports that are not there yet and get their flows when their guest starts.
  returned: success
  type: list
  elements: dict
  sample:
    - target: br0/6ecd5a9a-1f0e-4f1c-8d8f-2f4bd8a0d9b1
      field: flows
      current: null
      wanted: 3 flows
      until: guest_start
      reason: guest web1 has no port of this interface id on br0; the hook puts its flows in place when it starts
notes:
  description: What is worth knowing and nothing failed for.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.ovs_flows import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_flows import OvsFlows


def main():
    run_resource(OvsFlows(), ARGUMENTS)


if __name__ == "__main__":
    main()
