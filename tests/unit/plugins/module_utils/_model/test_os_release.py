# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.os_release import package_manager, parse_os_release


def test_quotes_comments_and_rubbish():
    text = '# ID=no\nID="sles"\nVERSION_ID=\'15.6\'\nNAME=\nBROKEN="x\nnothing\nPRETTY="a \\"b\\""\n'
    assert parse_os_release(text) == {"ID": "sles", "VERSION_ID": "15.6", "NAME": "", "PRETTY": 'a "b"'}


@pytest.mark.parametrize(
    "name, like, manager",
    [
        ("debian", "", "apt"),
        ("ubuntu", "debian", "apt"),
        ("linuxmint", "ubuntu debian", "apt"),
        ("rocky", "rhel centos fedora", "dnf"),
        ("newclone", "rhel fedora", "dnf"),
        ("sles", "suse", "zypper"),
        ("opensuse-leap", "suse opensuse", "zypper"),
        ("arch", "", None),
        ("", "", None),
    ],
)
def test_by_its_name_then_by_those_it_is_like(name, like, manager):
    assert package_manager({"ID": name, "ID_LIKE": like}) == manager
