# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: cpu_mask
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: CPUs as the kernel's mask
description:
  - Turns a CPU list such as V(0-3,8), or a list of CPU numbers, into a hexadecimal mask as sysfs takes it.
  - A string is taken as a CPU list. The filter P(kvm.vnic.cpu_list#filter) does the opposite.
options:
  _input:
    description: A CPU list in the kernel's notation, with ranges and strides; or a list of CPU numbers.
    type: raw
    required: true
seealso:
  - plugin: kvm.vnic.cpu_list
    plugin_type: filter
"""

EXAMPLES = r"""
- name: The mask for /proc/irq/N/smp_affinity
  ansible.builtin.debug:
    msg: "{{ '0-3,32' | kvm.vnic.cpu_mask }}" # 1,0000000f
"""

RETURN = r"""
_value:
  description: The mask, in groups of 32 bits; V(0) for no CPU.
  type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.cpus import from_numbers
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain


def filter_cpu_mask(value):
    try:
        value = plain(value)
        return (
            CpuSet.from_list(value) if isinstance(value, str) else from_numbers(value, "a CPU list in quotes")
        ).to_mask()
    except ValueError as error:
        raise AnsibleFilterError("kvm.vnic.cpu_mask: %s" % error) from error


class FilterModule:
    def filters(self):
        return {"cpu_mask": filter_cpu_mask}
