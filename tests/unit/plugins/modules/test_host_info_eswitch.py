# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.host_info_case import nic, run

NAMES = {"0000:01:00.0": "enp1s0", "0000:41:00.0": "ens2"}


class Devlink:
    """``shown``: ``{handle: eswitch settings, or what is answered instead}``."""

    def __init__(self, host, **shown):
        self.shown = shown
        self.asked = []
        host.commands.tools["devlink"] = self

    def __call__(self, argv, stdin):
        self.asked.append(argv[2:])
        if argv[2:] == ["dev", "show"]:
            return json.dumps({"dev": {"pci/%s" % pci: {} for pci, name in NAMES.items() if name in self.shown}})
        assert argv[2:5] == ["dev", "eswitch", "show"]
        answer = self.shown[NAMES[argv[5][len("pci/") :]]]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Completed) else json.dumps({"dev": {argv[5]: answer}})


def modes(host):
    result = run(host, "nics")
    return [nic(result, name)["sriov"]["eswitch_mode"] for name in ("enp1s0", "ens2")]


def test_the_mode_of_each_card(lab):
    Devlink(lab, enp1s0={"mode": "switchdev", "inline-mode": "none"}, ens2={"mode": "legacy"})
    assert modes(lab) == ["switchdev", "legacy"] and lab.writes() == []


def test_a_driver_without_such_a_switch(lab):
    devlink = Devlink(lab, ens2={})
    assert modes(lab) == [None, None] and devlink.asked == [
        ["dev", "show"],
        ["dev", "eswitch", "show", "pci/0000:41:00.0"],
    ]
    Devlink(lab, ens2=Completed(1, "", "kernel answers: Operation not supported\n"))
    assert modes(lab) == [None, None]


@pytest.mark.parametrize(
    "answer",
    [
        Completed(1, "", "kernel answers: Connection timed out"),
        Completed(0, "no JSON", ""),
        ApplyFailed("devlink", "did not end within 5 s and was killed"),
    ],
)
def test_who_does_not_answer_is_not_asked_again(lab, answer):
    devlink = Devlink(lab, enp1s0=answer, ens2=answer)
    assert modes(lab) == ["unknown", "unknown"] and len(devlink.asked) == 2


def test_a_kernel_or_a_host_without_devlink(lab):
    assert modes(lab) == ["unknown", "unknown"]
    lab.commands.tools["devlink"] = lambda argv, stdin: Completed(1, "", "Failed to connect to devlink Netlink\n")
    assert modes(lab) == ["unknown", "unknown"]
    lab.commands.tools["devlink"] = lambda argv, stdin: "[]"
    assert modes(lab) == [None, None]


def test_a_host_without_cards_is_not_asked(lab, monkeypatch):
    devlink = Devlink(lab)
    monkeypatch.setattr(lab.pci, "physical_functions", dict)
    run(lab, "nics")
    assert devlink.asked == []
