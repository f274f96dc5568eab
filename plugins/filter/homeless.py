# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: homeless
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: Guests that no host defines
description: Guests of the inventory that none of the given plans found defined on its host.
positional: plans
options:
  _input:
    description: What is wished, as the filter P(kvm.vnic.plan#filter) takes it.
    type: dict
    required: true
  plans:
    description: The plans of all hosts that were reached.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: kvm.vnic.plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Guests that are pending
  ansible.builtin.debug:
    msg: "{{ my_intent | kvm.vnic.homeless(ansible_play_hosts | map('extract', hostvars, 'my_plan') | list) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: Names of the guests, in order.
  type: list
  elements: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.complaint import complaint
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.fleet import homeless
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.recall import validated


def filter_homeless(intent, plans):
    try:
        return homeless(validated(plain(intent)), plain(plans))
    except InvalidInput as error:
        raise AnsibleFilterError(complaint(error, "kvm.vnic.homeless")) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(
            "kvm.vnic.homeless: needs a list of plans as kvm.vnic.plan returns them: %r" % error
        ) from error


class FilterModule:
    def filters(self):
        return {"homeless": filter_homeless}
