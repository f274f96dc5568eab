# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_interface_slots import Slots
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import guest_xml, nic_xml


def slots(*controllers, devices=""):
    made = "".join("<controller type='pci' index='%d' model='%s'/>" % pair for pair in enumerate(controllers))
    return Slots(ElementTree.fromstring("<domain><devices>%s%s</devices></domain>" % (made, devices)))


def address(bus, slot=0):
    return ElementTree.Element("address", type="pci", bus="0x%02x" % bus, slot="0x%02x" % slot)


def test_each_root_port_takes_one_device():
    found = Slots(ElementTree.fromstring(guest_xml(ports=3, interfaces=nic_xml("52:54:00:00:00:01", bus=2))))
    assert [found.take("virtio") for _time in range(3)] == [True, True, False]


def test_an_emulated_nic_needs_a_conventional_slot():
    assert not slots("pcie-root", "pcie-root-port").take("e1000")
    assert slots("pcie-root", "pcie-root-port", "pcie-to-pci-bridge").take("rtl8139")
    assert not slots("pcie-root", "pcie-to-pci-bridge").take("virtio")


@pytest.mark.parametrize("model", ["virtio", "e1000", None])
def test_a_conventional_root_takes_everything(model):
    found = slots("pci-root")
    assert [found.take(model) for _time in range(32)] == [True] * 31 + [False]


def test_a_machine_without_pci_controllers_is_libvirts_to_judge():
    assert slots().take("virtio")


def test_an_address_is_free_once():
    found = slots("pcie-root", "pcie-root-port", "pcie-to-pci-bridge")
    assert found.take_address(address(1)) and not found.take_address(address(1))
    assert found.take_address(address(2, 3)) and found.take_address(address(2, 4))
    assert not found.take_address(address(7)) and not found.take_address(address(0, 5)) and not found.take_address(None)
    assert not found.take("virtio")


def test_an_address_on_a_port_that_was_given_away_is_not_free():
    found = slots("pcie-root", "pcie-root-port")
    assert found.take("virtio") and not found.take_address(address(1))
