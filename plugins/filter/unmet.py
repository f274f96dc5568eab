# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: unmet
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: What a host does not show of its plan
description:
  - Compares a plan with the facts read after it was applied.
positional: facts
options:
  _input:
    description: A host's plan, as the filter P(kvm.vnic.plan#filter) returns it.
    type: dict
    required: true
  facts:
    description: What M(kvm.vnic.host_info) returned after the plan was applied; C(libvirt) is needed.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Nothing may be missing
  ansible.builtin.assert:
    that: my_plan | kvm.vnic.unmet(my_facts) | length == 0
"""

RETURN = r"""
_value:
  description: A sentence for each planned NIC or pin that is not there as planned.
  type: list
  elements: str
"""

import json

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.unmet import unmet


def _plain(value):
    return json.loads(json.dumps(value))


def filter_unmet(plan, facts):
    try:
        return unmet(_plain(plan), _plain({"libvirt": facts["libvirt"]}))
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(
            "kvm.vnic.unmet: needs a plan and the libvirt facts of kvm.vnic.host_info: %s" % error
        ) from error


class FilterModule:
    def filters(self):
        return {"unmet": filter_unmet}
