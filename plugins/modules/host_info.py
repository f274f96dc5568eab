#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Tell what a hypervisor has for its guests' NICs
description:
  - Reads, in one pass, what decides how fast a guest's NIC can be. This covers virtualisation, IOMMU, CPUs, NUMA nodes,
    every NIC with its virtual functions and who uses them, interrupts, vhost-net, Open vSwitch, and libvirt's guests.
  - Writes nothing. Does without root where the system lets everybody read; what cannot be read is the string
    V(unknown), never a guess.
  - A host where V(unknown) stands is treated by the other modules as if the thing were in use.
  - Control characters in what others named, such as guests, are replaced by U+FFFD.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes.info
  - kvm.vnic._attributes.actiongroup_vnic
options:
  gather:
    description:
      - What to read. The rest is not returned.
      - V(nics) and V(libvirt) are the dear ones on a host with many guests.
    type: list
    elements: str
    choices:
      [system, virtualization, iommu, cpus, numa_nodes, nics, interrupts, vhost_net, ovs, libvirt, management_path]
    default:
      [system, virtualization, iommu, cpus, numa_nodes, nics, interrupts, vhost_net, ovs, libvirt, management_path]
notes:
  - Users of a virtual function that only root can see, such as programs holding it through VFIO, make its C(free)
    V(unknown) when the module runs without root.
  - libvirt is asked over its read-only socket. Connecting starts its daemon where systemd listens for it.
"""

EXAMPLES = r"""
- name: Everything
  kvm.vnic.host_info:
  register: hypervisor

- name: Only what is missing for KVM
  kvm.vnic.host_info:
    gather: [virtualization]
  register: hypervisor

- name: Show what to turn on
  ansible.builtin.debug:
    var: hypervisor.virtualization.explanation
"""

RETURN = r"""
system:
  description: The operating system.
  returned: when gathered
  type: dict
  contains:
    hostname:
      description: The host's own name.
      type: str
    kernel:
      description: Release of the running kernel.
      type: str
      sample: 6.12.57+deb13-amd64
    distribution:
      description: C(ID) of os-release.
      type: str
      sample: debian
    version:
      description: C(VERSION_ID) of os-release.
      type: str
      sample: "13"
    package_manager:
      description: V(apt), V(dnf), V(zypper) or V(unknown).
      type: str
    python:
      description: Version of the Python that runs modules here.
      type: str
    kernel_command_line:
      description: Arguments of the running kernel.
      type: str
virtualization:
  description: What the CPUs do for KVM, and whether KVM uses it.
  returned: when gathered
  type: dict
  contains:
    extension:
      description: V(vmx) for VT-x, V(svm) for AMD-V, V(none) where the CPU has neither or the firmware locked it off.
      type: str
    nested_paging:
      description: Whether KVM uses EPT or NPT; as long as its module is not loaded, whether the CPU has it.
      type: bool
    apicv:
      description: Whether KVM uses APICv or AVIC, so that interrupts reach a running vCPU without an exit.
      type: bool
    kvm_device:
      description: Whether C(/dev/kvm) exists and KVM answers behind it.
      type: bool
    explanation:
      description: What is missing, the IOMMU included, and the firmware setting, module or kernel argument that turns
        it on. Empty when nothing is.
      type: list
      elements: str
iommu:
  description: Whether devices can be given to guests, and how their interrupts get there.
  returned: when gathered
  type: dict
  contains:
    enabled:
      description: Whether an IOMMU is in use.
      type: bool
    units:
      description: The kernel's names of the units.
      type: list
      elements: str
      sample: [dmar0, dmar1]
    interrupt_remapping:
      description: Whether interrupts are remapped, which VFIO insists on.
      type: bool
    posted_interrupts:
      description: Whether the units can post a device's interrupt to a running vCPU. Whether KVM makes use of it also
        depends on RV(virtualization.apicv).
      type: bool
cpus:
  description: The CPUs, as lists in the kernel's form.
  returned: when gathered
  type: dict
  contains:
    online:
      description: CPUs that run.
      type: str
      sample: 0-7
    isolated:
      description: CPUs kept from the scheduler by the kernel argument C(isolcpus); empty for none.
      type: str
    nohz_full:
      description: CPUs without a scheduler tick; empty for none.
      type: str
    siblings:
      description: The hardware threads of each core.
      type: list
      elements: str
      sample: ["0,4", "1,5", "2,6", "3,7"]
numa_nodes:
  description: The NUMA nodes that are online. Empty on a kernel without NUMA.
  returned: when gathered
  type: list
  elements: dict
  contains:
    id:
      description: Number of the node; numbers may have gaps.
      type: int
    cpus:
      description: CPU list; empty for a node of memory alone.
      type: str
    memory_mib:
      description: Memory in MiB; 0 for a node of CPUs alone.
      type: int
    memory_free_mib:
      description: Memory in MiB that is free, or that the kernel gives back when it is asked for (caches of files).
      type: int
    hugepages:
      description: Its huge pages, each size that the host offers.
      type: list
      elements: dict
      contains:
        size_kib:
          description: Size in KiB.
          type: int
        total:
          description: How many are reserved.
          type: int
        free:
          description: How many of these are free.
          type: int
nics:
  description: Every network device of this network namespace but the loopback.
  returned: when gathered
  type: list
  elements: dict
  contains:
    name:
      description: Name of the device.
      type: str
    altnames:
      description: Its other names.
      type: list
      elements: str
    mac:
      description: MAC address now.
      type: str
    permanent_mac:
      description: MAC address that it has when no bond gave it another; null for a virtual device.
      type: str
    pci:
      description: PCI address of its function; null for a virtual device and for one on another bus.
      type: str
      sample: "0000:3b:00.0"
    driver:
      description: Driver of its hardware; null for a virtual device.
      type: str
    numa_node:
      description: NUMA node; null where the firmware names none, and for a virtual device. Null is not node 0.
      type: int
    kind:
      description: Rtnetlink's kind, such as V(bridge), V(vlan), V(macvtap) or V(tun); null for hardware.
      type: str
    ours:
      description: Whether this collection made it.
      type: bool
    up:
      description: Whether it is administratively up.
      type: bool
    carrier:
      description: Whether it is up and has a link.
      type: bool
    speed_mbit:
      description: Speed in Mb/s; null without a link.
      type: int
    mtu:
      description: Largest packet in bytes.
      type: int
    master:
      description: The bridge or bond whose port it is, or null.
      type: str
    lower:
      description: The device that it stands on, or null.
      type: str
    standing_on_it:
      description: Devices that stand on it, such as VLANs and macvtaps.
      type: list
      elements: str
    physical_function:
      description: Of a virtual function, the physical one; null for others.
      type: dict
      contains:
        pci:
          description: PCI address of the physical function.
          type: str
        index:
          description: Number of this virtual function, from 0.
          type: int
        name:
          description: Network device of the physical function, or null.
          type: str
    queues:
      description: How many queues are in use.
      type: dict
      contains:
        rx:
          description: To receive.
          type: int
        tx:
          description: To transmit.
          type: int
    irqs:
      description: Numbers of its interrupts.
      type: list
      elements: int
    steering:
      description: What the software does with packets, each by number of the queue.
      type: dict
      contains:
        rps:
          description: Hexadecimal CPU masks of Receive Packet Steering; V(0) is off.
          type: dict
          sample: {"0": "0", "1": "ff"}
        rfs:
          description: Flows that Receive Flow Steering keeps; 0 is off.
          type: dict
          sample: {"0": 0, "1": 0}
        xps:
          description: Hexadecimal CPU masks of Transmit Packet Steering; empty with a single queue.
          type: dict
    offloads:
      description: V(on) or V(off), with V([fixed]) behind it where the driver does not let it change.
      type: dict
      contains:
        ntuple:
          description: Filters that choose the queue.
          type: str
          sample: off [fixed]
        rxhash:
          description: The hash of received packets is kept.
          type: str
        l2_fwd_offload:
          description: Macvlans in hardware.
          type: str
        hw_tc_offload:
          description: Traffic control in hardware.
          type: str
    addresses:
      description: IP addresses with prefix, link-local ones excepted.
      type: list
      elements: str
    management:
      description: Whether it carries Ansible's connection, or is below or above the device that does.
      type: bool
    sriov:
      description: Of a physical function, its virtual ones; null for others.
      type: dict
      contains:
        total:
          description: How many it can have.
          type: int
        count:
          description: How many it has. V(unknown) while a change of it has not returned.
          type: int
        autoprobe:
          description: Whether new ones get a driver by themselves.
          type: bool
        eswitch_mode:
          description: How the card's own switch forwards, V(legacy) or V(switchdev), in which Open vSwitch can offload to
            it. Null where the driver does not let it be chosen.
          type: str
        vfs:
          description: The virtual functions.
          type: list
          elements: dict
          contains:
            index:
              description: Number, from 0.
              type: int
            pci:
              description: PCI address.
              type: str
            driver:
              description: Driver, or null.
              type: str
            numa_node:
              description: NUMA node, or null where the firmware names none.
              type: int
            iommu_group:
              description: IOMMU group, or null without an IOMMU.
              type: str
            iommu_group_shared_with:
              description: What else is in that group, bridges apart, with its driver. VFIO gives a group whole or not at
                all.
              type: list
              elements: str
            netdevs:
              description: Its network devices in this network namespace.
              type: list
              elements: str
            mac:
              description: MAC address that the physical function gives it; all zero where none was set.
              type: str
            vlan:
              description: VLAN that the physical function puts it in; 0 is none.
              type: int
            users:
              description: Sentences naming each user.
              type: list
              elements: str
            free:
              description: Whether nobody uses it; V(unknown) where a user may be hidden.
              type: bool
interrupts:
  description: Where NICs' interrupts go, and who else decides that.
  returned: when gathered
  type: dict
  contains:
    vectors:
      description: The interrupts of every network function, virtual functions in guests' hands included.
      type: list
      elements: dict
      contains:
        irq:
          description: Its number.
          type: int
        pci:
          description: PCI address of the function that it belongs to.
          type: str
        netdevs:
          description: Network devices of that function in this network namespace.
          type: list
          elements: str
        name:
          description: The name that the driver gave it; empty where no driver asked for it.
          type: str
          sample: ens2-TxRx-0
        role:
          description: V(combined), V(rx) or V(tx) for a queue's, V(vector) for one of a function in a guest's hands,
            V(misc) for others; null where no driver asked for it, such as of a device that is down.
          type: str
        queue:
          description: Number of the queue or vector, or null.
          type: int
        affinity:
          description: CPUs that it may go to, or null where no driver asked for it.
          type: str
          sample: 4-7
        effective:
          description: CPUs that it goes to, or null where no driver asked for it.
          type: str
          sample: "4"
        count:
          description: How often it occurred, on all CPUs together.
          type: int
        remapped:
          description: Whether an IOMMU remaps it.
          type: bool
    default_affinity:
      description: CPUs that new interrupts may go to.
      type: str
      sample: 0-7
    irqbalance:
      description: The daemon that moves interrupts.
      type: dict
      contains:
        installed:
          description: Whether it is there.
          type: bool
        running:
          description: Whether it runs.
          type: bool
        config_file:
          description: The administrator's file that its unit reads, or null.
          type: str
          sample: /etc/default/irqbalance
        banned_cpus:
          description: CPUs that it is told to put nothing on; null where it leaves out the isolated ones by itself.
          type: str
        policy_script:
          description: The script that it asks about each interrupt, or null.
          type: str
    tuned:
      description: The daemon that applies profiles.
      type: dict
      contains:
        active_profile:
          description: Its active profiles, or null.
          type: str
          sample: cpu-partitioning
        isolated_cores:
          description: CPUs that they isolate, empty for none; V(unknown) where only tuned can tell.
          type: str
vhost_net:
  description: Whether the kernel moves virtio packets itself.
  returned: when gathered
  type: dict
  contains:
    loaded:
      description: Whether the module is loaded.
      type: bool
    device:
      description: Permissions of C(/dev/vhost-net); null when it is not there.
      type: dict
      contains:
        mode:
          description: Mode in octal.
          type: str
          sample: "0660"
        uid:
          description: Owner.
          type: int
        gid:
          description: Group.
          type: int
    zero_copy:
      description: Whether transmissions without a copy are on.
      type: bool
    parameters:
      description: Parameters of the modules vhost and vhost_net, each with the module's name before it.
      type: dict
      sample: {"vhost_net.experimental_zcopytx": "0", "vhost.max_mem_regions": "64"}
ovs:
  description: Open vSwitch.
  returned: when gathered
  type: dict
  contains:
    installed:
      description: Whether its tools are there.
      type: bool
    running:
      description: Whether its switch, C(ovs-vswitchd), runs and is not stopped by a signal.
      type: bool
    problem:
      description: Why its database does not answer, or null. Only root may ask it.
      type: str
    version:
      description: Version of the running switch; null where Open vSwitch is not installed.
      type: str
      sample: 3.5.0
    hw_offload:
      description: Whether it is told to let NICs forward by themselves (C(other_config:hw-offload)). The switch reads
        that when it starts.
      type: bool
    bridges:
      description: Its bridges, by name. V(unknown) where the database does not answer.
      type: dict
      sample:
        br-tenant:
          datapath_type: system
          fail_mode: secure
          controllers: []
          in_band: []
          mirrors: []
          flows: {total: 12, ours: 9, guest: 6, guard: 2}
          ports:
            vnet0:
              tag: 100
              trunks: []
              vlan_mode: null
              protected: false
              output_of: []
              interfaces:
                vnet0:
                  type: system
                  ofport: 3
                  error: null
                  interface_id: 6f2ab9a4-0c1e-5b57-9d10-1f1c9f9f0001
                  attached_mac: "52:54:00:00:00:01"
                  vm_id: 00000000-0000-4000-8000-000000000001
                  flows: 6
      contains:
        datapath_type:
          description: V(system) for the kernel's datapath, V(netdev) for the one in user space.
          type: str
        fail_mode:
          description: What it does without a controller, V(standalone) or V(secure); null where nothing is stated, which
            is standalone.
          type: str
        controllers:
          description: Its controllers.
          type: list
          elements: str
        in_band:
          description: Those controllers, and managers of the switch, for whose connections it lets packets through from
            anybody, ahead of all flows (in-band control). Empty with C(other_config:disable-in-band).
          type: list
          elements: str
          sample: ["tcp:192.0.2.9:6653"]
        mirrors:
          description: Names of its mirrors.
          type: list
          elements: str
        flows:
          description: How many flows it holds, over all tables. V(unknown) where the switch does not answer.
          type: dict
          contains:
            total:
              description: All.
              type: int
            ours:
              description: Those that M(kvm.vnic.ovs_flows) made, known by their cookies.
              type: int
            guest:
              description: Of these, those of guests' ports.
              type: int
            guard:
              description: Of these, those that drop what comes from guests' ports without flows of their own.
              type: int
        ports:
          description: Its ports, by name, its own internal one among them.
          type: dict
          contains:
            tag:
              description: VLAN of an access port, or native VLAN; null for none.
              type: int
            trunks:
              description: VLANs of a trunk; empty for all.
              type: list
              elements: int
            vlan_mode:
              description: V(access), V(trunk), V(native-tagged), V(native-untagged) or V(dot1q-tunnel). Null where nothing
                is stated, which is V(access) for a port with a tag and V(trunk) for others.
              type: str
            protected:
              description: Whether it is kept from other such ports.
              type: bool
            output_of:
              description: Names of the mirrors that copy packets to it. The switch drops whatever else comes in there.
              type: list
              elements: str
            interfaces:
              description: Its interfaces, by name; of a bond more than one.
              type: dict
              contains:
                type:
                  description: Type, such as V(system), V(internal) or V(vxlan).
                  type: str
                ofport:
                  description: Its number in OpenFlow. V(-1) when the switch could not add it, null when it did not try yet.
                  type: int
                error:
                  description: Why the switch could not set it up, or null.
                  type: str
                interface_id:
                  description: What the port of a guest is known by (C(external_ids:iface-id)), or null.
                  type: str
                attached_mac:
                  description: The guest's MAC address on it, or null.
                  type: str
                vm_id:
                  description: UUID of the guest, or null.
                  type: str
                flows:
                  description: How many flows M(kvm.vnic.ovs_flows) has for this guest's port on what it receives.
                  type: int
libvirt:
  description: libvirt and its guests.
  returned: when gathered
  type: dict
  contains:
    available:
      description: Whether libvirt answers.
      type: bool
    version:
      description: Version of its daemon.
      type: str
      sample: 11.3.0
    problem:
      description: Why it does not answer, or null.
      type: str
    domains:
      description: Its guests. V(unknown) when libvirt does not answer, empty on a host without libvirt.
      type: list
      elements: dict
      contains:
        name:
          description: Name.
          type: str
        uuid:
          description: UUID.
          type: str
        state:
          description: V(running), V(paused) or V(shutoff).
          type: str
        persistent:
          description: Whether it stays defined when it ends.
          type: bool
        saved:
          description: Whether its memory is saved on disk, to go on from at the next start.
          type: bool
        vcpus:
          description: How many vCPUs are online.
          type: int
        cpuset:
          description: CPUs for the vCPUs that have no pin of their own; null for all.
          type: str
        vcpu_pins:
          description: CPU list of each pinned vCPU, by its number.
          type: dict
          sample: {"0": "4", "1": "5"}
        emulator_pin:
          description: CPU list of its other threads, vhost's among them, or null.
          type: str
        iothreads:
          description: How many IO threads it has.
          type: int
        iothread_pins:
          description: CPU list of each pinned IO thread, by its number.
          type: dict
          sample: {"1": "2"}
        memory_mib:
          description: Its memory in MiB.
          type: int
        memory:
          description: NUMA policy of the whole guest, or null.
          type: dict
          contains:
            mode:
              description: V(strict), V(preferred), V(interleave) or V(restrictive).
              type: str
            nodes:
              description: Its nodes; empty where libvirt asks numad.
              type: str
        hugepages:
          description: Huge pages behind its memory, or null.
          type: dict
          contains:
            size_kib:
              description: Size in KiB; null for the host's default size.
              type: int
        vhost_workers:
          description: Of a running guest the kernel's workers that move its packets, oldest first; none of a stopped
            one. V(unknown) when its process cannot be found.
          type: list
          elements: dict
          contains:
            interface:
              description: Name of the NIC that it serves, libvirt's alias where it has none, null when it cannot be
                told.
              type: str
            queue:
              description: Number of the queue that it serves, or null when it cannot be told.
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
              description: Whether the NIC was told by V(traffic) while the workers were watched, or by the V(order)
                in which they were made; null when it cannot be told.
              type: str
        interfaces:
          description: Its NICs. One whose running and persistent definitions differ is listed twice.
          type: list
          elements: dict
          contains:
            name:
              description: The name that this collection gave it, or null.
              type: str
            alias:
              description: libvirt's alias.
              type: str
            mac:
              description: MAC address.
              type: str
            type:
              description: libvirt's type, such as V(hostdev), V(direct) or V(bridge).
              type: str
            source:
              description: Where its packets go, in the words of the parameters of M(kvm.vnic.domain_interface); C(pci)
                for a PCI device.
              type: dict
            vf:
              description: The virtual function that it is; null for others.
              type: dict
              contains:
                pf:
                  description: Network device of the physical function, or the PCI address of one that has none here.
                  type: str
                index:
                  description: Number of the virtual function.
                  type: int
            model:
              description: Model that the guest sees.
              type: str
            backend:
              description: Who moves its packets, such as V(vhost) or V(qemu), where the definition says so.
              type: str
            target:
              description: Its device on the host, or null.
              type: str
            interface_id:
              description: UUID by which Open vSwitch knows its port, or null.
              type: str
            vlan:
              description: VLAN of an access port or a VF, or null.
              type: int
            trunks:
              description: VLANs of a trunk in ascending order, the native one among them, or null.
              type: list
              elements: int
            native_vlan:
              description: VLAN of a trunk's untagged packets, or null.
              type: int
            bandwidth:
              description: Limits as in the parameters of M(kvm.vnic.domain_interface), or null.
              type: dict
            mtu:
              description: MTU, or null.
              type: int
            queues:
              description: Pairs of queues, or null for one.
              type: int
            live:
              description: Whether the running guest has it so.
              type: bool
            persistent:
              description: Whether the guest has it so from its next start.
              type: bool
management_path:
  description: Devices that carry Ansible's connection, with those below and above them.
  returned: when gathered
  type: list
  elements: str
problems:
  description: Why something could not be read as a whole and is V(unknown).
  returned: always
  type: list
  elements: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.host_info import ARGUMENTS, read
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_info


def main():
    run_info(read, ARGUMENTS)


if __name__ == "__main__":
    main()
