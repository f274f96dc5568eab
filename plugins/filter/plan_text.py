# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_text
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: A host's plan as text
description:
  - Says for each NIC what it is attached to, why, why not to something better, and which CPUs move its packets; then
    what must exist on the host.
  - Prints the OpenFlow of each guest's port of Open vSwitch.
  - Draws the NUMA nodes with their CPUs and who has them, and tells each rule of the profile with its reason, premise
    and source.
  - Control characters, which names of guests and devices may hold, are shown as U+FFFD.
options:
  _input:
    description: A plan, as the filter P(kvm.vnic.plan#filter) returns it.
    type: dict
    required: true
seealso:
  - plugin: kvm.vnic.plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ (my_plan | kvm.vnic.plan_text).splitlines() }}"
"""

RETURN = r"""
_value:
  description: The text, several lines.
  type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.text import plan_text


def filter_plan_text(plan):
    try:
        return plan_text(plain(plan))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError("kvm.vnic.plan_text: needs a plan as kvm.vnic.plan returns it: %r" % error) from error


class FilterModule:
    def filters(self):
        return {"plan_text": filter_plan_text}
