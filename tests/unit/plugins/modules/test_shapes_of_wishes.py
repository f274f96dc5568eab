# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of the wrong shape, misspelt keys and templates that nobody expanded, given to every module that takes a list of wishes."""

from __future__ import annotations

import importlib

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard

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
