# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.addresses import is_pci, parse_mac, parse_pci

functions = st.tuples(st.integers(0, 0xFFFFF), st.integers(0, 255), st.integers(0, 31), st.integers(0, 7))
anything = st.one_of(
    st.text(max_size=30),
    st.text("0123456789abcdefABCDEF:.- \n", max_size=24),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.binary(max_size=8),
    st.dates(),
)


@given(functions)
def test_a_pci_address_comes_back_as_the_kernel_prints_it(function):
    text = "%04x:%02x:%02x.%x" % function
    assert parse_pci(text) == parse_pci(text.upper()) == parse_pci(" %s " % text) == text
    assert parse_pci("%08x:%02x:%02x.%x" % function) == text
    assert is_pci(text)


@given(st.integers(0, 255), st.integers(0, 31), st.integers(0, 7))
def test_a_missing_domain_is_zero(bus, slot, function):
    assert parse_pci("%02x:%02x.%x" % (bus, slot, function)) == "0000:%02x:%02x.%x" % (bus, slot, function)


@given(st.binary(min_size=6, max_size=6), st.sampled_from(":-"))
def test_a_mac_address_comes_back_or_says_why_not(raw, mark):
    text = mark.join("%02X" % byte for byte in raw)
    if raw[0] & 1:
        with pytest.raises(ValueError, match="group"):
            parse_mac(text)
    elif not any(raw):
        with pytest.raises(ValueError, match="all-zero"):
            parse_mac(text)
    else:
        assert parse_mac(text) == text.lower().replace("-", ":")


@given(anything)
def test_parsing_is_total(value):
    for parse in (parse_pci, parse_mac):
        try:
            text = parse(value)
        except ValueError as error:
            assert str(error).startswith("is ")
        else:
            assert parse(text) == text
    assert isinstance(is_pci(value), bool)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0000:03:00.0", 180.0),
        ("03:00.0", 180.0),
        ("0000:10:00.1", 600.1),
        ("52:54:00:12:34:56", 41135085296),
    ],
)
def test_what_yaml_makes_of_an_unquoted_address_is_told(written, read):
    """YAML 1.1 reads groups of two digits between colons as sexagesimal numbers."""
    assert yaml.safe_load(written) == read
    for parse in (parse_pci, parse_mac):
        with pytest.raises(ValueError, match="quoted"):
            parse(read)
        with pytest.raises(ValueError, match="quoted"):
            parse(str(read))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000:3b:00",
        "0000:3b:00.8",
        "0000:3b:20.0",
        "000:3b:00.0",
        "0000:3b:0.1",
        "0000:3b:00.1.2",
        "../0000:3b:00.1",
    ]
    + ["0000:3b:00.1\n0", "eth0", "True", "\u0660000:3b:00.1"],
)
def test_a_wrong_pci_address_is_refused(text):
    with pytest.raises(ValueError, match="PCI address"):
        parse_pci(text)
    assert not is_pci(text)


@pytest.mark.parametrize(
    "text",
    ["", "zz:54:00:12:34:56", "52:54:00:12:34", "5254.0012.3456", "52:54:00:12:34:56:78", "525400123456", "True"],
)
def test_a_wrong_mac_address_is_refused(text):
    with pytest.raises(ValueError, match="MAC address"):
        parse_mac(text)
