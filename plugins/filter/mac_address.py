# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: mac_address
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: The MAC address that is made for a guest's NIC
description:
  - The address that the planner makes of a guest's and a NIC's name, where the inventory states none and the guest
    has none.
  - It depends on nothing else, so that a guest keeps it when it moves to another host.
  - Should two NICs of the inventory be due the same address, the planner gives both another; this filter, which sees
    one NIC, does not know.
positional: nic, prefix
options:
  _input:
    description: The guest's name.
    type: str
    required: true
  nic:
    description: The NIC's name.
    type: str
    required: true
  prefix:
    description: The first octets, as C(vnic_mac_prefix).
    type: str
    default: "52:54"
seealso:
  - plugin: kvm.vnic.plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: A static lease for a NIC
  ansible.builtin.debug:
    msg: "{{ 'web1' | kvm.vnic.mac_address('front') }}"
"""

RETURN = r"""
_value:
  description: A locally administered MAC address.
  type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.module_utils._model.fields import Problems
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.complaint import complaint
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.macs import made_mac
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.schema import (
    DEFAULT_MAC_PREFIX,
    GUEST,
    INTENT,
    INTERFACE,
)


def filter_mac_address(guest, nic, prefix=DEFAULT_MAC_PREFIX):
    problems = Problems()
    guest = GUEST.keys["name"].node.read(plain(guest), problems.at("guest"))
    nic = INTERFACE.keys["name"].node.read(plain(nic), problems.at("nic"))
    prefix = INTENT.keys["mac_prefix"].node.read(plain(prefix), problems.at("prefix"))
    try:
        problems.raise_if_any()
    except InvalidInput as error:
        raise AnsibleFilterError(complaint(error, "kvm.vnic.mac_address")) from error
    return made_mac(guest, nic, prefix)


class FilterModule:
    def filters(self):
        return {"mac_address": filter_mac_address}
