# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of drivers says what the kernel's drivers do."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.sriov_drivers import DRIVERS, sriov_driver
from ansible_collections.kvm.vnic.plugins.module_utils._model.vf_attributes import NAMES

ASKABLE = [name for name in NAMES if name != "vlan_protocol"] + ["802.1ad"]

# driver → what it cannot do on every card
REFUSED = {
    "igb": {"link_state", "min_tx_rate", "query_rss", "802.1ad"},
    "ixgbe": {"min_tx_rate", "802.1ad"},
    "i40e": {"min_tx_rate", "query_rss", "802.1ad"},
    "ice": {"query_rss"},
    "mlx5_core": {"query_rss", "802.1ad"},
    "bnxt_en": {"query_rss"},
    "cxgb4": {"spoofchk", "trust", "min_tx_rate", "query_rss"},
    "sfc": {"trust", "min_tx_rate", "max_tx_rate", "query_rss"},
    "qede": {"query_rss"},
    "idpf": set(ASKABLE),
    "virtio-pci": set(ASKABLE),
    "netdevsim": set(),
}


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_what_each_driver_refuses(name):
    assert {attribute for attribute in ASKABLE if sriov_driver(name).refusal(attribute, UNKNOWN)} == REFUSED[name]


def test_every_refusal_is_of_something_that_can_be_asked():
    for driver in DRIVERS.values():
        assert set(driver.refuses) | set(driver.only_devices) <= set(ASKABLE)


@pytest.mark.parametrize("device, refused", [("0x10c9", False), ("0x1526", False), ("0x1521", True), ("0x1533", True)])
def test_igb_has_rates_on_the_82576(device, refused):
    assert bool(sriov_driver("igb").refusal("max_tx_rate", device)) == refused


def test_nothing_is_known_of_an_unknown_driver():
    driver = sriov_driver("newnic")
    assert [attribute for attribute in ASKABLE if driver.refusal(attribute, "0x1")] == []
    assert driver.resets_pf and driver.most_vfs is None and driver.spoofchk is None


def test_limits():
    assert sriov_driver("igb").most_vfs == 7
    assert (sriov_driver("ixgbe").rate_speed, sriov_driver("ixgbe").least_rate, sriov_driver("ixgbe").most_vfs) == (
        10000,
        11,
        63,
    )
    assert sriov_driver("i40e").rate_unit == 50
    assert {name for name, driver in DRIVERS.items() if not driver.resets_pf} == {
        "ice",
        "mlx5_core",
        "bnxt_en",
        "netdevsim",
    }
    assert {name for name, driver in DRIVERS.items() if driver.mac_now} == {"i40e", "ice", "netdevsim"}
