# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive of the engine: made anywhere, it is the same, and runs without Ansible."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import engine_file
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.plugins.module_utils._module import engine_archive as module
from ansible_collections.kvm.vnic.plugins.module_utils._module import engine_seal
from ansible_collections.kvm.vnic.plugins.module_utils._module.engine_archive import engine_archive, install_engine
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost


@pytest.fixture(scope="module")
def archive():
    return engine_archive()


@pytest.fixture
def uncompiled(monkeypatch):
    """Compiling is what takes the time, and one test has seen it."""
    monkeypatch.setattr(module, "_compiled", lambda name, data: MAGIC_NUMBER + module.UNCHECKED)


def run(*words):
    return subprocess.run([sys.executable, "-I", *map(str, words)], stdout=subprocess.PIPE, check=False)


def names(data):
    return zipfile.ZipFile(io.BytesIO(data)).namelist()


def test_it_has_the_lower_layers_only_and_each_file_compiled_beside_its_source(archive):
    held = names(archive)
    assert {name.split("/")[1] for name in held if name.count("/") > 1} == {
        "_model",
        "_host",
        "_resource",
        "_engine",
        "_service",
    }
    assert "kvm_vnic/_engine/audit.py" not in held  # of no use to what runs on the host
    sources = {name for name in held if name.endswith(".py") and name != "__main__.py"}
    compiled = {name[:-1] for name in held if name.endswith(".pyc")}
    assert compiled == sources if sys.version_info >= (3, 11) else compiled <= sources


def test_what_is_installed_of_the_same_sources_is_taken_as_it_is_without_making_it(archive, monkeypatch):
    monkeypatch.setattr(module, "_sources", None)
    assert engine_archive(archive) is archive


def remade(data, change):
    """The archive with ``change`` done to the sources it is of, ``{name: bytes}``, and sealed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as former, zipfile.ZipFile(file, "w") as archive:
        held = {name: former.read(name) for name in former.namelist()}
        change(held)
        for name, content in held.items():
            archive.writestr(name, content)
    return engine_seal.sealed(file.getvalue())


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held.update({"kvm_vnic/_service/main.py": held["kvm_vnic/_service/main.py"] + b"\n"}),
        lambda held: held.update(
            {"kvm_vnic/_service/main.py": held["kvm_vnic/_service/main.py"].replace(b"r", b"q", 1)}
        ),
        lambda held: held.update({"kvm_vnic/_service/gone.py": b""}),
        lambda held: held.update({"__main__.py": b""}),
        lambda held: held.update({"elsewhere.py": b""}),
    ],
)
def test_what_was_made_of_other_sources_is_made_anew(uncompiled, change):
    archive = engine_archive()
    as_good = remade(archive, lambda held: None)
    assert engine_archive(as_good) is as_good
    assert engine_archive(remade(archive, change)) == archive


def test_what_another_python_made_is_made_anew(uncompiled, monkeypatch):
    with monkeypatch.context() as other:
        other.setattr(importlib.util, "MAGIC_NUMBER", b"\0\0\r\n")
        made = engine_archive()
    archive = engine_archive()
    assert made != archive
    assert engine_archive(made) == archive


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: b"no zip",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"PK\3\4", b"PK\3\5", 1),
        lambda data: data[:2000] + bytes([data[2000] ^ 1]) + data[2001:],
        lambda data: data[:100] + b"\xff" * 10 + data[110:],
    ],
)
def test_whatever_else_is_installed_is_made_anew(uncompiled, change):
    archive = engine_archive()
    assert engine_archive(change(archive)) == archive


def test_it_is_installed_once_whole_and_for_root(uncompiled):
    host = MemoryHost()
    assert install_engine(host)
    assert host.tree.modes[engine_file.PATH] == 0o755
    assert engine_file.read(host) == engine_archive()
    writes = list(host.tree.writes)
    assert not install_engine(host) and host.tree.writes == writes
    host.tree.modes[engine_file.PATH] = 0o775
    assert install_engine(host)


@pytest.mark.parametrize("directory", ["/usr", "/usr/local", "/usr/local/libexec"])
@pytest.mark.parametrize("mode", [0o40777, 0o41777])
def test_where_every_user_could_replace_it_nothing_is_installed(uncompiled, monkeypatch, directory, mode):
    host = MemoryHost()
    real = host.files.stat
    monkeypatch.setattr(host.files, "stat", lambda path: {"mode": mode, "uid": 0} if path == directory else real(path))
    with pytest.raises(ApplyFailed, match="%s can be written to by every user" % directory):
        install_engine(host)
    assert engine_file.read(host) == b""


def test_what_cannot_be_written_is_told_by_its_name(uncompiled):
    host = MemoryHost()
    host.tree.failures["replace_base64", engine_file.PATH] = 28
    with pytest.raises(ApplyFailed, match="ENOSPC"):
        install_engine(host)
    assert engine_file.read(host) == b""


# Run


def start(archive, tmp_path, *words):
    (tmp_path / "kvm-vnic.pyz").write_bytes(archive)
    (tmp_path / "root").mkdir(exist_ok=True)
    return run(*words[:-1], tmp_path / "kvm-vnic.pyz", "--root", tmp_path / "root", words[-1])


def test_it_starts_and_tells_the_status_of_a_host_that_has_nothing(archive, tmp_path):
    done = start(archive, tmp_path, "status")
    assert done.returncode == 0
    assert b"kept: nothing" in done.stdout and b"put right since the boot: nothing" in done.stdout
    assert list((tmp_path / "root").iterdir()) == []


def test_what_another_python_compiled_is_passed_over(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_compiled", lambda name, data: b"\0\0\r\n" + module.UNCHECKED + b"nonsense")
    assert b"kept: nothing" in start(engine_archive(), tmp_path, "status").stdout


def test_without_a_command_it_says_which_there_are(archive, tmp_path):
    assert start(archive, tmp_path, "dance").returncode == 2
    assert b"status" in start(archive, tmp_path, "--help").stdout


SHOW = """import json, runpy, sys
before = set(sys.modules)
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps([[name, getattr(sys.modules[name], "__file__", None)] for name in set(sys.modules) - before]))
"""
KEPT = {
    "vlan": {"vlans": [], "purge": False},
    "sriov": {"pfs": [], "vfs": [], "purge": False, "ignore_unsupported": False},
}
# What an idle pass does without: each costs at every pass, on every host.
LATER = {
    "kvm_vnic._engine." + name for name in ("journal_run", "interrupted", "rollback", "checkpoint_file", "left_alone")
} | {
    "kvm_vnic._service.hold",
    "kvm_vnic._service.status",
    "kvm_vnic._host.libvirt",
    "kvm_vnic._resource.bridge",
    "kvm_vnic._model.healed",
    "libvirt",
}


def loaded(archive, tmp_path, kept):
    state = tmp_path / "root/var/lib/kvm-vnic"
    state.mkdir(parents=True)
    state.parent.chmod(0o755)
    state.chmod(0o700)
    (state / "desired.json").write_text(json.dumps({"schema": 1, "saved": "then", "resources": kept}))
    done = start(archive, tmp_path, "-c", SHOW, "guests")
    assert done.returncode == 0, done.stdout
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_an_idle_pass_loads_what_it_needs_and_nothing_that_is_not_pythons_own(archive, tmp_path):
    modules = loaded(archive, tmp_path, KEPT)
    ours = {name for name in modules if name.startswith("kvm_vnic.")}
    assert "kvm_vnic._resource.vlan" in ours and "kvm_vnic._resource.bridge" not in ours
    assert ours & LATER == set()
    places = (str(tmp_path), os.path.dirname(os.__file__))
    assert [(name, file) for name, file in modules.items() if file and not file.startswith(places)] == []
    assert [(name, file) for name, file in modules.items() if "site-packages" in str(file)] == []
    assert len(ours) < 60
