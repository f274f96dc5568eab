# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.ovs_value import (
    Uuid,
    decode,
    key_setting,
    many,
    one,
    setting,
    word,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.ovs_words import parse_column, parse_value, printed

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
ATOMS = st.one_of(TEXT, st.booleans(), st.integers(0, 2**32))


@given(TEXT)
def test_any_string_reads_back_as_it_is_and_is_ascii_without_control_characters(text):
    assert parse_value(word(text)) == text
    assert word(text).isascii() and all(character >= " " for character in word(text))


@given(TEXT, TEXT)
def test_no_key_or_value_is_taken_for_syntax(key, value):
    assert parse_column(key_setting("external_ids", key, value))[:2] == ("external_ids", key)
    assert parse_value(parse_column(key_setting("external_ids", key, value))[2]) == value


@given(st.one_of(ATOMS, st.lists(ATOMS, max_size=4), st.dictionaries(TEXT, TEXT, max_size=4)))
def test_whole_columns_read_back(value):
    column, key, text = parse_column(setting("c", value))
    assert (column, key) == ("c", None)
    assert parse_value(text) == value


@given(st.dictionaries(TEXT, TEXT, max_size=4))
def test_a_map_that_was_printed_is_decoded(value):
    assert decode(json.loads(json.dumps(printed("c", value)))) == value


def test_decode():
    assert decode(["set", []]) == () and one(decode(["set", []])) is None
    assert many(decode(["set", []])) == () and many(decode(7)) == (7,) and one(decode(7)) == 7
    assert decode(["set", [["uuid", "a"], ["uuid", "b"]]]) == (Uuid("a"), Uuid("b"))
    assert isinstance(decode(["uuid", "a"]), Uuid)
    assert decode(["map", [[0, ["uuid", "q"]]]]) == {0: "q"}


def test_words():
    assert word(None) == "[]" and word(()) == "[]" and word({}) == "{}"
    assert word(True) == "true" and word(3) == "3" and word("3") == '"3"' and word("true") == '"true"'
    assert word(Uuid("a-b")) == "a-b" and word((1, 2)) == "[1,2]" and word({"b": 1, "a": "x"}) == '{"a"="x","b"=1}'


@pytest.mark.parametrize("text, why", [("a\0b", "NUL"), ("\ud800", "surrogate"), (b"x", "string")])
def test_what_the_database_cannot_hold_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        word({"k": text})
