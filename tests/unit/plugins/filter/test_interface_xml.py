# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.filter.interface_xml import FilterModule
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import read_interface

render = FilterModule().filters()["interface_xml"]


def test_it_renders_what_the_module_attaches():
    nic = {"name": "adm", "type": "bridge", "source": {"bridge": "br0"}, "mac": "52-54-00-00-00-01", "queues": 4}
    found = read_interface(ElementTree.fromstring(render(nic)))
    assert (found.name, found.source, found.mac) == ("adm", {"bridge": "br0"}, "52:54:00:00:00:01")
    assert (found.model, found.backend, found.queues) == ("virtio", "vhost", 4)


def test_a_vf_named_by_its_pf_needs_its_address():
    nic = {"name": "front", "type": "hostdev", "source": {"pf": "enp59s0f0", "index": 3}, "vlan": 100}
    with pytest.raises(AnsibleFilterError, match="PCI address"):
        render(nic)
    found = read_interface(ElementTree.fromstring(render(nic, "3b:02.3")))
    assert found.source == {"pci": "0000:3b:02.3"} and found.vlan == 100


@pytest.mark.parametrize(
    "nic, word",
    [
        ("front", "dictionary"),
        ({"name": "front"}, "type"),
        ({"name": "front", "state": "absent"}, "no XML"),
        ({"name": "<x>", "type": "bridge", "source": {"bridge": "br0"}}, "NIC name"),
        ({"name": "front", "type": "bridge", "source": {"bridge": "br0"}, "vlan": object()}, "plain data"),
    ],
)
def test_what_it_refuses(nic, word):
    with pytest.raises(AnsibleFilterError, match=word):
        render(nic)
