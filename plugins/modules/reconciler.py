#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: reconciler
short_description: Keep a hypervisor's NICs as they are wished, over reboots and without Ansible
description:
  - Saves what the host is kept at, and puts what leads the host back to it in place. The modules themselves do the work
    then, from the archive C(/usr/local/libexec/kvm-vnic.pyz), without Ansible and without a daemon.
  - C(kvm-vnic-host.service) runs at boot, before libvirt, which it does not ask. Nothing requires it, and it ends after 10
    minutes at the latest, so that libvirt starts in any case.
  - C(kvm-vnic-guests.service) runs after libvirt, again when libvirt or Open vSwitch is started anew, when something asks
    for it, and every O(interval) seconds.
  - Hardware that comes or gets its driver back asks for it, by the rules C(/etc/udev/rules.d/90-kvm-vnic.rules), and so does a
    guest that starts or ends, by the script C(/etc/libvirt/hooks/qemu.d/kvm-vnic-guests). Both only put the file
    C(/run/kvm-vnic/wanted) there, for which C(kvm-vnic-guests.path) waits. Events that come while it runs are answered by one
    more run.
  - The rules keep NetworkManager and systemd-networkd off the taps and macvtaps that libvirt makes, and off the virtual
    functions that guests own. systemd-networkd heeds that since version 255.
  - C(systemctl status kvm-vnic-guests) and C(journalctl -t kvm-vnic) tell what was done and why.
  - These files name no guest and no network device, only PCI addresses. What is kept is in C(/var/lib/kvm-vnic/desired.json),
    which root alone can read.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
requirements:
  - systemd 239 or later on the host
  - libvirt 6.5 or later for what guests ask for when they start
options:
  state:
    description:
      - With V(present), the host is kept at O(resources).
      - With V(absent), it is left alone, as it is now. The units, the rules, the script, the desired state and the archive are
        removed. The journal in C(/var/lib/kvm-vnic/journal) stays, because it belongs to every module.
      - While a run with a checkpoint is open, the archive carries it and therefore stays. RV(notes) tells so, and the next run
        with V(absent) removes it.
    type: str
    choices: [present, absent]
    default: present
  resources:
    description:
      - What the host is kept at, by the name of the module that would bring it about, as that module takes it. Each is checked
        as that module would check it.
      - It replaces what was saved before. A module that is left out is not looked after any more.
      - Required with O(state=present).
    type: dict
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
  interval:
    description:
      - Seconds between two runs that nothing asked for, 60 to 86400. With V(0) there is no timer.
      - Without it, 900.
    type: int
  unmanaged:
    description:
      - PCI addresses of the virtual functions that NetworkManager and systemd-networkd are kept off. Quote them, because YAML
        reads some unquoted ones as numbers.
      - Without it, those that the NICs in O(resources.domain_interface) take.
    type: list
    elements: str
seealso:
  - module: kvm.vnic.audit_info
  - module: kvm.vnic.checkpoint
notes:
  - The role P(kvm.vnic.reconciler#role) passes the whole plan of a host.
  - libvirt notices the script only when its daemon starts, see RV(hook_installed).
  - A device that a network manager of the host configures is told of in RV(notes), with what to do about it.
"""

EXAMPLES = r"""
- name: Keep the virtual functions and the bridge
  kvm.vnic.reconciler:
    resources:
      sriov:
        pfs: [{pf: "0000:3b:00.0", num_vfs: 8}]
      bridge:
        bridges: [{name: br-prod, mtu: 9000, ports: [enp59s0f1]}]

- name: Let the host be
  kvm.vnic.reconciler:
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: kvm-vnic-guests.timer, field: enabled, before: false, after: true, reason: starts at boot, effect: now, reversible: "yes"}
pending:
  description: Always empty.
  returned: success
  type: list
  elements: dict
notes:
  description: Network managers that may work against what is kept, and what could not be seen to.
  returned: success
  type: list
  elements: str
  sample:
    - enp1s0 is managed by systemd-networkd through /etc/systemd/network/x.network, which may set it back. State the same there, or
      Unmanaged=yes in its section [Link].
kept:
  description: The modules whose wishes are kept.
  returned: success
  type: list
  elements: str
  sample: [bridge, sriov]
hook_installed:
  description:
    - Whether libvirt's daemon runs since before the script was there and has to be started anew to call it.
    - Guests run on while C(libvirtd) or C(virtqemud) is restarted.
  returned: success
  type: bool
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.reconciler import ARGUMENTS, CheckedReconciler
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource


def main():
    run_resource(CheckedReconciler(), ARGUMENTS)


if __name__ == "__main__":
    main()
