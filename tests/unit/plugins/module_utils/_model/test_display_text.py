# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.display_text import display_data, display_text


@pytest.mark.parametrize("text", ["web1", "größe", "名前", "{{ x }}", "", "a b", "\ufffd"])
def test_ordinary_text_stays(text):
    assert display_text(text) == text


@pytest.mark.parametrize(
    "character", ["\x00", "\n", "\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\u2028", "\ud800", "\u200b"]
)
def test_what_steers_a_terminal_or_hides_is_replaced(character):
    assert display_text("a%sb" % character) == "a\ufffdb"


@given(st.text(alphabet=st.characters()))
def test_nothing_hidden_remains_and_nothing_else_changes(text):
    shown = display_text(text)
    assert len(shown) == len(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in shown)
    assert display_text(shown) == shown


def test_data_is_cleaned_to_its_depths():
    data = {"a\x1b": [{"b": "c\x07"}, ("d\n", 1)], "n": None, "t": True}
    assert display_data(data) == {"a\ufffd": [{"b": "c\ufffd"}, ["d\ufffd", 1]], "n": None, "t": True}
