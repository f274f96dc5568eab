# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: cpu_list
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: CPUs as the kernel's list
description:
  - Turns a hexadecimal CPU mask, or a list of CPU numbers, into the shortest list that the kernel writes and reads,
    such as V(0-3,8).
  - A string is taken as a mask. The list of the same CPUs as a mask gives the filter P(kvm.vnic.cpu_mask#filter).
options:
  _input:
    description:
      - A mask in hexadecimal, with groups of 32 bits separated by commas and the highest group first.
      - Or a list of CPU numbers.
    type: raw
    required: true
seealso:
  - plugin: kvm.vnic.cpu_mask
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Which CPUs a queue's packets are spread over
  ansible.builtin.debug:
    msg: "{{ '1,0000000f' | kvm.vnic.cpu_list }}" # 0-3,32

- name: From numbers
  ansible.builtin.debug:
    msg: "{{ [8, 0, 1, 2, 3] | kvm.vnic.cpu_list }}" # 0-3,8
"""

RETURN = r"""
_value:
  description: The list; empty for no CPU.
  type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.cpus import from_numbers
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain


def filter_cpu_list(value):
    try:
        value = plain(value)
        return str(CpuSet.from_mask(value) if isinstance(value, str) else from_numbers(value, "a mask in quotes"))
    except ValueError as error:
        raise AnsibleFilterError("kvm.vnic.cpu_list: %s" % error) from error


class FilterModule:
    def filters(self):
        return {"cpu_list": filter_cpu_list}
