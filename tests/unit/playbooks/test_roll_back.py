# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook roll_back: on each host what was undone is told, and one that fails keeps nobody from it."""

from __future__ import annotations

from ansible_collections.kvm.vnic.tests.unit.playbooks.stubbed import Fleet

TOKEN = "a0" * 8
UNDONE = {"changed": True, "told": ["the run was undone", "bridge: br0 mtu from 9000 to 1500"]}
FAILED = {"failed": True, "msg": "bridge: NOT undone: EBUSY"}
NOTHING = {"told": ["nothing to undo"]}


def roll_back(folder, *words, **hosts):
    fleet = Fleet(folder, {host: {"undone": answer} for host, answer in hosts.items()})
    return fleet.run("ansible-playbook", "--inventory", fleet.inventory, "kvm.vnic.roll_back", *words)


def test_each_host_undoes_its_last_confirmed_run_and_tells_it(tmp_path):
    run = roll_back(tmp_path, hv1=FAILED, hv2=UNDONE, hv3=NOTHING)
    assert sorted(run.log) == [("hv%d" % at, "undone") for at in (1, 2, 3)] and run.code == 2
    for words in ("bridge: NOT undone: EBUSY", *UNDONE["told"], "nothing to undo"):
        assert words in run.text
    assert run.asked("hv2") == {"state": "undone", "run": "", "reason": "the playbook roll_back was run"}


def test_a_run_is_named_by_its_token(tmp_path):
    run = roll_back(tmp_path, "--limit", "hv2", "-e", "vnic_run=" + TOKEN, hv1=UNDONE, hv2=UNDONE)
    assert run.calls("hv1") == [] and run.asked("hv2")["run"] == TOKEN and run.code == 0
