#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: irq_affinity
short_description: Choose the CPUs on which NICs' interrupts arrive
description:
  - Finds the interrupts of a physical or virtual function or a virtio NIC by the function's C(msi_irqs), tells its
    queues apart by the end of each interrupt's name, and sets on which CPUs they may arrive (C(smp_affinity_list)).
  - What counts is where they do arrive (C(effective_affinity_list)), and this is read again afterwards.
  - Keeps irqbalance off the functions that are listed, by a policy script which it asks about every interrupt that it
    discovers. So it holds for interrupts that come later, such as those of a guest's VF at each of its starts. Whatever
    else irqbalance was told stays as it is.
  - Each interrupt is set by itself. One that cannot be set is reported, and the others are done.
  - Settings last until the driver makes its interrupts anew, for example for another number of queues or VFs, and until
    the next boot. What irqbalance is told stays.
  - What is omitted is left alone.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
options:
  targets:
    description:
      - Whose interrupts go where. A function may be listed more than once with different queues.
      - A VF in a guest's hands, and a device that is down, have no interrupts yet. They are reported in RV(pending);
        another run places them once they are there. Set O(default_cpus) so that they come to a good place until then.
    type: list
    elements: dict
    default: []
    suboptions:
      device:
        description: Name of a network device, or PCI address of a function. Either this or O(targets[].vf) is needed.
        type: str
      vf:
        description: Virtual functions, as the physical one's name, PCI or MAC address, C(#), and numbers or ranges. Each
          is placed by itself.
        type: str
      queues:
        description:
          - Numbers of the queues whose interrupts are placed. All without it.
          - Of a VF in a guest's hands, the host sees vectors only, so that these are meant. Which of them serves which
            queue depends on the guest's driver.
        type: list
        elements: int
      interrupts:
        description:
          - Names of the interrupts that are placed, as RV(actions) has them, such as V(combined 0), V(rx 1), V(tx 1) or
            V(misc). In place of O(targets[].queues) and O(targets[].others).
        type: list
        elements: str
      others:
        description: Whether interrupts that serve no queue, such as for a change of the link, are placed too.
        type: bool
        default: false
      policy:
        description:
          - V(set) lets each interrupt arrive on any of O(targets[].cpus).
          - V(spread) gives each queue one of O(targets[].cpus), in the order of both, beginning anew when the CPUs
            are used up. Interrupts that serve no queue may arrive on all of them. Without O(targets[].cpus), the CPUs
            are those online, without those that are isolated or have no tick.
          - V(vcpu) takes the CPUs that a guest's vCPU is pinned to, by the running definition if it runs.
          - V(node) takes the CPUs of the function's NUMA node, without those that are isolated or have no tick. It is
            an error where the firmware names no node.
        type: str
        choices: [set, spread, vcpu, node]
        default: set
      cpus:
        description: CPUs as text in the kernel's list form, a number, or a list. All must be online.
        type: raw
      guest:
        description: Name or UUID of the guest for the policy V(vcpu).
        type: str
      vcpu:
        description: Number of its vCPU, from 0.
        type: int
  default_cpus:
    description:
      - CPUs on which interrupts arrive that are not there yet (C(/proc/irq/default_smp_affinity)). Give those that run
        no vCPUs.
      - V(all) lets them arrive everywhere, as the kernel has it without C(irqaffinity).
    type: raw
  irqbalance:
    description:
      - V(keep_off) tells irqbalance to leave the listed functions alone, all interrupts of theirs. It is restarted for
        that if it runs, because it asks its script about an interrupt only once, and then places all others anew. It
        is the default because irqbalance otherwise undoes a placement within seconds.
      - Functions that an earlier run listed stay, unless O(purge).
      - V(leave) leaves irqbalance as it is.
      - A policy script of somebody else's is a conflict, because irqbalance asks only one.
      - The script is in C(/usr/local/libexec/kvm-vnic), because irqbalance's service may run programs from there.
    type: str
    choices: [keep_off, leave]
    default: keep_off
  banned_cpus:
    description:
      - CPUs on which irqbalance puts no interrupt of any device (C(IRQBALANCE_BANNED_CPULIST); irqbalance 1.8 and
        later). V(none) takes the setting away.
      - Such a list replaces irqbalance's own, so that isolated CPUs and those without a tick are always added, also to a
        list that was there before.
      - Left to tuned where its active profile isolates CPUs.
    type: raw
  irqbalance_settings:
    description:
      - What irqbalance is told, exactly, in place of all that O(irqbalance), O(banned_cpus) and O(purge) would say. By this
        a run is led back to what was there before.
    type: dict
    suboptions:
      kept_off:
        description: PCI addresses of exactly the functions that the policy script names. Empty for no script.
        type: list
        elements: str
      lines:
        description: C(IRQBALANCE_ARGS), C(IRQBALANCE_BANNED_CPULIST), C(IRQBALANCE_BANNED_CPUS), each with what stands
          behind the equals sign in the file of the settings, or null for no such line.
        type: dict
      file:
        description: Whether that file stays where nothing is left in it.
        type: bool
        default: true
  missing:
    description: What becomes of the run where a function, an interrupt or a CPU that is named is not there. V(skip) leaves
      it out and tells so in RV(notes), as leading a run back does, and takes CPUs that are offline.
    type: str
    choices: [fail, skip]
    default: fail
  purge:
    description: Whether irqbalance gets back the functions that an earlier run kept it off and that are not listed now.
      Where their interrupts go is not changed.
    type: bool
    default: false
  strict:
    description: Whether an interrupt that the kernel lets nobody place is an error. Otherwise it is counted in
      RV(unmanageable).
    type: bool
    default: false
seealso:
  - module: kvm.vnic.host_info
"""

EXAMPLES = r"""
- name: A NIC's queues, one on each of four CPUs; everything new on the housekeeping CPUs
  kvm.vnic.irq_affinity:
    targets:
      - device: enp59s0f1
        policy: spread
        cpus: 4-7
    default_cpus: 0-3

- name: A VF beside the vCPU that it serves, and its port on its own NUMA node
  kvm.vnic.irq_affinity:
    targets:
      - vf: "enp59s0f0#0"
        policy: vcpu
        guest: web1
        vcpu: 0
      - device: enp59s0f0
        policy: node
        others: true

- name: Give everything back to irqbalance
  kvm.vnic.irq_affinity:
    targets: []
    default_cpus: all
    purge: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - target: ens2
      field: combined 0
      before: 0-7
      after: "4"
      reason: interrupt 49
      effect: now
      reversible: "yes"
pending:
  description:
    - Interrupts that are not there yet, until a guest starts or a device is brought up.
    - Without interrupt remapping, interrupts that the kernel moves when they next occur (C(until) is
      V(next_interrupt)).
  returned: success
  type: list
  elements: dict
  sample:
    - target: "ens2#0"
      field: interrupts
      current:
      wanted: "5"
      until: guest_start
      reason: its interrupts come with the guest's driver, after which another run places them
notes:
  description: What is worth knowing and nothing failed for.
  returned: success
  type: list
  elements: str
irqs:
  description: The interrupts that were placed, as they are in the end.
  returned: success
  type: list
  elements: dict
  contains:
    irq:
      description: Its number.
      type: int
    device:
      description: Whose it is, as O(targets) names it.
      type: str
    pci:
      description: PCI address of the function.
      type: str
    role:
      description: V(combined), V(rx), V(tx), V(vector) of a function in a guest's hands, or V(misc).
      type: str
    queue:
      description: Number of the queue or vector, or null.
      type: int
    name:
      description: The name that the driver gave it.
      type: str
    wanted:
      description: CPUs that it was to go to.
      type: str
    affinity:
      description: CPUs that it may go to.
      type: str
    effective:
      description: CPUs that it does go to.
      type: str
    managed:
      description: Whether the kernel lets nobody place it.
      type: bool
unmanageable:
  description: How many of them the kernel lets nobody place.
  returned: success
  type: int
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.irq_affinity import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.irq_affinity import IrqAffinity


def main():
    run_resource(IrqAffinity(), ARGUMENTS)


if __name__ == "__main__":
    main()
