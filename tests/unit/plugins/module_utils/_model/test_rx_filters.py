# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.rx_filters import MacRule, parse_mac_rules

# ethtool, rxclass.c, rxclass_print_nfc_rule
TEXT = """\
8 RX rings available
Total 3 rules

Filter: 15
\tFlow Type: Raw Ethernet
\tSrc MAC addr: 00:00:00:00:00:00 mask: FF:FF:FF:FF:FF:FF
\tDest MAC addr: 52:54:00:AA:00:01 mask: 00:00:00:00:00:00
\tEthertype: 0x0 mask: 0xFFFF
\tAction: Direct to queue 3

Filter: 14
\tRule Type: TCP over IPv4
\tSrc IP addr: 0.0.0.0 mask: 255.255.255.255
\tDest IP addr: 192.0.2.1 mask: 0.0.0.0
\tAction: Direct to queue 1

Filter: 13
\tFlow Type: Raw Ethernet
\tSrc MAC addr: 52:54:00:AA:00:09 mask: 00:00:00:00:00:00
\tDest MAC addr: 52:54:00:AA:00:01 mask: 00:00:00:00:00:00
\tEthertype: 0x0 mask: 0xFFFF
\tAction: Direct to queue 2

Filter: 12
\tFlow Type: Raw Ethernet
\tSrc MAC addr: 00:00:00:00:00:00 mask: FF:FF:FF:FF:FF:FF
\tDest MAC addr: 52:54:00:AA:00:02 mask: 00:00:00:00:00:00
\tEthertype: 0x0 mask: 0xFFFF
\tAction: Drop

"""


def test_only_filters_by_destination_address_alone_are_ours_to_know():
    assert parse_mac_rules(TEXT) == [MacRule("52:54:00:aa:00:01", 3, 15)]


def test_a_device_without_filters():
    assert parse_mac_rules("8 RX rings available\nTotal 0 rules\n\n") == []


@given(st.text())
def test_any_text_can_be_read(text):
    assert isinstance(parse_mac_rules(text + TEXT), list)
