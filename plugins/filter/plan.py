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
  - Changes nothing. The same intent and facts always give the same plan, whatever the order of guests, networks and
    uplinks, and so do the facts after the plan was applied.
  - Every error of the inventory is in one message, each with its path, its value and what is allowed. The inventory
    reference of the collection describes each variable.
positional: facts, host
options:
  _input:
    description:
      - What is wished. Its keys are C(profile), C(profiles), C(networks), C(guests), C(mac_prefix) and C(purge), each
        with the value of the inventory variable of that name with C(vnic_) before it.
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
    lower_devices:
      description: Devices to be up and wide enough, as the module M(kvm.vnic.macvtap) takes them.
      type: list
      elements: dict
    domains:
      description: Guests defined here and their NICs, as the module M(kvm.vnic.domain_interface) takes them.
      type: list
      elements: dict
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
          choices: [sriov, macvtap, bridge]
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
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate


def filter_plan(intent, facts=None, host=None):
    """The plan of ``host``, or an error that names every problem."""
    try:
        intent, facts, host = plain(intent), plain(facts), plain(host)
    except ValueError as error:
        raise AnsibleFilterError("kvm.vnic.plan: the input %s" % error) from error
    if facts is not None and not (isinstance(facts, dict) and "nics" in facts):
        raise AnsibleFilterError("kvm.vnic.plan: facts are not what kvm.vnic.host_info returns: it has a key nics")
    try:
        return plan(validate(intent), facts, host)
    except InvalidInput as error:
        raise AnsibleFilterError(complaint(error, "kvm.vnic.plan", host)) from error


class FilterModule:
    def filters(self):
        return {"plan": filter_plan}
