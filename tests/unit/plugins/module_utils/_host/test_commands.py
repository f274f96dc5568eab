# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs, really run."""

from __future__ import annotations

import errno
import os
import subprocess
import time

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import PATH, Commands
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, Unsupported


def test_output_and_input():
    done = Commands().run(["cat"], stdin="gr\u00fcn\n")
    assert (done.code, done.output, done.errors) == (0, "gr\u00fcn\n", "")


def test_words_are_data():
    words = ["$(id)", "`id`", ";id", "a b", "*", "-n", "'", '"', "\n", "\u202e", "{{ x }}"]
    assert Commands().run(["printf", "%s\\0"] + words).output == "\0".join(words) + "\0"


def test_the_environment_is_ours(monkeypatch, tmp_path):
    (tmp_path / "env").write_text("#!/bin/sh\necho poisoned\n")
    os.chmod(tmp_path / "env", 0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("LD_PRELOAD", "/nowhere.so")
    assert sorted(Commands().run(["env"]).output.split("\n")[:-1]) == ["LC_ALL=C", "PATH=" + ":".join(PATH)]


def test_a_program_that_is_not_there_is_unsupported():
    assert Commands().find("no-such-program") is None
    with pytest.raises(Unsupported, match="no-such-program is not installed"):
        Commands().run(["no-such-program", "--help"])


def test_failure_tells_the_program_s_own_words():
    with pytest.raises(ApplyFailed) as caught:
        Commands().run(["ls", "/no/such/file"])
    assert caught.value.command == "ls /no/such/file" and "No such file" in caught.value.cause
    with pytest.raises(ApplyFailed, match="exit code 1"):
        Commands().run(["false"])
    assert Commands().run(["false"], check=False).code == 1


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.EACCES])
def test_a_program_that_cannot_be_started_is_an_error_and_the_next_one_works(monkeypatch, code):
    """The host has no process, memory or descriptor left for it, or something forbids it."""

    def refuse(*_arguments, **_more):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", refuse)
        with pytest.raises(ApplyFailed, match=r"true -x: it could not be started: %s" % errno.errorcode[code]):
            Commands().run(["true", "-x"])
    assert Commands().run(["true"]).code == 0


def test_what_does_not_end_is_ended():
    begin = time.monotonic()
    with pytest.raises(ApplyFailed, match=r"did not end within 0\.3 s and was killed"):
        Commands().run(["sleep", "60"], timeout=0.3)
    assert time.monotonic() - begin < 20


def test_output_that_is_no_utf_8_is_read():
    assert Commands().run(["printf", "a\\377b"]).output == "a\ufffdb"


def test_a_program_that_reads_nothing_is_no_failure():
    assert Commands().run(["true"], stdin="x" * 1000000).code == 0
