# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook site on several hosts: in which order, where it stops, and what it says of each host in the end."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN, plain
from ansible_collections.kvm.vnic.tests.unit.playbooks.stubbed import ROOT, Fleet

CHANGED = {"domain_interface": {"changed": True}}
REFUSED = {"domain_interface": {"failed": True, "msg": "web1 uses it"}}
LOST = {"domain_interface": "lost"}
AMISS = {"domain_interface": {"changed": True}, "verify": {"libvirt": {"problem": None, "domains": []}}}
FINISHED = ["host_info", "host_info", "opened", "domain_interface", "verify", "reconciler", "confirmed"]


@pytest.fixture
def fleet(tmp_path):
    return lambda *hosts, **variables: Fleet(
        tmp_path, {"hv%d" % at: stub for at, stub in enumerate(hosts, 1)}, **variables
    )


def test_the_first_that_answers_goes_first_and_one_that_is_down_is_unknown(fleet):
    run = fleet({"host_info": "lost"}, CHANGED, {}, vnic_serial=[1, "100%"]).site()
    assert run.states() == {"hv1": "unknown", "hv2": "changed", "hv3": "ok"}
    assert [host for host, module in run.log if module == "domain_interface"] == ["hv2", "hv3"]
    assert run.log.index(("hv2", "verify")) < run.log.index(("hv3", "domain_interface"))
    assert {host for host, module in run.log[:3]} == {"hv1", "hv2", "hv3"} and run.code == 4
    assert run.text.count("their NICs are pending: web-hv1") == 1
    assert "hv1: unknown: not reached" in run.text and "--limit 'hv1'" in run.text


def test_every_host_is_planned_for_before_the_first_is_changed(fleet):
    """One that cannot be is left as it is, with the reason, and holds up nobody."""
    run = fleet({}, {"host_info": {"failed": True, "msg": "iproute2 is missing"}}, {}).site()
    assert run.states() == {"hv1": "ok", "hv2": "failed", "hv3": "ok"} and run.code == 2
    assert (
        run.calls("hv2") == ["host_info"]
        and "hv2: failed before anything was changed, at 'Read the host': iproute2" in run.text
    )


@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize(
    "silent",
    [
        {"libvirt": {"available": False, "problem": "Broken pipe", "domains": plain(UNKNOWN)}, "problems": []},
        {"libvirt": plain(UNKNOWN), "problems": ["libvirt: Broken pipe"]},
    ],
    ids=["silent", "half read"],
)
def test_a_host_whose_libvirt_is_silent_is_left_as_it_is(fleet, silent, others):
    """Planned for without its guests, it would lose what they need."""
    run = fleet({"host_info": silent}, *[{}] * others).site()
    assert run.states()["hv1"] == "failed" and "domain_interface" not in run.calls("hv1")
    assert "which guests are here is unknown" in run.text and "Broken pipe" in run.text


def test_a_canary_that_fails_goes_alone(fleet):
    run = fleet(REFUSED, {}, {}).site()
    assert run.states() == {"hv1": "failed", "hv2": "not begun", "hv3": "not begun"} and run.code == 2
    assert run.touched() == ["hv1"] and "verify" not in run.calls("hv1")
    assert "hv1: failed while the plan was applied, at 'NICs of the guests': web1 uses it" in run.text


@pytest.mark.parametrize(("stub", "state"), [(AMISS, "failed"), (LOST, "unknown")], ids=["amiss", "lost"])
def test_what_is_not_known_to_be_as_planned_stops_after_its_batch_is_finished(fleet, stub, state):
    run = fleet(stub, CHANGED, {}, vnic_serial=2).site()
    assert run.states() == {"hv1": state, "hv2": "changed", "hv3": "not begun"} and run.code != 0
    assert run.calls("hv2") == FINISHED and run.calls("hv3") == ["host_info"]
    assert "Stopped: no further host" in run.text and "--limit 'hv1,hv3'" in run.text


@pytest.mark.parametrize(("limit", "third"), [(40, "not begun"), (60, "ok")])
def test_failures_of_a_batch_are_counted_when_it_is_finished(fleet, limit, third):
    """The limits come from the inventory, where a play's own keywords do not look."""
    run = fleet(REFUSED, CHANGED, {}, vnic_serial=[2, "100%"], vnic_max_fail_percentage=limit).site()
    assert run.states() == {"hv1": "failed", "hv2": "changed", "hv3": third} and run.code == 2
    assert run.calls("hv2") == FINISHED


def test_a_host_that_is_done_first_waits_for_its_batch_whatever_the_usual_strategy(fleet):
    hosts = fleet(*[{}] * 3, vnic_serial="100%")
    hosts.settings["STRATEGY"] = "free"
    run = hosts.site()
    assert run.states() == {"hv1": "ok", "hv2": "ok", "hv3": "ok"} and run.code == 0
    assert "with the free strategy" not in run.text  # which has neither run_once nor any limit of failures


def test_the_hosts_may_be_listed(fleet):
    run = fleet({}, {}, {}, vnic_serial="100%").site("--extra-vars", '{"vnic_hosts": ["hv1", "hv3"]}')
    assert run.states() == {"hv1": "ok", "hv3": "ok"} and run.code == 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("vnic_serial", [1, "many"]),
        ("vnic_serial", -1),
        ("vnic_max_fail_percentage", 101),
        ("vnic_max_fail_percentage", "few"),
    ],
)
def test_bad_limits_are_told_before_any_host_is_asked(fleet, variable, value):
    run = fleet({}, {}, **{variable: value}).site()
    assert run.log == [] and run.code == 2
    assert "%s is %s" % (variable, value) in run.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"vnic_confirm_within": 0},
        {"vnic_answers_within": -1},
        {"vnic_answers": ["192.0.2.7"]},
    ],
    ids=str,
)
def test_bad_times_and_addresses_are_told_before_any_host_is_asked(fleet, wrong):
    run = fleet({}, **wrong).site()
    ((variable, value),) = wrong.items()
    assert run.log == [] and run.code == 2
    assert "%s is %s" % (variable, value) in run.text


def test_a_single_host_is_asked_no_more_than_before(fleet):
    """With all of the roles."""
    run = fleet({"vhost_net": {"changed": True}}, whole=True).site()
    assert run.states() == {"hv1": "changed"} and run.code == 0
    assert run.calls("hv1") == [
        "host_info",
        "vhost_net",
        "opened",
        "bridge",
        "domain_interface",
        "packet_steering",
        "domain_pinning",
        "irq_affinity",
        "verify",
        "reconciler",
        "confirmed",
    ]
    assert {module for _host, module, token in run.runs if token == "-"} == {
        "host_info", "vhost_net", "opened", "verify", "confirmed"
    }  # fmt: skip


def test_check_mode_goes_all_the_way_where_the_bridge_of_open_vswitch_is_missing(fleet):
    """What each module says then is its own tests' matter."""
    networks = {"mgmt": {"switch": {"ovs": "br-lan", "isolated": True}}}
    run = fleet({"ovs_bridge": {"changed": True}}, whole=True, vnic_networks=networks).site("--check")
    assert run.code == 0 and "br-lan stands alone" in run.text, run.text
    calls = run.calls("hv1")
    assert calls[0] == "host_info" and calls.index("ovs_bridge") + 1 == calls.index("ovs_flows")
    assert calls.index("ovs_flows") < calls.index("domain_interface") and "verify" not in calls


def test_what_shows_the_plan_is_read_again_only_where_something_was_changed(fleet):
    hosts = fleet({}, CHANGED)
    for host in hosts.hosts:
        (hosts.folder / (host + ".before")).write_text((hosts.folder / (host + ".after")).read_text())
    run = hosts.site()
    assert run.states() == {"hv1": "ok", "hv2": "changed"}
    assert "verify" not in run.calls("hv1") and run.calls("hv2") == FINISHED


def test_a_run_that_changes_nothing_has_nothing_to_confirm(fleet):
    run = fleet({}).site()
    assert run.states() == {"hv1": "ok"} and "confirmed" not in run.calls("hv1")


@pytest.mark.parametrize("stub", [REFUSED, AMISS], ids=["refused", "amiss"])
def test_what_fails_is_undone_and_told(fleet, stub):
    run = fleet({**stub, "undone": {"told": ["the NIC web-hv1/front is as before"]}}).site()
    assert run.states() == {"hv1": "failed"} and run.calls("hv1")[-1] == "undone"
    assert ". the NIC web-hv1/front is as before" in run.text


def test_what_cannot_be_undone_is_told_beside_the_first_failure(fleet):
    run = fleet({**REFUSED, "undone": {"failed": True, "msg": "br0 could not be led back"}}).site()
    assert run.states() == {"hv1": "failed"} and "web1 uses it. br0 could not be led back" in run.text


def test_a_host_that_is_lost_is_left_to_itself(fleet):
    run = fleet(LOST, {}, vnic_serial=2).site()
    assert run.states() == {"hv1": "unknown", "hv2": "ok"} and run.calls("hv1")[-1] == "domain_interface"


def test_what_answered_before_must_answer_again(fleet):
    """And what did not answer before need not: nobody listens at the second address."""
    with socket.create_server(("127.0.0.1", 0)) as there, socket.create_server(("127.0.0.1", 0)) as nobody:
        addresses = ["127.0.0.1:%d" % each.getsockname()[1] for each in (there, nobody)]
        nobody.close()
        run = fleet(CHANGED, vnic_answers=addresses).site()
    assert run.states() == {"hv1": "changed"} and run.calls("hv1")[-1] == "confirmed"


def test_a_run_without_a_checkpoint_and_without_a_reconciler(fleet):
    run = fleet(REFUSED, vnic_checkpoint=False, vnic_reconciler=False).site()
    assert run.states() == {"hv1": "failed"} and run.calls("hv1") == ["host_info", "domain_interface"]


def steps(tasks):
    for task in tasks:
        yield from steps(task.get("block", []))
        yield task


def test_whatever_may_change_a_host_counts():
    """What apply.yml runs registers, under a name that is among those looked at."""
    (names,) = [yaml.safe_load((ROOT / "roles/nic_profile/vars/main.yml").read_text())["nic_profile_results"]]
    files = [ROOT / "roles/nic_profile/tasks" / name for name in ("prepare.yml", "apply.yml")]
    files += sorted((ROOT / "roles/reconciler/tasks").glob("*.yml"))
    for task in [task for path in files[:2] for task in yaml.safe_load(path.read_text())]:
        role = task.get("ansible.builtin.include_role", {}).get("name", "").rpartition(".")[2]
        files += sorted(Path(ROOT / "roles" / role / "tasks").glob("*.yml")) if role else []
    looked_at = {name.strip("{ }").partition(" ")[0] for name in names}
    silent = ("include_role", "include_tasks", "debug", "command", "reboot")  # the last two follow what changed
    acting = [
        task
        for path in files
        for task in steps(yaml.safe_load(path.read_text()))
        if not any("ansible.builtin." + name in task for name in silent)
    ]
    assert {task.get("register", task["name"]) for task in acting} == looked_at
