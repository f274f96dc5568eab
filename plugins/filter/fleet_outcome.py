# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_outcome
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: How the hosts of a fleet fared
description:
  - Tells of each host whether it is as planned, was changed, failed and why, could not be reached, or was not begun.
  - The role P(kvm.vnic.nic_profile#role) keeps the accounts that it needs, as the fact C(nic_profile_account) of each host.
options:
  _input:
    description:
      - By inventory hostname, C(stage), which is one of C(asking), C(asked), C(planning), C(applying), C(verifying) and C(done), and, where the host
        was changed, C(changed), where it failed, C(where) and C(why).
    type: dict
    required: true
seealso:
  - plugin: kvm.vnic.homeless
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say how they fared
  ansible.builtin.debug:
    msg: "{{ (my_accounts | kvm.vnic.fleet_outcome).lines }}"
  vars:
    my_accounts:
      hv1: {stage: done, changed: true}
      hv2: {stage: applying, where: Virtual functions, why: enp59s0f1 has no more than 63}
      hv3: {stage: asking}
"""

RETURN = r"""
_value:
  description: The outcome.
  type: dict
  contains:
    hosts:
      description:
        - By host, C(state), which is one of C(ok), C(changed), C(failed), C(unknown) and C(not begun).
        - C(why) for a host that failed or is unknown. For one that failed also C(where), and whether it was C(changed) before.
      type: dict
    lines:
      description: The same as text, a line for each host, then how to go on where not all is done.
      type: list
      elements: str
    stop:
      description: Whether a host is not known to be as planned after it was changed, so that no further host should be.
      type: bool
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.outcome import fleet_outcome
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain


def filter_fleet_outcome(accounts):
    try:
        return fleet_outcome(plain(accounts))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError("kvm.vnic.fleet_outcome: needs the accounts of hosts by name: %s" % error) from error


class FilterModule:
    def filters(self):
        return {"fleet_outcome": filter_fleet_outcome}
