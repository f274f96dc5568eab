# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.systemd_text import executable


def as_systemd_reads(line):
    """The program's path in ``ExecStart=``: the first word without its quotes, then its specifiers expanded."""
    assert "\n" not in line
    if line.startswith('"'):
        word, rest = line[1:].split('"', 1)
    else:
        word, rest = line.split(" ", 1)
    assert rest.strip() == "host"
    pieces = word.split("%%")
    assert not any("%" in piece for piece in pieces)
    return "%".join(pieces)


@settings(max_examples=150)
@given(st.text("ab/ %$;{}'\"\\\n\x00é\u202e", max_size=12).map(lambda text: "/" + text))
def test_a_path_is_read_back_or_refused(path):
    try:
        word = executable(path)
    except ValueError as error:
        assert "path" in str(error)
        return
    assert as_systemd_reads(word + " host") == path


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/usr/bin/python3", "/usr/bin/python3"),
        ("/opt/my venv/python", '"/opt/my venv/python"'),
        ("/opt/%h/python", '"/opt/%%h/python"'),
        ("/opt/$(id)/;", '"/opt/$(id)/;"'),
    ],
)
def test_a_path_with_special_letters_is_one_word(path, word):
    assert executable(path) == word


@pytest.mark.parametrize(
    "path", ["python3", "", "/a\nExecStart=/bin/evil", '/a"b', "/a\\x20b", "/a'b", "/a\x7f", "/\u202e"]
)
def test_what_systemd_takes_in_no_path_is_refused(path):
    with pytest.raises(ValueError, match="path"):
        executable(path)
