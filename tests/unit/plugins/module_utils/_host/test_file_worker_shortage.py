# SPDX-License-Identifier: GPL-3.0-or-later
"""The host has no process, memory or descriptor left for the child that reads and writes."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import file_worker
from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed


@pytest.mark.parametrize("call", ["fork", "pipe"])
@pytest.mark.parametrize("code", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE])
def test_a_write_without_means_is_an_error_and_the_next_one_works(monkeypatch, tmp_path, call, code):
    def refuse():
        raise OSError(code, os.strerror(code))

    (tmp_path / "plain").write_text("before\n")
    files = Files(root=str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(file_worker.os, call, refuse)
        with pytest.raises(ApplyFailed, match=errno.errorcode[code]):
            files.write("/plain", "after")
    assert (tmp_path / "plain").read_text() == "before\n"
    files.replace("/plain", "after\n")
    assert (tmp_path / "plain").read_text() == "after\n"
    files.worker.close()
