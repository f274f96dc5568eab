# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's archive, made of what Ansible itself carries to a host: the same as from this checkout."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._module.engine_archive import engine_archive

MODULE_UTILS = "ansible_collections.kvm.vnic.plugins.module_utils."
MODULE = "from %s_module.engine_archive import install_engine\nfrom %s_engine.audit import audit\n" % (
    MODULE_UTILS,
    MODULE_UTILS,
)
CARRY = """import datetime, io, sys, zipfile
from ansible.executor.module_common import _builder, recursive_finder
from ansible.plugins.loader import init_plugin_loader

init_plugin_loader()
file, now = io.BytesIO(), datetime.datetime(2026, 1, 1)
with zipfile.ZipFile(file, "w") as made:
    extensions = _builder.ExtensionManager.create(task_vars={})
    name = "ansible_collections.kvm.vnic.plugins.modules.engine"
    recursive_finder("engine", name, sys.argv[1].encode(), made, now, extensions)
sys.stdout.buffer.write(file.getvalue())
"""
MAKE = (
    """import sys
sys.path.insert(0, sys.argv[1])
from %s_module.engine_archive import engine_archive
sys.stdout.buffer.write(engine_archive())
"""
    % MODULE_UTILS
)


@pytest.fixture(scope="module")
def carried():
    """What Ansible carries to a host for a module that installs the engine, as a zip's bytes."""
    return subprocess.run([sys.executable, "-c", CARRY, MODULE], stdout=subprocess.PIPE, check=True).stdout


def names(data):
    return zipfile.ZipFile(io.BytesIO(data)).namelist()


@pytest.mark.parametrize("exploded", [False, True], ids=["zip", "directory"])
def test_what_ansible_carries_makes_the_same_bytes(carried, tmp_path, exploded):
    place = tmp_path / "payload"
    if exploded:
        zipfile.ZipFile(io.BytesIO(carried)).extractall(place)
    else:
        place.write_bytes(carried)
    assert any(name.endswith("_engine/audit.py") for name in names(carried))
    made = subprocess.run([sys.executable, "-I", "-c", MAKE, place], stdout=subprocess.PIPE, check=False)
    archive = engine_archive()
    assert made.returncode == 0
    assert names(made.stdout) == names(archive) and made.stdout == archive
