# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.names import (
    parse_interface_name,
    parse_nic_name,
    parse_own_interface_name,
)

HOSTILE = [
    "",
    " ",
    "-rf",
    "--help",
    ";id",
    "$(id)",
    "`id`",
    "a b",
    "a/b",
    "..",
    ".",
    "a\n",
    "eth0\n",
    "a\0",
    "{{x}}",
    "*",
]
HOSTILE += ["a'b", 'a"b', "a&b", "a|b", "<x>", "%d", "a:b", "\u202ea", "\u00fc", "a#b", "a\\"]


@pytest.mark.parametrize("name", HOSTILE + ["all", "default", "lo", "a" * 16, 7, None, True, ["a"]])
def test_hostile_and_reserved_interface_names_are_refused(name):
    for parse in (parse_interface_name, parse_own_interface_name):
        with pytest.raises(ValueError, match="interface name"):
            parse(name)


# A leading dash is harmless there: libvirt's alias begins with "ua-".
@pytest.mark.parametrize("name", [name for name in HOSTILE if name[:1] != "-"] + ["a" * 61, 7, None, True, "a.b"])
def test_hostile_nic_names_are_refused(name):
    with pytest.raises(ValueError, match="NIC name"):
        parse_nic_name(name)


@pytest.mark.parametrize("name", ["vnet0", "macvtap12", "macvlan3", "vif1"])
def test_names_that_libvirt_makes_itself_are_only_for_looking_up(name):
    assert parse_interface_name(name) == name
    with pytest.raises(ValueError, match="libvirt"):
        parse_own_interface_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "ovs-system",
        "ovs-netdev",
        "genev_sys_6081",
        "vxlan_sys_4789",
        "gre_sys",
        "erspan_sys",
        "ip6gre_sys",
        "LOCAL",
        "local",
    ],
)
def test_names_that_open_vswitch_keeps_for_itself(name):
    assert parse_interface_name(name) == name
    with pytest.raises(ValueError, match="Open vSwitch"):
        parse_own_interface_name(name)


@pytest.mark.parametrize("name", ["True", "False"])
def test_what_ansible_makes_of_an_unquoted_on_or_off_is_no_name_for_a_new_device(name):
    """A parameter of type str gets the text of what YAML read."""
    with pytest.raises(ValueError, match="in quotes"):
        parse_own_interface_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "eth0",
        "enp59s0f1",
        "br-prod",
        "eth0.100",
        "tap_web1",
        "1a",
        "a" * 15,
        "vnet",
        "vnetx0",
        "ovs-br",
        "vxlan_s",
        "local0",
    ],
)
def test_ordinary_interface_names(name):
    assert parse_own_interface_name(name) == name


@given(st.text(max_size=20))
def test_what_is_accepted_needs_no_quoting_anywhere(text):
    for parse, longest in ((parse_interface_name, 15), (parse_nic_name, 60)):
        try:
            name = parse(text)
        except ValueError:
            continue
        assert name == text and name.isascii() and 0 < len(name) <= longest
        assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
