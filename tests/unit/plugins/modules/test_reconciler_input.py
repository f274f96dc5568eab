# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.plugins.modules.reconciler_case import (
    BRIDGE,
    UNITS,
    everything_written,
    make_host,
    run,
)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, ["resources", "is missing"]),
        ({"state": "stopped"}, ["state", "present, absent"]),
        ({"state": "absent", "resources": {}}, ["resources", "goes with state present only"]),
        ({"state": "absent", "unmanaged": []}, ["unmanaged", "goes with state present only"]),
        ({"resources": {"bridges": {}}}, ["bridges", "bridge"]),
        ({"resources": {"bridge": {"bridge": []}}}, ["resources.bridge", "kvm.vnic.bridge", "bridges"]),
        (
            {"resources": {"bridge": {"bridges": [{"name": "vnet0"}]}}},
            ["resources.bridge.bridges[0].name", "vnet0", "reserved"],
        ),
        (
            {
                "resources": {
                    "bridge": {"bridges": [{"name": "a/b"}]},
                    "vlan": {"vlans": [{"lower": "eth0", "id": 4095}]},
                }
            },
            ["resources.bridge.bridges[0].name", "a/b", "resources.vlan.vlans[0].id", "4095"],
        ),
        ({"resources": "all"}, ["dictionary"]),
        ({"resources": BRIDGE, "interval": 59}, ["interval", "59", "60 to 86400"]),
        ({"resources": BRIDGE, "interval": 86401}, ["interval", "86401"]),
        ({"resources": BRIDGE, "interval": -1}, ["interval", "-1"]),
        ({"resources": BRIDGE, "interval": True}, ["interval"]),
        ({"resources": BRIDGE, "interval": False}, ["interval"]),
        ({"resources": BRIDGE, "interval": "15min"}, ["interval", "15min"]),
        ({"resources": BRIDGE, "unmanaged": [180.0]}, ["unmanaged[0]", "in quotes"]),
        ({"resources": BRIDGE, "unmanaged": ['0000:03:10.0", RUN+="/bin/evil']}, ["unmanaged[0]", "no PCI address"]),
        ({"resources": BRIDGE, "unmanaged": ["03:10.0", "0000:03:10.0"]}, ["unmanaged[1]", "twice"]),
        ({"resources": BRIDGE, "unmanaged": [None]}, ["unmanaged[0]"]),
        ({"resource": BRIDGE}, ["resource", "resources"]),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(params, words):
    host = make_host()
    result = run(host, **params)
    assert result["failed"] and all(word in result["msg"] for word in words), result["msg"]
    assert everything_written(host) == []


@pytest.mark.parametrize("python", ["python3", '/opt/"x"/python', "/a\n/python", "/opt/\\x/python"])
def test_an_interpreter_that_no_unit_can_start_is_refused(python):
    host = make_host()
    result = run(host, python=python, resources=BRIDGE)
    assert result["failed"] and "ansible_python_interpreter" in result["msg"] and everything_written(host) == []


def test_a_unit_that_the_administrator_masked_is_left_so():
    host = make_host()
    host.tree.contents["/etc/systemd/system/" + UNITS[3]] = ""
    host.systemd_memory.masked.add(UNITS[3])
    result = run(host, resources=BRIDGE)
    assert (
        result["failed"]
        and "systemctl unmask kvm-vnic-guests.timer" in result["msg"]
        and everything_written(host) == []
    )
    assert not run(host, state="absent")["changed"] and everything_written(host) == []


def test_without_systemd_nothing_is_kept():
    host = make_host()
    del host.commands.tools["systemctl"]
    result = run(host, resources=BRIDGE)
    assert result["error_kind"] == "unsupported" and "systemctl is not installed" in result["msg"]
    assert everything_written(host) == []
