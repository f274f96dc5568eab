# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.irqbalance_settings import (
    banned_cpus,
    devices_of,
    is_ours,
    policy_script,
    script_path,
    script_text,
    with_policy_script,
)

addresses = st.from_regex(r"\A[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]\Z")
devices = st.frozensets(addresses, max_size=5)


@given(devices)
def test_a_script_tells_what_it_names(wanted):
    assert devices_of(script_text(wanted)) == wanted
    assert is_ours(script_path(wanted))


@given(devices, devices)
def test_another_content_has_another_name(one, other):
    assert (script_path(one) == script_path(other)) == (one == other)


@settings(max_examples=8, deadline=None)
@given(st.frozensets(addresses, min_size=1, max_size=3), addresses)
def test_the_script_bans_what_it_names_and_nothing_else(wanted, other):
    for pci in sorted(wanted | {other}):
        asked = ["/bin/sh", "-s", "/sys/bus/pci/devices/" + pci, "77"]
        told = subprocess.run(asked, input=script_text(wanted).encode(), stdout=subprocess.PIPE, check=True).stdout
        assert told == (b"ban=true\n" if pci in wanted else b"")
    asked = ["/bin/sh", "-s", "/sys", "9"]  # irqbalance's path for what is in no device's directory
    assert subprocess.run(asked, input=script_text(wanted).encode(), stdout=subprocess.PIPE, check=True).stdout == b""


@pytest.mark.parametrize(
    "arguments, script",
    [
        ("", None),
        ("--foreground --banirq=3", None),
        ("--policyscript=/a", "/a"),
        ("--policyscript /a --debug", "/a"),
        ("-l /a -l /b", "/b"),
        ("-l/a", "/a"),
        ("-fjl /a", "/a"),
        ("--policys=/a", "/a"),
        ("--pid=/run/x --powerthresh 3", None),
        ("-l", ""),
        ("-p off -t 5", None),
    ],
)
def test_the_script_that_arguments_name(arguments, script):
    assert policy_script(arguments.split()) == script


@given(st.text("-labc =/'\"", max_size=30), devices, devices)
def test_others_arguments_stay(arguments, one, other):
    written = with_policy_script(arguments, script_path(one))
    assert policy_script(written.split()) == script_path(one) or "-l" in arguments
    assert with_policy_script(written, script_path(other)) == with_policy_script(arguments, script_path(other))
    assert with_policy_script(written, None) == arguments.rstrip()


def test_banned_cpus():
    assert banned_cpus({}) is None and banned_cpus({"IRQBALANCE_BANNED_CPULIST": ""}) is None
    assert banned_cpus({"IRQBALANCE_BANNED_CPUS": "f0"}) == {4, 5, 6, 7}
    assert banned_cpus({"IRQBALANCE_BANNED_CPUS": "f0", "IRQBALANCE_BANNED_CPULIST": "1,3"}) == {1, 3}
    with pytest.raises(ValueError):
        banned_cpus({"IRQBALANCE_BANNED_CPULIST": "x"})
