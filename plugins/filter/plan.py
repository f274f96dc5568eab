# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: plan
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: Plan the NICs of a host's guests
description:
  - Validates the inventory and chooses, for each NIC of the guests that live on one host, what it is attached to and
    why.
  - Places what moves its packets, which is interrupts, vCPUs, vhost workers, memory and packet steering, by the rules
    of the profile. A rule whose premise the host lacks is not carried out, and C(rules) says so.
  - Changes nothing. The same intent and facts always give the same plan, whatever the order of guests, networks and
    uplinks, and so do the facts after the plan was applied.
  - Every error of the inventory is in one message, each with its path, its value and what is allowed. The inventory
    reference of the collection describes each variable.
positional: facts, host
options:
  _input:
    description:
      - What is wished. Its keys are C(profile), C(profiles), C(networks), C(guests), C(mac_prefix), C(purge),
        C(housekeeping_cpus) and C(strict_placement), each with the value of the inventory variable of that name with
        C(vnic_) before it.
    type: dict
    required: true
  facts:
    description:
      - What M(kvm.vnic.host_info) returned for the host.
      - Without facts the inventory is validated and an empty plan returned.
    type: dict
  host:
    description: The host's name in the inventory, for messages and for guests that are announced for it.
    type: str
seealso:
  - plugin: kvm.vnic.plan_text
    plugin_type: filter
  - plugin: kvm.vnic.homeless
    plugin_type: filter
  - module: kvm.vnic.host_info
"""

EXAMPLES = r"""
- name: Read the host
  kvm.vnic.host_info:
  register: my_facts

- name: Plan
  ansible.builtin.set_fact:
    my_plan: "{{ my_intent | kvm.vnic.plan(facts=my_facts, host=inventory_hostname) }}"
  vars:
    my_intent:
      networks:
        prod: {uplinks: [{device: "0000:3b:00.1", vfs: 8}], vlan: 100}
      guests:
        - name: web1
          interfaces: [{name: front, network: prod}]

- name: Only validate
  ansible.builtin.debug:
    msg: "{{ {'networks': vnic_networks, 'guests': vnic_guests} | kvm.vnic.plan }}"
"""

RETURN = r"""
_value:
  description: The plan of one host.
  type: dict
  contains:
    host:
      description: The host's name.
      type: str
    profile:
      description: The profile that was followed.
      type: str
    notes:
      description: Sentences that the administrator should know.
      type: list
      elements: str
    pfs:
      description: Cards and their numbers of VFs, as the module M(kvm.vnic.sriov) takes them.
      type: list
      elements: dict
    vfs:
      description:
        - Attributes of VFs, as the module M(kvm.vnic.sriov) takes them.
        - The profiles of this release ask for none.
      type: list
      elements: dict
    vlans:
      description: VLAN subinterfaces, as the module M(kvm.vnic.vlan) takes them.
      type: list
      elements: dict
    bridges:
      description: Bridges, as the module M(kvm.vnic.bridge) takes them.
      type: list
      elements: dict
    ovs:
      description: Open vSwitch of this host.
      type: dict
      contains:
        bridges:
          description: Bridges, as the module M(kvm.vnic.ovs_bridge) takes them.
          type: list
          elements: dict
          sample: [{name: br-tenant, ports: [{name: ens2}]}]
        flows:
          description:
            - Flows of guests' ports, as the module M(kvm.vnic.ovs_flows) takes them.
            - Every bridge of RV(_value.ovs.bridges) is there, so that what guarded one before goes.
          type: list
          elements: dict
          sample: [{name: br-tenant, guest_ports: [], unlisted_ports: none}]
        hw_offload:
          description: Whether Open vSwitch hands flows to cards, as the module M(kvm.vnic.ovs_bridge) takes it.
          returned: when a network of the host's guests states it
          type: bool
    lower_devices:
      description: Devices to be up and wide enough, as the module M(kvm.vnic.macvtap) takes them.
      type: list
      elements: dict
    domains:
      description: Guests defined here and their NICs, as the module M(kvm.vnic.domain_interface) takes them.
      type: list
      elements: dict
    housekeeping:
      description: CPU list of what is left to the host itself; empty when its CPUs are unknown.
      type: str
      sample: 0,4
    steering:
      description:
        - What the host does with received packets, as the module M(kvm.vnic.packet_steering) takes it.
        - What no rule decides is left out.
      type: dict
      contains:
        devices:
          description: Uplinks of macvtaps and bridges.
          type: list
          elements: dict
          sample: [{device: ens2, rss_queues: 1, rps: "off", rfs_flows: 0}]
        rps_default_cpus:
          description: CPUs of Receive Packet Steering on devices that come later; empty for off.
          type: str
        rps_sock_flow_entries:
          description: Size of the table of Receive Flow Steering.
          type: int
    interrupts:
      description: Where interrupts arrive, as the module M(kvm.vnic.irq_affinity) takes it.
      type: dict
      contains:
        targets:
          description: Uplinks and virtual functions.
          type: list
          elements: dict
          sample: [{device: ens2, policy: set, cpus: "4"}, {vf: "ens2#0", policy: set, cpus: "5"}]
        default_cpus:
          description: CPUs for interrupts that come later; left out when the profile leaves interrupts alone.
          type: str
    pinnings:
      description: Guests' CPUs and memory, as the module M(kvm.vnic.domain_pinning) takes them.
      type: list
      elements: dict
      sample:
        - name: web1
          uuid: 0f5b1e2c-6a3d-4c8e-9b7f-1d2e3f4a5b6c
          vcpus: {"0": "5"}
          emulator: 4,6
          vhost: [{interface: front, queue: 0, cpus: "6"}]
          memory: {mode: preferred, nodes: "1"}
    rules:
      description: What became of each rule of the profile.
      type: list
      elements: dict
      contains:
        rule:
          description: Its name.
          type: str
        scope:
          description: V(host), a device, a guest, or a guest's NIC as C(guest/nic).
          type: str
        state:
          description: What became of it.
          type: str
          choices: [applied, premise absent, not applicable]
        value:
          description: The value that was carried out, or would have been.
          type: raw
        reason:
          description: Why it is so; for a rule that was not carried out, why not.
          type: str
        premise:
          description: What the rule stands on; empty for nothing.
          type: str
        source:
          description: Where that is said.
          type: str
    topology:
      description: The host's nodes, for a drawing.
      type: dict
      contains:
        nodes:
          description: NUMA nodes; C(id) is V(null) for CPUs on none that is known.
          type: list
          elements: dict
          sample: [{id: 0, cpus: 0-3, cores: [], memory_mib: 2048}]
        isolated:
          description: CPUs that the host isolates.
          type: str
        cards:
          description: Node of each uplink of these NICs; V(null) when unknown.
          type: dict
          sample: {ens2: 1}
    nics:
      description: A report for each NIC.
      type: list
      elements: dict
      contains:
        guest:
          description: The guest's name in the inventory.
          type: str
        uuid:
          description: The guest's UUID; V(null) for one that is not defined yet and states none.
          type: str
        name:
          description: The NIC's name.
          type: str
        network:
          description: The network's name.
          type: str
        attachment:
          description: What the NIC is attached to.
          type: str
          choices: [sriov, macvtap, bridge, ovs]
        backend:
          description: Who moves its packets.
          type: str
          choices: [vfio, vhost, qemu]
        model:
          description: What the guest sees; V(null) for a VF.
          type: str
        mac:
          description: Its MAC address.
          type: str
        vlan:
          description: VLAN of its network.
          type: int
        trunks:
          description: VLANs that the guest sees tagged.
          type: list
          elements: int
        bridge:
          description: The bridge that it is a port of, V(null) for none.
          type: str
        interface_id:
          description: By what Open vSwitch knows its port; V(null) on anything else.
          type: str
        flows:
          description: How many flows its port of Open vSwitch has; V(null) on anything else.
          type: int
        reason:
          description: Why it is attached so.
          type: str
        rejected:
          description: Better attachments, each with the reason why not.
          type: list
          elements: dict
        numa_node:
          description: The NUMA node of the hardware below; V(null) when unknown.
          type: int
        vf:
          description: The VF, as C(pf) and C(index).
          type: dict
        irq_cpus:
          description: CPUs that its interrupts, or those of its uplink, are to arrive on; V(null) for none planned.
          type: str
        vcpu_cpus:
          description: CPUs of its guest's vCPUs; V(null) when unknown.
          type: str
        vhost_cpus:
          description: CPUs of its vhost workers; V(null) without any.
          type: str
        queues:
          description: Its pairs of queues; V(null) where it has no vhost worker.
          type: int
        aligned:
          description: >-
            Whether all of that comes together. V(cpu), the interrupt arrives on the vCPU's CPU. V(node), all is on the
            card's NUMA node. V(posted), the IOMMU brings the interrupt to the vCPU. V(no), something is elsewhere or
            unknown. V(null), nothing is planned.
          type: str
          choices: [cpu, node, posted, "no"]
        aligned_reason:
          description: Why so.
          type: str
        status:
          description: V(planned), or V(pending) with the reason.
          type: str
        xml:
          description: The NIC as libvirt's element; V(null) for a VF that does not exist yet.
          type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.complaint import complaint
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.planner import plan
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.recall import validated


def filter_plan(intent, facts=None, host=None):
    """The plan of ``host``, or an error that names every problem."""
    try:
        intent, facts, host = plain(intent), plain(facts), plain(host)
    except ValueError as error:
        raise AnsibleFilterError("kvm.vnic.plan: the input %s" % error) from error
    if facts is not None and not (isinstance(facts, dict) and "nics" in facts):
        raise AnsibleFilterError("kvm.vnic.plan: facts are not what kvm.vnic.host_info returns: it has a key nics")
    try:
        return plan(validated(intent), facts, host)
    except InvalidInput as error:
        raise AnsibleFilterError(complaint(error, "kvm.vnic.plan", host)) from error


class FilterModule:
    def filters(self):
        return {"plan": filter_plan}
