#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: boot_parameters
short_description: Keep kernel arguments in the boot loader's configuration
description:
  - Adds, changes and removes single arguments of the kernel's command line, such as C(intel_iommu=on), for every
    installed kernel and for those installed later.
  - Arguments that are not named here are never touched, and none is ever given twice.
  - The module does not reboot. It says in RV(reboot_needed) and RV(reboot_reasons) whether the running kernel lacks
    something that the next boot brings.
  - A reboot is asked for once. When the boot after that did not bring the argument, the module fails and says so
    instead of asking again; what it asked for is kept in C(/var/lib/kvm-vnic/boot_parameters.json).
notes:
  - B(GRUB on Debian and Ubuntu.) The arguments go into a file of their own, C(/etc/default/grub.d/zz-kvm-vnic.cfg),
    which takes other settings of the same arguments out of what the files before it gave; those files are not edited.
    C(grub.cfg) is then generated beside the one in use, checked, and put in its place.
  - B(GRUB elsewhere.) As above, but C(GRUB_CMDLINE_LINUX) in C(/etc/default/grub) is edited, because GRUB reads no
    directory there.
  - B(Boot Loader Specification entries), as on RHEL 8 and later and Fedora. The entries in C(/boot/loader/entries)
    are edited, with C(kernelopts) in GRUB's environment block where they use it, and C(/etc/kernel/cmdline) and
    C(/etc/default/grub) where they exist, from which new kernels inherit.
  - Any other boot loader, and hosts whose boot configuration belongs to rpm-ostree, zipl or proxmox-boot-tool, are
    reported as unsupported, with what to add by hand, unless the running kernel has the arguments already.
  - Files are replaced whole, with their permissions kept. When a step fails, all are put back and the error says so.
  - The kernel takes C(-) and C(_) in names for the same, and so does this module.
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes
  - kvm.vnic._attributes.actiongroup_vnic
  - kvm.vnic._resource
options:
  parameters:
    description:
      - The arguments.
      - The entries of one name are together all of its values, in this order. So an argument that may be given
        several times, such as C(console), is listed several times, and other values of it are replaced.
      - C(hugepages) counts pages of the size that the C(hugepagesz) before it names. List them in pairs.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the argument, made of letters, digits and the characters C(_), C(.), C(:), C(/), C(+) and C(-).
          - V(root), V(ro), V(rw), V(initrd) and V(BOOT_IMAGE) belong to the boot loader's own tools and are refused.
        type: str
        required: true
      value:
        description:
          - The value, left out for an argument without one.
          - Quote V(on), V(off), V(yes) and V(no); YAML reads them as booleans otherwise, which is refused.
          - A value may have blanks; it is then written in double quotes, as the kernel's parser wants it.
            Quotes, backslashes and the characters C($ ` ; & | < > { }) cannot pass a boot loader unharmed and are
            refused.
        type: str
      state:
        description:
          - V(present) gives the name this value and no other.
          - V(absent) removes the name; with O(parameters[].value), only that value of it.
          - V(released) takes back what this module said of the name, so that the settings of others count again. It
            needs the file of the module's own, which hosts have whose GRUB reads C(/etc/default/grub.d).
        type: str
        choices: [present, absent, released]
        default: present
"""

EXAMPLES = r"""
- name: Turn the IOMMU on and let the host's own devices bypass it
  kvm.vnic.boot_parameters:
    parameters:
      - {name: intel_iommu, value: "on"}
      - {name: iommu, value: pt}
  register: boot

- name: Reboot when that is needed
  ansible.builtin.reboot:
    msg: "{{ boot.reboot_reasons | join('; ') }}"
  when: boot.reboot_needed

- name: Huge pages of two sizes, a serial console beside the screen, and no splash
  kvm.vnic.boot_parameters:
    parameters:
      - {name: hugepagesz, value: 1G}
      - {name: hugepages, value: "16"}
      - {name: hugepagesz, value: 2M}
      - {name: hugepages, value: "512"}
      - {name: console, value: tty0}
      - {name: console, value: "ttyS0,115200n8"}
      - {name: splash, state: absent}
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be. Empty when the boot configuration was as wished.
  returned: success
  type: list
  elements: dict
  sample:
    - target: intel_iommu
      field: boot_configuration
      before: null
      after: intel_iommu=on
      reason: 3 of 3 boot entries differ
      effect: now
      reversible: "yes"
pending:
  description: One entry for each argument that the running kernel lacks and the next boot brings.
  returned: success
  type: list
  elements: dict
  sample:
    - target: intel_iommu
      field: kernel_command_line
      current: null
      wanted: intel_iommu=on
      until: boot
      reason: reboot needed because the running kernel was started without intel_iommu=on
notes:
  description: What is worth knowing and nothing failed for.
  returned: success
  type: list
  elements: str
reboot_needed:
  description: Whether the running kernel lacks something that the next boot brings, or in check mode would bring.
  returned: success
  type: bool
  sample: true
reboot_reasons:
  description: Why, one sentence for each argument.
  returned: success
  type: list
  elements: str
  sample: [the running kernel was started without intel_iommu=on]
boot_loader:
  description: Which configuration is kept, V(grub), V(bls) or V(unknown).
  returned: success
  type: str
  sample: grub
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.boot_parameters import ARGUMENTS
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.boot_parameters import BootParameters


def main():
    run_resource(BootParameters(), ARGUMENTS)


if __name__ == "__main__":
    main()
