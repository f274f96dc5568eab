# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel, libvirt and the guest show after everything that was refused, changed and purged."""

from __future__ import annotations

import json


def functions(host):
    return {vf["vf"]: vf for vf in json.loads(host.check_output("ip -d -j link show dev ens2"))[0]["vfinfo_list"]}


def vlan(function):
    return {key: value for entry in function["vlan_list"] for key, value in entry.items()}.get("vlan", 0)


def test_there_are_four_functions_still(host):
    assert host.file("/sys/class/net/ens2/device/sriov_numvfs").content_string.strip() == "4"
    assert len(functions(host)) == 4


def test_the_changed_one_is_as_wished_and_what_was_omitted_is_left(host):
    changed = functions(host)[1]
    assert changed["trust"] is False and vlan(changed) == 0
    assert changed["spoofchk"] is False


def test_purge_gave_the_others_their_defaults_back(host):
    for index in (2, 3):
        function = functions(host)[index]
        assert function["spoofchk"] is True and function["trust"] is False and vlan(function) == 0
        assert function["rate"]["max_tx"] == 0


def test_the_guest_kept_its_function_and_answers(host):
    assert host.check_output("virsh domstate mol-vf").strip() == "running"
    assert functions(host)[0]["address"] == "52:54:00:aa:01:00"
    assert host.run("ping -c 3 -W 3 10.78.1.11").rc == 0


def test_the_guest_sees_a_virtual_function(host):
    nics = json.loads(host.check_output("lab-guest report mol-vf --wait 20"))["nics"]
    assert [(nic["driver"], nic["mac"]) for nic in nics] == [("igbvf", "52:54:00:aa:01:00")]
