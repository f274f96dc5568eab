# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: wishes
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: A plan as the parameters of the modules that bring it about
description:
  - Turns a plan into what M(kvm.vnic.audit_info) compares with a host and M(kvm.vnic.reconciler) keeps it at.
  - A module that nothing is wished of is left out.
positional: purge
options:
  _input:
    description: The plan, as the filter P(kvm.vnic.plan#filter) returns it.
    type: dict
    required: true
  purge:
    description: Whether things that the collection made and that the plan no longer needs are to go.
    type: bool
    default: false
seealso:
  - plugin: kvm.vnic.plan
    plugin_type: filter
  - module: kvm.vnic.audit_info
  - module: kvm.vnic.reconciler
"""

EXAMPLES = r"""
- name: Keep the host as planned
  kvm.vnic.reconciler:
    resources: "{{ my_plan | kvm.vnic.wishes }}"
"""

RETURN = r"""
_value:
  description: By the name of each module, its parameters.
  type: dict
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.wishes import wishes


def filter_wishes(plan, purge=False):
    if not isinstance(purge, bool):
        raise AnsibleFilterError("kvm.vnic.wishes: purge is %r: allowed are true and false" % (purge,))
    try:
        return wishes(plain(plan), purge)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError("kvm.vnic.wishes: needs a plan as kvm.vnic.plan returns it: %s" % error) from error


class FilterModule:
    def filters(self):
        return {"wishes": filter_wishes}
