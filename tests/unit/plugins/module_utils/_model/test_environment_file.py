# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.environment_file import (
    exact_setting,
    is_one_setting,
    read_environment,
    with_exact,
    with_setting,
)


@pytest.mark.parametrize(
    "text, values",
    [
        ("A=1\nB=2", {"A": "1", "B": "2"}),
        ("A=--one --two  \n", {"A": "--one --two"}),  # a shell would set --one and run --two
        ("A=\nB= x \n", {"A": "", "B": "x"}),
        ("# A=1\n; B=2\n  # C=3\nD=4 # 5\n", {"D": "4 # 5"}),
        ('A="a b"\nB=\'c "d\' \n', {"A": "a b", "B": 'c "d'}),
        ('A="a" \'b\'\nB=a"b"\n', {"A": "ab", "B": 'a"b"'}),
        ('A="\\"\\$\\`\\\\\\x"\n', {"A": '"$`\\\\x'}),
        ("A=a\\ b\\\nc\nB='\\'\n", {"A": "a bc", "B": "\\"}),
        ('A="1\n2"\nB=3\n', {"A": "1\n2", "B": "3"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("export A=1\nB\nC D=2\n1E=3\nF=4\n", {"F": "4"}),
        ("A = 1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=$B\n", {"A": "$B"}),
        ("A=1\\", {"A": "1"}),
        ('A="1', {"A": "1"}),
        ("# x \\\nA=1\n", {"A": "1"}),
        ("A=a  b\\  \n", {"A": "a  b "}),
    ],
)
def test_as_systemd_reads_it(text, values):
    assert read_environment(text) == values


lines = st.sampled_from(
    ["# IRQBALANCE_ARGS=", "", "OTHER=x", ' B="a b"', "ARGS=old", "ARGS='o l d' \\\n  x", "odd line", "C=\\", ";"]
)
files = st.lists(lines, max_size=8).map("\n".join)


@given(files, st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20))
def test_a_setting_is_read_back_and_the_others_stay(text, value):
    before = read_environment(text + "\n")
    written = with_setting(text + "\n", "ARGS", value)
    assert read_environment(written) == dict(before, ARGS=value)
    assert with_setting(written, "ARGS", value) == written
    gone = with_setting(written, "ARGS", None)
    assert read_environment(gone).get("ARGS", "") == ""
    assert {name: found for name, found in read_environment(gone).items() if name != "ARGS"} == {
        name: found for name, found in before.items() if name != "ARGS"
    }


@given(files, st.text("abc -=/\"'\\$`", max_size=12))
def test_every_other_byte_stays(text, value):
    ended = text + ("\n" if text and not text.endswith("\n") else "")
    if "ARGS=" in text.replace("# IRQBALANCE_ARGS", "") or ended.endswith("\\\n"):
        return
    written = with_setting(ended, "ARGS", value)
    assert written.startswith(ended) and with_setting(written, "ARGS", None) == ended


@given(st.text(max_size=60))
def test_total(text):
    assert isinstance(read_environment(text), dict)


def test_taking_away_does_not_bring_back_what_stood_before():
    assert read_environment(with_setting("A=1\nA=2\n", "A", None)) == {"A": ""}


def test_behind_an_open_quote_nothing_can_be_added():
    with pytest.raises(ValueError, match="within a quote"):
        with_setting("B='x\n", "A", "1")
    assert with_setting("B=x\\\n", "A", "1") == 'B=x\\\n\nA="1"\n'


@given(files, st.text("abc -=/\"'\\$`", max_size=12))
def test_what_stood_there_comes_back(text, value):
    """Byte for byte where the setting was there; where it was not, the file says what it said."""
    before = text + "\n"
    exact = exact_setting(before, "ARGS")
    if exact is not None and not is_one_setting("ARGS", exact):
        return  # it goes on over the next line
    back = with_exact(with_setting(before, "ARGS", value), "ARGS", exact)
    assert read_environment(back) == read_environment(before)
    assert exact is None or back == before
    assert with_exact(back, "ARGS", exact) == back


@pytest.mark.parametrize(
    "exact, one",
    [("a b", True), ("", True), ('"a b" # c', True), ("a\nB=c", False), ("a\n", False), ("a\\", False), ("'a", False)],
)
def test_one_setting_is_one_line(exact, one):
    assert is_one_setting("ARGS", exact) is one
