#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: domain_pinning
short_description: Say where the threads of libvirt's guests run and where their memory lies
description:
  - Pins vCPUs, emulator, IO threads and vhost workers of libvirt's QEMU guests to CPUs, and chooses the NUMA nodes and
    the pages of their memory, in the running guest and in its persistent definition, each compared and changed by
    itself.
  - What is omitted is left alone, and so are pins of threads that are not listed. V(none) instead of a CPU list takes
    a pin away.
  - What cannot change in a running guest is written to the definition and returned as C(pending) until the guest
    starts again. This is so for O(domains[].vcpu_default), O(domains[].hugepages) and mostly for
    O(domains[].memory).
  - Everything else in the domain's XML stays as it is.
  - vhost workers are made anew at every start of a guest, so that their pins cannot be kept in its definition. They
    take over the emulator's CPUs, and this module pins them when it is run after the start.
  - A guest's workers all have the same name. Each is told apart by the order in which they were made, which is that of
    the queues, or by the NIC that alone had traffic while they were watched.
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
      scope:
        description:
          - Which of the guest's two definitions is compared and changed, V(both) or only the one for its next start
            (V(persistent)) or the running one (V(live)). O(domains[].vhost) is about the running one in any case but
            V(persistent), where it is left alone.
          - A guest may be listed once for each. The two differ in what a rollback leads back.
        type: str
        choices: [both, persistent, live]
        default: both
      vcpus:
        description:
          - CPU list of each vCPU by its number, from 0, or a list of them in which null leaves a vCPU alone.
          - A CPU list is a number, or quoted text such as V("2-3,8"). With V(none) the vCPU runs where
            O(domains[].vcpu_default) says.
        type: raw
      vcpu_default:
        description: CPU list for the threads that have no pin of their own; V(none) for everywhere.
        type: raw
      emulator:
        description: CPU list for all threads of QEMU that serve neither a vCPU nor a disk, the vhost workers among
          them; or V(none).
        type: raw
      iothreads:
        description: CPU list, or V(none), of each IO thread by its number, from 1. They serve disks, never NICs.
        type: raw
      vhost:
        description: CPUs of the vhost workers, each of which serves one queue of a NIC.
        type: list
        elements: dict
        default: []
        suboptions:
          interface:
            description: Name of the NIC, as M(kvm.vnic.domain_interface) gave it.
            type: str
            required: true
          queue:
            description: Number of the queue, from 0. Every queue of the NIC when omitted.
            type: int
          cpus:
            description:
              - CPU list. It must lie within the emulator's CPUs, because the workers are in the emulator's control
                group.
              - With V(none) a worker follows the emulator.
            type: raw
            required: true
          required:
            description: Whether a worker that cannot be found, or not be told from the others, is an error. Otherwise it
              is left alone and told.
            type: bool
            default: true
      memory:
        description: NUMA policy of the whole guest. Policies of single cells of the guest are left alone.
        type: dict
        suboptions:
          mode:
            description:
              - V(preferred) takes memory from other nodes when the node has no more.
              - V(strict) does not, and a guest that does not fit does not start. It is refused for a node whose free
                memory, or huge pages, cannot hold the guest.
              - V(interleave) spreads it over the nodes.
              - V(restrictive) leaves it to the control group, so that the nodes of a running guest can change.
              - V(none) takes the policy away.
            type: str
            choices: [strict, preferred, interleave, restrictive, none]
            required: true
          nodes:
            description: The nodes, a number or quoted text such as V("0-1"); a single one for V(preferred). Not with
              V(none).
            type: raw
      hugepages:
        description: Pages behind the guest's memory.
        type: dict
        suboptions:
          size_kib:
            description: Size in KiB of the huge pages, one that the host offers; V(0) for ordinary pages.
            type: int
            required: true
"""

EXAMPLES = r"""
- name: Two vCPUs, two vhost workers and the rest of QEMU on CPUs of one node, its memory there too
  kvm.vnic.domain_pinning:
    domains:
      - name: web1
        vcpus: {"0": "4", "1": "5"}
        emulator: "6-7"
        vhost:
          - {interface: front, queue: 0, cpus: "6"}
          - {interface: front, queue: 1, cpus: "7"}
        memory: {mode: preferred, nodes: "1"}

- name: Huge pages from the next start on
  kvm.vnic.domain_pinning:
    domains:
      - name: web1
        memory: {mode: strict, nodes: "1"}
        hugepages: {size_kib: 2048}

- name: Let it run anywhere again
  kvm.vnic.domain_pinning:
    domains:
      - uuid: 0f5b1e2c-6a3d-4c8e-9b7f-1d2e3f4a5b6c
        vcpus: [none, none]
        emulator: none
        memory: {mode: none}
        hugepages: {size_kib: 0}
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
    - {target: web1, field: live.vcpus.0, before: none, after: "4", reason: differs, effect: now, reversible: "yes"}
    - {target: web1/front, field: live.vhost.0, before: 6-7, after: "6", reason: differs, effect: now, reversible:
      "yes"}
pending:
  description: What is in the definition and waits for the guest's next start.
  returned: success
  type: list
  elements: dict
  sample:
    - target: web1
      field: memory
      current: none
      wanted: preferred 1
      until: guest_start
      reason: a running guest's policy stays, and its nodes too, unless it was started in mode restrictive
notes:
  description: What is worth knowing and nothing failed for.
  returned: success
  type: list
  elements: str
domains:
  description: Each guest listed, as it is after the run; the running one where it runs, else as it is defined.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
    uuid:
      description: UUID.
      type: str
    running:
      description: Whether it runs.
      type: bool
    vcpus:
      description: CPUs that each vCPU may run on, by its number; null for all.
      type: dict
      sample: {"0": "4", "1": "5"}
    vcpu_default:
      description: CPUs of the threads that have no pin of their own; null for all.
      type: str
    emulator:
      description: CPUs of QEMU's other threads; null for all.
      type: str
      sample: 6-7
    iothreads:
      description: CPU list of each pinned IO thread, by its number.
      type: dict
    memory:
      description: NUMA policy, or null.
      type: dict
      contains:
        mode:
          description: Mode.
          type: str
        nodes:
          description: Nodes; empty where libvirt asks numad.
          type: str
    hugepages:
      description: Huge pages behind its memory, or null.
      type: dict
      contains:
        size_kib:
          description: Size in KiB; null for the host's default size.
          type: int
    vhost:
      description: Its vhost workers, oldest first. V(unknown) when its process cannot be found.
      type: list
      elements: dict
      contains:
        interface:
          description: Name of the NIC, libvirt's alias where it has none, null when it cannot be told.
          type: str
        queue:
          description: Number of the queue, or null when it cannot be told.
          type: int
        tid:
          description: ID of the thread.
          type: int
        kind:
          description: V(thread) of QEMU, or V(kthread) of the kernel.
          type: str
        cpus:
          description: CPUs that it may run on.
          type: str
        how:
          description: Whether the NIC was told by V(traffic), or by the V(order) in which the workers were made; null
            when it cannot be told.
          type: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.domain_pinning import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.domain_pinning import DomainPinning


def main():
    run_resource(DomainPinning(), ARGUMENTS)


if __name__ == "__main__":
    main()
