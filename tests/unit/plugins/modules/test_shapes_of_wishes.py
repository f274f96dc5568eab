# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of the wrong shape, misspelt keys and templates that nobody expanded, given to every module that takes a list of wishes."""

from __future__ import annotations

import importlib

import pytest

from ansible_collections.kvm.vnic.plugins.modules import packet_steering
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard
from ansible_collections.kvm.vnic.tests.unit.memory_host.steered_host import steered_host

WISHES = {  # by module and parameter: a wish that is complete, and the key in it that names its object
    ("sriov", "pfs"): ({"pf": "ens2", "num_vfs": 2}, "pf"),
    ("sriov", "vfs"): ({"vf": "ens2#0", "trust": True}, "vf"),
    ("bridge", "bridges"): ({"name": "br1"}, "name"),
    ("vlan", "vlans"): ({"lower": "ens2", "id": 5}, "lower"),
    ("macvtap", "macvtaps"): ({"name": "mvt-web1", "lower": "ens2"}, "name"),
    ("macvtap", "lower_devices"): ({"name": "ens2"}, "name"),
    ("tap", "taps"): ({"name": "tap-web1"}, "name"),
    ("domain_interface", "domains"): ({"name": "web1"}, "name"),
    ("domain_pinning", "domains"): ({"name": "web1"}, "name"),
    ("irq_affinity", "targets"): ({"device": "ens2", "cpus": "1"}, "device"),
    ("packet_steering", "devices"): ({"device": "ens2", "rps": "off"}, "device"),
    ("ovs_bridge", "bridges"): ({"name": "br-ovs"}, "name"),
    ("ovs_flows", "bridges"): ({"name": "br-ovs"}, "name"),
    ("boot_parameters", "parameters"): ({"name": "intel_iommu", "value": "on"}, "name"),
}


@pytest.fixture(params=WISHES, ids=".".join)
def wished(request):
    """Runs the module with the parameter set to what is given; returns the message, when it is refused and nothing is written."""
    module, parameter = request.param
    main = importlib.import_module("ansible_collections.kvm.vnic.plugins.modules." + module).main

    def refused(value):
        host = MemoryHost()
        MemoryCard(host).make(1)
        before = list(host.writes())
        result = run_module(main, host, {parameter: value})
        assert result["failed"] and host.writes() == before, result
        return result["msg"]

    refused.wish, refused.key = WISHES[request.param]
    refused.parameter = parameter
    return refused


@pytest.mark.parametrize("value", [{"a": 1}, "{{ all }}", ["ens2"], [["ens2"]], [5], [True]], ids=str)
def test_what_is_no_list_of_mappings(wished, value):
    """In Ansible's own words."""
    message = wished(value)
    assert wished.parameter in message or "dict" in message, message


def test_a_misspelt_key_is_named_with_the_known_ones(wished):
    message = wished([dict(wished.wish, **{wished.key + "x": "ens2"})])
    assert wished.key + "x" in message and "Supported parameters include" in message and wished.key in message, message


@pytest.mark.parametrize("name", ["{{ x }}", "", "../../etc", "a\nb", "-rf x", None], ids=repr)
def test_a_name_that_is_none(wished, name):
    """With its path, or, where it is missing, in Ansible's words."""
    message = wished([dict(wished.wish, **{wished.key: name})])
    assert "%s[0]" % wished.parameter in message or (name is None and wished.parameter in message), message


MAPPINGS = {  # by the path of what has keys of its own: a wish with ``value`` there
    "domain_interface domains[0].interfaces[0].source": lambda value: {
        "domains": [{"name": "web1", "interfaces": [{"name": "front", "type": "bridge", "source": value}]}]
    },
    "domain_interface domains[0].interfaces[0].bandwidth": lambda value: {
        "domains": [{"name": "web1", "interfaces": [{"name": "front", "type": "bridge", "bandwidth": value}]}]
    },
    "domain_pinning domains[0].memory": lambda value: {"domains": [{"name": "web1", "memory": value}]},
    "domain_pinning domains[0].hugepages": lambda value: {"domains": [{"name": "web1", "hugepages": value}]},
    "packet_steering devices[0].channels": lambda value: {"devices": [{"device": "ens2", "channels": value}]},
    "irq_affinity irqbalance_settings": lambda value: {"irqbalance_settings": value},
    "reconciler resources": lambda value: {"resources": value},
    "audit_info resources": lambda value: {"resources": value},
}


@pytest.mark.parametrize("value", [8, True, 1.5, "br0", [8], [None], [{"a": 1}]], ids=str)
@pytest.mark.parametrize("place", MAPPINGS)
def test_what_is_no_mapping_where_one_is_expected(place, value):
    module, path = place.split()
    main = importlib.import_module("ansible_collections.kvm.vnic.plugins.modules." + module).main
    host = MemoryHost()
    result = run_module(main, host, MAPPINGS[place](value))
    assert result["failed"] and result["error_kind"] == "value" and host.writes() == [], result
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert "hv1: %s: %r is no dictionary: expected one with the keys " % (path, value) in result["msg"]


@pytest.mark.parametrize("value", [{"combined": 2}, "combined=2", '{"combined": 2}', None], ids=str)
def test_what_ansible_reads_as_a_mapping_is_one(value):
    host = steered_host()
    wish = {"devices": [{"device": "ens2", "channels": value}]}
    result = run_module(packet_steering.main, host, wish)
    assert not result["failed"] and not result["changed"], result
