# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a checkpoint: written, read, and refused when it is damaged or newer."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import (
    CONFIRMED,
    LINES,
    OPEN,
    STATES,
    UNDO_FAILED,
    UNDONE,
    CheckpointRecord,
    describe_age,
    describe_end,
    is_token,
    new_token,
    parse_record,
    shorten,
)

RUN = "a0" * 8
RECORD = CheckpointRecord(RUN, UNDONE, "2026-01-02T03:04:05Z", 600, "it was late", ("one", "two"), "b1" * 8, 3)


@settings(max_examples=30)
@given(
    state=st.sampled_from(STATES),
    why=st.text(max_size=20),
    told=st.lists(st.text(max_size=10), max_size=3),
    within=st.integers(0, 10**9),
    steps=st.integers(0, 99),
)
def test_what_is_written_is_read(state, why, told, within, steps):
    former = CheckpointRecord(RUN, CONFIRMED, "", 1).as_former()
    record = CheckpointRecord(RUN, state, "d", within, why, tuple(told), "", steps, former)
    assert parse_record(record.to_text()) == record
    assert parse_record(record.to_text()).before == CheckpointRecord(RUN, CONFIRMED, "", 1)
    assert "former" not in record.as_former() and CheckpointRecord(RUN, OPEN, "", 1).before is None


def test_a_record_without_what_came_later_is_read():
    data = {"schema": 1, "run": RUN, "state": OPEN, "opened": "", "confirm_within": 600, "why": "", "told": []}
    assert parse_record(json.dumps(data)) == CheckpointRecord(RUN, OPEN, "", 600, former=None)


@pytest.mark.parametrize("name", ["schema", "run", "state", "opened", "confirm_within", "why", "told"])
@pytest.mark.parametrize("value", [None, True, 1.5, [1], {}, "x\0", ...])
def test_each_damaged_field_is_told(name, value):
    data = json.loads(RECORD.to_text())
    if value is ...:
        del data[name]
    else:
        data[name] = value
    if name in ("opened", "why") and value == "x\0":
        assert parse_record(json.dumps(data))
        return
    with pytest.raises(ValueError, match="^is damaged"):
        parse_record(json.dumps(data))


def test_a_damaged_record_of_the_run_before_is_told():
    with pytest.raises(ValueError, match="^is damaged"):
        parse_record(json.dumps(dict(json.loads(RECORD.to_text()), former={"run": RUN})))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100000, '{"schema": 1', "\ufffd"])
def test_half_a_file_is_told(text):
    with pytest.raises(ValueError, match="^is damaged"):
        parse_record(text)


def test_a_newer_one_says_so():
    with pytest.raises(ValueError, match="schema 2, of a newer version"):
        parse_record('{"schema": 2}')


@given(st.binary(min_size=8, max_size=8))
@settings(max_examples=50)
def test_yaml_takes_no_token_for_a_number(noise):
    assert is_token(new_token(noise)) and yaml.safe_load("run: " + new_token(noise)) == {"run": new_token(noise)}


@pytest.mark.parametrize("text", ["", "a0" * 7, "a0" * 9, "A0" * 8, "00" * 8, RUN + "\n", None, 1, ["a"]])
def test_what_is_no_token(text):
    assert not is_token(text)


def test_its_end_in_words():
    assert describe_end(RECORD) == "the run %s, opened at 2026-01-02T03:04:05Z, was undone, because it was late" % RUN
    assert "FAILED" in describe_end(CheckpointRecord(RUN, UNDO_FAILED, "", 1))
    assert describe_end(CheckpointRecord(RUN, CONFIRMED, "", 1, "x")) == "the run %s was confirmed" % RUN
    assert "\x1b" not in describe_end(CheckpointRecord(RUN, UNDONE, "", 1, "\x1b[31m"))


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (119.9, "119 s"), (120, "2 min"), (7500, "2 h 5 min")])
def test_ages(seconds, words):
    assert describe_age(seconds) == words


def test_many_lines_are_cut_and_counted():
    kept = shorten(["\x07"] * (LINES + 3))
    assert len(kept) == LINES + 1 and kept[0] == "\ufffd" and kept[-1].startswith("3 more lines")
    assert shorten(["a"]) == ("a",)
