# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.module_options import (
    as_switch,
    options_in_file,
    options_on_command_line,
)


@pytest.mark.parametrize(
    "text, found",
    [
        ("options vhost_net experimental_zcopytx=1", [("experimental_zcopytx", "1")]),
        ("options vhost-net experimental-zcopytx=1", [("experimental_zcopytx", "1")]),
        ("options vhost_net a=1 b c=x=y\noptions vhost_net a=2", [("a", "1"), ("b", ""), ("c", "x=y"), ("a", "2")]),
        ("  options\tvhost_net \\\n  a=1\n", [("a", "1")]),
        ("# options vhost_net a=1\noptions vhost a=1\noptions vhost_net\nalias options vhost_net\n", []),
        ("", []),
    ],
)
def test_options_in_a_file(text, found):
    assert options_in_file(text, "vhost_net") == found


def test_options_on_the_kernel_command_line():
    line = "quiet vhost_net.a=1 vhost-net.b=2 vhost.c=3 xvhost_net.d=4 root=/dev/vhost_net.e=5"
    assert options_on_command_line(line, "vhost_net") == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize(
    "text, on",
    [("0", False), ("1", True), ("2", True), ("0x0", False), ("-1", True), ("", None), ("Y", None), ("maybe", None)],
)
def test_a_switch_that_is_a_number(text, on):
    assert as_switch(text) is on
