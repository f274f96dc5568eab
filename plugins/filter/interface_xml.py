# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: interface_xml
author: kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
short_description: libvirt's XML of a NIC
description:
  - Renders the C(<interface>) that M(kvm.vnic.domain_interface) would attach, with the same code, so that it can be
    put into the XML of a guest that is
    yet to be defined.
options:
  _input:
    description: One NIC as in the option O(kvm.vnic.domain_interface#module:domains[].interfaces) of the module.
    type: dict
    required: true
  pci:
    description: PCI address of the VF, where the NIC names it by physical function and index, which only the host can
      resolve.
    type: str
"""

EXAMPLES = r"""
- name: The XML of a NIC on a bridge
  ansible.builtin.debug:
    msg: "{{ {'name': 'adm', 'type': 'bridge', 'source': {'bridge': 'br0'}} | kvm.vnic.interface_xml }}"

- name: The XML of a trunk on Open vSwitch
  ansible.builtin.debug:
    msg: "{{ nic | kvm.vnic.interface_xml }}"
  vars:
    nic:
      name: lan
      type: bridge
      source: {bridge: br-tenant, interface_id: 6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44}
      trunks: [10, 20]
      native_vlan: 10
"""

RETURN = r"""
_value:
  description: The XML text, indented.
  type: str
"""

import json

from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_interface_render import render_interface
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput


def interface_xml(nic, pci=None):
    if not isinstance(nic, dict):
        raise AnsibleFilterError("kvm.vnic.interface_xml: needs a NIC as a dictionary, not a %s" % type(nic).__name__)
    try:
        return render_interface(json.loads(json.dumps(nic)), None if pci is None else str(pci))
    except InvalidInput as error:
        raise AnsibleFilterError("kvm.vnic.interface_xml: %s" % error) from error
    except TypeError as error:
        raise AnsibleFilterError(
            "kvm.vnic.interface_xml: the NIC holds something that is no plain data: %s" % error
        ) from error


class FilterModule:
    def filters(self):
        return {"interface_xml": interface_xml}
