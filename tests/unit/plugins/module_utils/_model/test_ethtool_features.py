# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._model.ethtool_features import (
    BLOCK,
    parse_features,
    parse_strings,
)


def test_names_end_at_their_zero():
    assert parse_strings(b"rx-hashing".ljust(32, b"\0") + b"x" * 32 + bytes(32)) == ["rx-hashing", "x" * 32, ""]


def test_on_off_and_fixed_in_every_block():
    names = ["feature%d" % number for number in range(34)]
    # available, requested, active, never_changed
    first = BLOCK.pack(0b0111, 0b0001, 0b1001, 0b0100)
    second = BLOCK.pack(0b10, 0b00, 0b11, 0b00)
    found = parse_features(names, first + second)
    assert [found["feature%d" % number] for number in (0, 1, 2, 3, 4)] == [
        "on",
        "off",
        "off [fixed]",
        "on [fixed]",
        "off [fixed]",
    ]
    assert found["feature32"] == "on [fixed]" and found["feature33"] == "on"


def test_an_answer_that_is_too_short_tells_of_what_it_has():
    assert set(parse_features(["a"] + [""] * 31 + ["b"], BLOCK.pack(1, 1, 1, 0))) == {"a"}
