# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's Python keeps of modules that Ansible brings in archives."""

from __future__ import annotations

import runpy
import zipimport
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "lab/image/overlay/usr/lib/python3/dist-packages/lab_bytecode.py"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(zipimport, "_compile_source", zipimport._compile_source)
    compiled = []
    names = runpy.run_path(str(SOURCE))["kept"].__globals__

    def compile_source(path, source):
        compiled.append(path)
        return compile(source, path, "exec", dont_inherit=True)

    names.update(KEPT=str(tmp_path / "kept"), compiled=compile_source)
    return names["kept"], compiled, tmp_path / "kept"


def value(code):
    names = {}
    exec(code, names)
    return names["value"]()


def test_the_same_source_is_compiled_once_wherever_it_is(kept):
    function, compiled, _place = kept
    for path in ("first.zip/a.py", "second.zip/a.py"):
        code = function(path, b"def value(): return 1\n")
        assert value(code) == 1
        # A traceback names this run's archive.
        assert code.co_filename == path and code.co_consts[0].co_filename == path
    assert compiled == ["first.zip/a.py"]


def test_another_source_is_another(kept):
    function, compiled, _place = kept
    assert [value(function("a.py", b"def value(): return %d\n" % number)) for number in (1, 2)] == [1, 2]
    assert len(compiled) == 2


def test_what_was_kept_may_be_broken_and_the_place_closed(kept):
    function, compiled, place = kept
    function("a.py", b"def value(): return 1\n")
    (file,) = place.iterdir()
    file.write_bytes(b"")
    assert value(function("a.py", b"def value(): return 1\n")) == 1
    file.unlink()
    place.rmdir()
    place.write_text("")
    assert value(function("a.py", b"def value(): return 1\n")) == 1
    assert len(compiled) == 3


def test_an_error_is_the_compilers(kept):
    function, _compiled, place = kept
    with pytest.raises(SyntaxError):
        function("a.py", b"def\n")
    assert not place.exists()
