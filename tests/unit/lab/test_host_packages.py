# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from vnic_lab import host_packages
from vnic_lab.run import LabError


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2~bpo12+1)\nCopyright", (10, 0)),
        ("QEMU emulator version 7.2.17 (Debian 1:7.2+dfsg-7)", (7, 2)),
        ("something else", (0, 0)),
    ],
)
def test_emulator_version(text, version):
    assert host_packages.parse_qemu_version(text) == version


def test_an_old_emulator_counts_as_missing(monkeypatch):
    monkeypatch.setattr(host_packages, "which", lambda program: "/usr/bin/" + program)
    monkeypatch.setattr(host_packages, "run", lambda _argv: "QEMU emulator version 7.2.17")
    assert set(host_packages.EMULATOR) <= set(host_packages.missing())


def test_elsewhere_the_missing_packages_are_named(monkeypatch):
    monkeypatch.setattr(host_packages, "missing", lambda: ["mmdebstrap", "cpio"])
    monkeypatch.setattr(host_packages, "release", lambda: ("fedora", "43"))
    monkeypatch.setattr(host_packages, "_install", lambda *_all: pytest.fail("installed"))
    with pytest.raises(LabError, match="mmdebstrap cpio"):
        host_packages.ensure()


def test_an_installation_that_changes_nothing_is_an_error(monkeypatch):
    monkeypatch.setattr(host_packages, "missing", lambda: ["cpio"])
    monkeypatch.setattr(host_packages, "release", lambda: ("debian", "trixie"))
    monkeypatch.setattr(host_packages, "_install", lambda *_all: None)
    with pytest.raises(LabError, match="still missing.*cpio"):
        host_packages.ensure()


def test_mirror_comes_from_the_machines_own_configuration(monkeypatch):
    monkeypatch.delenv("LAB_MIRROR", raising=False)
    monkeypatch.setattr(host_packages.shutil, "which", lambda program: "/usr/bin/" + program)
    listing = "http://other.example/x stable-special\nhttp://mirror.example/debian bookworm\n"
    monkeypatch.setattr(host_packages, "run", lambda _argv: listing)
    assert host_packages.mirror() == "http://mirror.example/debian"
    monkeypatch.setattr(host_packages, "run", lambda _argv: "")
    with pytest.raises(LabError, match="LAB_MIRROR"):
        host_packages.mirror()
    monkeypatch.setenv("LAB_MIRROR", "http://stated.example/debian")
    assert host_packages.mirror() == "http://stated.example/debian"
