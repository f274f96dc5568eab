#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_info
short_description: Tell what of a hypervisor's NICs is not as it should be
description:
  - Compares what is wished with the host, by the plan of each module and without applying it.
  - Then checks what no single module sees, such as an interrupt that arrives on another NUMA node than the vCPU that it
    is for. These checks need no wish.
  - Writes nothing. What cannot be read is never taken to be wrong; a finding says that it was not audited.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes.info
  - kvm.vnic._attributes.actiongroup_vnic
options:
  resources:
    description:
      - What is wished, by the name of the module that would bring it about, as that module takes it.
      - A module that is left out is not compared.
    type: dict
    default: {}
    suboptions:
      boot_parameters:
        description: Parameters of M(kvm.vnic.boot_parameters).
        type: dict
      vhost_net:
        description: Parameters of M(kvm.vnic.vhost_net).
        type: dict
      sriov:
        description: Parameters of M(kvm.vnic.sriov).
        type: dict
      macvtap:
        description: Parameters of M(kvm.vnic.macvtap).
        type: dict
      vlan:
        description: Parameters of M(kvm.vnic.vlan).
        type: dict
      tap:
        description: Parameters of M(kvm.vnic.tap).
        type: dict
      bridge:
        description: Parameters of M(kvm.vnic.bridge).
        type: dict
      ovs_bridge:
        description: Parameters of M(kvm.vnic.ovs_bridge).
        type: dict
      ovs_flows:
        description: Parameters of M(kvm.vnic.ovs_flows).
        type: dict
      domain_interface:
        description: Parameters of M(kvm.vnic.domain_interface).
        type: dict
      packet_steering:
        description: Parameters of M(kvm.vnic.packet_steering).
        type: dict
      domain_pinning:
        description: Parameters of M(kvm.vnic.domain_pinning).
        type: dict
      irq_affinity:
        description: Parameters of M(kvm.vnic.irq_affinity).
        type: dict
  least_severity:
    description: The lightest findings that are returned. The counts are those of all.
    type: str
    choices: [error, warning, notice]
    default: notice
seealso:
  - module: kvm.vnic.host_info
notes:
  - The role P(kvm.vnic.nic_audit#role) passes the whole plan of a host.
"""

EXAMPLES = r"""
- name: What no wish is needed for
  kvm.vnic.audit_info:
    least_severity: warning
  register: audit

- name: Whether interrupts and pins are still where they were put
  kvm.vnic.audit_info:
    resources:
      irq_affinity:
        targets: [{vf: "ens2#0", cpus: 5}]
      domain_pinning:
        domains: [{name: web1, vcpus: {"0": "5"}}]
"""

RETURN = r"""
findings:
  description: What is not as it should be, the gravest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description:
        - Which kind of finding.
        - C(MODULE_differs), C(MODULE_pending), C(MODULE_missing), C(MODULE_refused) and C(MODULE_unreadable) come from
          comparing with the wish.
        - The checks without a wish are V(interrupt_elsewhere), V(vhost_worker_elsewhere), V(userspace_fallback),
          V(memory_elsewhere), V(rps_on), V(emulated_model), V(irqbalance_undoes), V(vcpu_floating), V(unfinished_run),
          those of Open vSwitch and V(not_audited).
        - V(unfinished_run) is a run of a module that was cut off or failed, and that no later run has ended.
        - Those of Open vSwitch are V(ovs_not_running), V(ovs_port_error), V(ovs_port_vlan) for a guest's port in another
          VLAN than planned, V(ovs_port_unprotected) for one without its anti-spoofing flows,
          V(ovs_in_band) for a bridge that lets false addresses through for the sake of a controller,
          V(ovs_userspace_datapath) for a bridge that undoes what vhost gains, and V(ovs_no_offload) for a switch or card
          that does not do the offload that is wished.
      type: str
      sample: irq_affinity_differs
    severity:
      description: How grave it is. With V(error) the wish cannot be had; V(notice) asks for no action now.
      type: str
      choices: [error, warning, notice]
    subject:
      description: The object, such as a device, a VF or a guest's NIC.
      type: str
      sample: web1/front
    summary:
      description: One sentence.
      type: str
      sample: IRQ 52 of ens2#0 arrives on CPU 1 (node 0), the vCPUs of web1 run on 5 (node 1)
    evidence:
      description: What was found, and what was wished; its keys depend on the finding.
      type: dict
    remedy:
      description: What to run or to write.
      type: str
counts:
  description: Number of findings of each severity.
  returned: success
  type: dict
  sample: {error: 0, warning: 1, notice: 2}
audited:
  description: The modules whose wishes were compared, and the checks that were made.
  returned: success
  type: list
  elements: str
problems:
  description: What could not be read, a sentence for each.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.audit_info import ARGUMENTS, read
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_info


def main():
    run_info(read, ARGUMENTS)


if __name__ == "__main__":
    main()
