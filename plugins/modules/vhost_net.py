#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vhost_net
short_description: Load vhost-net and choose whether it sends without copying
description:
  - Loads or unloads the kernel's vhost-net, which moves a virtio NIC's packets without a switch to QEMU, and manages
    its zero-copy parameter.
  - The permissions of C(/dev/vhost-net) are told in the notes and never changed. libvirt opens it for its guests as
    root.
  - Nothing needs to be kept for the next boot, because the kernel loads the module by itself when the device is first
    opened.
  - What is omitted is left alone.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
options:
  loaded:
    description:
      - Whether the module is loaded. V(false) is refused while any process has C(/dev/vhost-net) open, naming the
        guests.
    type: bool
  zero_copy:
    description:
      - Whether guests' packets are sent from the guest's own memory without copying (C(experimental_zcopytx)).
      - It concerns what guests send, in packets of 256 bytes and more, to outside the host; received packets are
        always copied. A tap can do it,
        and a macvtap can if its lower device has scatter-gather and takes high memory.
      - The kernel has it off since Linux 5.3 (2019, commit 098eadce3c62), because one slow receiver holds up all
        packets of a guest, and because the
        copying path, which batches, is faster for small packets. Leave it off unless a measurement of yours says
          otherwise.
      - It is written to C(/etc/modprobe.d/kvm-vnic-vhost.conf). The module reads it when it is loaded; so it is
        loaded again at once if no process
        has C(/dev/vhost-net) open. Otherwise RV(pending) names the guests that have to stop first, after which
          another run finishes the step.
      - Another file or the kernel command line that says otherwise is an error.
    type: bool
  configuration:
    description:
      - V(absent) removes C(/etc/modprobe.d/kvm-vnic-vhost.conf), so that the kernel's default counts from the next
        loading on.
      - The running module stays as it is, unless O(zero_copy=false) has it loaded again. O(zero_copy=true) is refused
        beside it.
    type: str
    choices: [absent]
"""

EXAMPLES = r"""
- name: vhost-net for the guests' virtio NICs
  kvm.vnic.vhost_net:
    loaded: true

- name: Zero copy off again, as the kernel has it by default
  kvm.vnic.vhost_net:
    zero_copy: false
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when everything was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - {target: vhost_net, field: loaded, before: false, after: true, reason: differs, effect: now, reversible: "yes"}
pending:
  description: A zero-copy setting that is written and waits for guests to stop or start, or for a boot.
  returned: success
  type: list
  elements: dict
  sample:
    - target: vhost_net
      field: zero_copy
      current: false
      wanted: true
      until: boot
      reason: "a reload of vhost_net needs these to stop first, and a further run: guest web1 (process 4711,
        qemu-system-x86)"
notes:
  description: What is worth knowing and nothing failed for.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._module.vhost_net import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._resource.vhost_net import VhostNet


def main():
    run_resource(VhostNet(), ARGUMENTS)


if __name__ == "__main__":
    main()
