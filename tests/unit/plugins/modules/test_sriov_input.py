# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a wish is told before anything is written."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import sriov
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard


@pytest.fixture
def host():
    host = MemoryHost()
    MemoryCard(host).make(7)
    host.kernel.add("br0", "bridge")
    host.kernel.add("bond0", "bond")
    host.kernel.add("b;reboot", parentbus="pci", parentdev="0000:02:00.1")
    host.kernel.add("eno1", parentbus="pci", parentdev="0000:02:00.0")
    host.tree.contents["/sys/bus/pci/devices/0000:02:00.0/net/eno1/mtu"] = "1500"
    host.tree.symlinks["/sys/class/net/eno1/device"] = "../../../bus/pci/devices/0000:02:00.0"
    host.tree.symlinks["/sys/class/net/ens2v0/device"] = "../../../bus/pci/devices/0000:41:10.0"
    return host


def run(host, **params):
    return run_module(sriov.main, host, params)


def refused(host, path, word, **params):
    result = run(host, **params)
    assert result["failed"] and result["error_kind"] == "value", result
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in str(result["problems"][0]["message"]), result["problems"][0]["message"]
    assert "hv1" in result["msg"] and host.writes() == []


@pytest.mark.parametrize(
    "pf, word",
    [
        ("", "non-empty"),
        ("lo", "software"),
        ("br0", "bridge"),
        ("bond0", "bond"),
        ("nope0", "physical functions here: ens2 at 0000:41:00.0"),
        ("eno1", "lack SR-IOV"),
        ("0000:02:00.0", "lack SR-IOV"),
        ("0000:99:00.0", "no PCI function"),
        ("ens2v0", "is itself a virtual function, of ens2"),
        ("0000:41:10.0", "is itself a virtual function, of ens2"),
        ("../../etc", "allowed are letters"),
        ("eth0\n", "allowed are letters"),
        ("-rf", "allowed are letters"),
        ("eth0;reboot", "allowed are letters"),
        ("b;reboot", "allowed are letters"),
        ("{{ x }}", "allowed are letters"),
        (180.0, "in quotes"),
        (600.1, "in quotes"),
        (41135085296, "in quotes"),
        ("52:54:00:00:00:77", "no physical function of this host"),
        ("zz:54:00:00:00:77", "no MAC address"),
        ("ff:ff:ff:ff:ff:ff", "group"),
    ],
)
def test_physical_functions(host, pf, word):
    refused(host, "pfs[0].pf", word, pfs=[{"pf": pf, "num_vfs": 7}])


def test_two_that_fit_are_not_guessed_between(host):
    MemoryCard(host, name="enp1s0", pci="0000:01:00.0", mac="52:54:00:00:00:01")
    refused(host, "pfs[0].pf", "0000:01:00.0, 0000:41:00.0", pfs=[{"pf": "52:54:00:00:00:01", "num_vfs": 1}])


def test_one_by_name_and_again_by_pci(host):
    refused(
        host, "pfs[1].pf", "listed already", pfs=[{"pf": "ens2", "num_vfs": 7}, {"pf": "0000:41:00.0", "num_vfs": 6}]
    )


def test_a_pf_without_a_network_device(host):
    host.kernel.links.pop("ens2")
    refused(host, "pfs[0].pf", "driver must be bound", pfs=[{"pf": "0000:41:00.0", "num_vfs": 7}])


@pytest.mark.parametrize(
    "count, word", [(-1, "0 to 65535"), (8, "allowed are 0 to 7"), (65536, "0 to 65535"), (True, "0 to 65535")]
)
def test_counts(host, count, word):
    refused(host, "pfs[0].num_vfs", word, pfs=[{"pf": "ens2", "num_vfs": count}])


def test_a_count_that_is_no_number(host):
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": "four"}])
    assert result["failed"] and "num_vfs" in result["msg"] and host.writes() == []


def test_more_than_the_driver_makes(host):
    MemoryCard(host, name="enp1s0", pci="0000:01:00.0", mac="52:54:00:00:00:02", total=8)
    refused(
        host, "pfs[0].num_vfs", "driver igb of enp1s0 makes: allowed are 0 to 7", pfs=[{"pf": "enp1s0", "num_vfs": 8}]
    )


def test_no_vfs_while_some_are_listed(host):
    refused(
        host,
        "vfs[0].vf",
        "num_vfs, which is 0",
        pfs=[{"pf": "ens2", "num_vfs": 0}],
        vfs=[{"vf": "ens2#0", "trust": True}],
    )


@pytest.mark.parametrize(
    "vf, word",
    [
        ("ens2", "expected the physical function"),
        ("#1", "expected the physical function"),
        ("ens2#", "allowed are numbers"),
        ("ens2#-1", "allowed are numbers"),
        ("ens2#a", "allowed are numbers"),
        ("ens2#3-1", "counts backwards"),
        ("ens2#0-99999999999", "allowed are numbers"),
        ("ens2#0-65535", "highest VF index"),
        ("ens2#7", "allowed are 0 to 6"),
        ("ens2#0-7", "allowed are 0 to 6"),
        ("ens2#1,1", "VF 1 twice"),
        ("nope#1", "no network device"),
    ],
)
def test_virtual_functions(host, vf, word):
    refused(host, "vfs[0].vf", word, vfs=[{"vf": vf, "trust": True}])


@pytest.mark.parametrize(
    "index, word",
    [
        (-1, "allowed are numbers"),
        ("007", "allowed are numbers"),
        (7, "0 to 6"),
        (True, "allowed are numbers"),
        (1.5, "allowed"),
        ([1], "allowed"),
    ],
)
def test_indices(host, index, word):
    refused(host, "vfs[0].index", word, vfs=[{"pf": "ens2", "index": index, "trust": True}])


def test_overlapping_ranges(host):
    refused(
        host,
        "vfs[1].vf",
        "ens2#3, which vfs[0] names too",
        vfs=[{"vf": "ens2#0-3", "trust": True}, {"vf": "ens2#3-5", "trust": True}],
    )


def test_the_same_vf_by_name_and_pci(host):
    vfs = [{"vf": "ens2#2", "trust": True}, {"pf": "0000:41:00.0", "index": "2", "trust": False}]
    refused(host, "vfs[1].index", "listed once", vfs=vfs)


@pytest.mark.parametrize("entry", [{"trust": True}, {"pf": "ens2", "trust": True}, {"index": 1, "trust": True}])
def test_an_entry_that_names_no_vf(host, entry):
    refused(host, "vfs[0]", "'pf' and 'index'", vfs=[entry])


def test_an_entry_that_names_its_vf_twice(host):
    refused(host, "vfs[0].vf", "leave out", vfs=[{"vf": "ens2#1", "pf": "ens2", "index": 1}])


@pytest.mark.parametrize(
    "field, value, word",
    [
        ("mac", "zz:54:00:12:34:56", "no MAC"),
        ("mac", "52:54:00:12:34", "no MAC"),
        ("mac", "5254.0012.3456", "no MAC"),
        ("mac", "00:00:00:00:00:00", "all-zero"),
        ("mac", "ff:ff:ff:ff:ff:ff", "group"),
        ("mac", "52-54-00-12-34", "no MAC"),
        ("mac", 41135085296, "quotes"),
        ("mac", "52:54:00:00:00:01", "MAC address of ens2 itself"),
        ("vlan", -1, "0 to 4094"),
        ("vlan", 4095, "0 to 4094"),
        ("vlan", 4096, "0 to 4094"),
        ("qos", 8, "0 to 7"),
        ("qos", -1, "0 to 7"),
        ("max_tx_rate", -1, "rate"),
        ("min_tx_rate", -1, "rate"),
        ("max_tx_rate", 2000, "1000 Mb/s"),
    ],
)
def test_attributes(host, field, value, word):
    refused(host, "vfs[0].%s" % field, word, vfs=[{"vf": "ens2#0", field: value}])


@pytest.mark.parametrize(
    "field, value",
    [
        ("vlan", "100-200"),
        ("vlan_protocol", "802.1x"),
        ("link_state", "up"),
        ("link_state", True),
        ("max_tx_rate", "10G"),
        ("trust", "maybe"),
        ("driver", "../x"),
        ("num_vf", 3),
    ],
)
def test_values_that_the_argument_specification_refuses(host, field, value):
    result = run(host, vfs=[{"vf": "ens2#0", field: value}])
    assert result["failed"] and field in result["msg"] and host.writes() == []


def test_a_minimum_above_the_maximum(host):
    refused(
        host,
        "vfs[0].min_tx_rate",
        "above max_tx_rate",
        vfs=[{"vf": "ens2#0", "min_tx_rate": 20, "max_tx_rate": 10}],
        ignore_unsupported=True,
    )


def test_a_minimum_above_the_maximum_that_is_there():
    host = MemoryHost()
    MemoryCard(host, driver="ice").make(1)
    assert not run(host, vfs=[{"vf": "ens2#0", "max_tx_rate": 100}])["failed"]
    written = host.writes()
    result = run(host, vfs=[{"vf": "ens2#0", "min_tx_rate": 200}])
    assert (
        result["failed"]
        and result["error_kind"] == "value"
        and "min_tx_rate 200 above max_tx_rate 100" in result["msg"]
    )
    assert host.writes() == written


def test_one_mac_for_several_vfs(host):
    refused(host, "vfs[0].mac", "each its own entry", vfs=[{"vf": "ens2#0-1", "mac": "52:54:00:00:01:00"}])
    vfs = [{"vf": "ens2#0", "mac": "52:54:00:00:01:00"}, {"vf": "ens2#1", "mac": "52-54-00-00-01-00"}]
    refused(host, "vfs[1].mac", "more than one VF", vfs=vfs)


def test_vfio_without_an_iommu(host):
    del host.tree.symlinks["/sys/bus/pci/devices/0000:41:00.0/iommu_group"]
    refused(host, "vfs[0].driver", "intel_iommu=on", vfs=[{"vf": "ens2#0", "driver": "vfio-pci"}])


def test_qinq_without_a_vlan():
    host = MemoryHost()
    MemoryCard(host, driver="ice").make(1)
    refused(host, "vfs[0].vlan_protocol", "vlan is 0", vfs=[{"vf": "ens2#0", "vlan_protocol": "802.1ad", "vlan": 0}])
    result = run(host, vfs=[{"vf": "ens2#0", "vlan_protocol": "802.1ad"}])
    assert result["failed"] and "needs a VLAN" in result["msg"] and host.writes() == []
    assert not run(host, vfs=[{"vf": "ens2#0", "vlan_protocol": "802.1ad", "vlan": 5}])["failed"]
    assert host.kernel.writes == ["link set dev ens2 vf 0 vlan 5 qos 0 proto 802.1ad"]


def test_every_problem_is_reported_at_once(host):
    result = run(
        host,
        pfs=[{"pf": "nope0", "num_vfs": 1}, {"pf": "ens2", "num_vfs": 9}],
        vfs=[{"vf": "ens2#0", "mac": "zz", "vlan": 5000, "link_state": "enable"}, {"vf": "ens2#x"}],
    )
    paths = [problem["path"] for problem in result["problems"]]
    assert sorted(paths) == [
        "pfs[0].pf",
        "pfs[1].num_vfs",
        "vfs[0].link_state",
        "vfs[0].mac",
        "vfs[0].vlan",
        "vfs[1].vf",
    ]


UNSUPPORTED = [
    ("igb", {"link_state": "enable"}, "link_state"),
    ("igb", {"vlan": 5, "vlan_protocol": "802.1ad"}, "vlan_protocol"),
    ("igb", {"min_tx_rate": 10}, "min_tx_rate"),
    ("igb", {"query_rss": True}, "query_rss"),
    ("ixgbe", {"min_tx_rate": 20}, "min_tx_rate"),
    ("i40e", {"query_rss": True}, "query_rss"),
    ("mlx5_core", {"vlan": 5, "vlan_protocol": "802.1ad"}, "vlan_protocol"),
    ("cxgb4", {"trust": True}, "trust"),
    ("cxgb4", {"spoofchk": True}, "spoofchk"),
    ("sfc", {"max_tx_rate": 100}, "max_tx_rate"),
    ("idpf", {"mac": "52:54:00:00:01:00"}, "mac"),
    ("virtio-pci", {"vlan": 5}, "vlan"),
]


@pytest.mark.parametrize("driver, attributes, name", UNSUPPORTED)
def test_what_a_driver_cannot_do_is_refused_before_any_write(driver, attributes, name):
    host = MemoryHost()
    MemoryCard(host, driver=driver, speed=10000).make(1)
    wish = [dict(attributes, vf="ens2#0")]
    result = run(host, vfs=wish)
    assert result["failed"] and result["error_kind"] == "unsupported"
    assert "vfs[0].%s" % name in result["msg"] and driver in result["msg"] and host.writes() == []
    assert repr(attributes[name]) in result["msg"] and "leave it out, or say ignore_unsupported: true" in result["msg"]
    tolerated = run(host, vfs=wish, ignore_unsupported=True)
    assert not tolerated["failed"] and any(name in note and driver in note for note in tolerated["notes"])
    word = "proto" if name == "vlan_protocol" else name
    assert not any(word in line.split() for line in host.kernel.writes)


def test_rates_of_igb_are_the_82576s_alone():
    host = MemoryHost()
    MemoryCard(host, device="0x1521").make(1)
    result = run(host, vfs=[{"vf": "ens2#0", "max_tx_rate": 100}])
    assert result["failed"] and result["error_kind"] == "unsupported" and "0x1521" in result["msg"]


def test_igb_limits_rates_only_while_the_link_is_up(host):
    link = host.kernel.links["ens2"]
    link["flags"].remove("LOWER_UP")
    result = run(host, vfs=[{"vf": "ens2#0", "max_tx_rate": 100}])
    assert (
        result["failed"]
        and result["error_kind"] == "unsupported"
        and "link is up" in result["msg"]
        and host.writes() == []
    )


@pytest.mark.parametrize(
    "speed, rate, kind, word",
    [(1000, 100, "unsupported", "10000"), (10000, 10, "value", "11"), (10000, 20000, "value", "above")],
)
def test_rates_of_ixgbe(speed, rate, kind, word):
    host = MemoryHost()
    MemoryCard(host, driver="ixgbe", device="0x10fb", speed=speed, total=63).make(1)
    result = run(host, vfs=[{"vf": "ens2#0", "max_tx_rate": rate}])
    assert result["failed"] and result["error_kind"] == kind and word in result["msg"] and host.writes() == []


def test_rss_queries_of_ixgbe_are_the_82599s_and_x540s():
    for device, failed in (("0x10fb", False), ("0x1528", False), ("0x1563", True)):
        host = MemoryHost()
        card = MemoryCard(host, driver="ixgbe", device=device, total=63)
        card.make(1)
        card.link["vfinfo_list"][0]["query_rss_en"] = False
        assert run(host, vfs=[{"vf": "ens2#0", "query_rss": True}])["failed"] == failed


def test_rates_of_i40e_come_in_fifties():
    host = MemoryHost()
    MemoryCard(host, driver="i40e", speed=40000).make(1)
    refused(host, "vfs[0].max_tx_rate", "multiple of 50", vfs=[{"vf": "ens2#0", "max_tx_rate": 120}])
    assert not run(host, vfs=[{"vf": "ens2#0", "max_tx_rate": 150}])["failed"]
