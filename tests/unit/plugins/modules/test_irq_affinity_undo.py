# SPDX-License-Identifier: GPL-3.0-or-later
"""Leading back what irq_affinity changed: exactly, from wherever it stopped, and whatever is gone by then."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._resource.irq_affinity import IrqAffinity
from ansible_collections.kvm.vnic.tests.unit.memory_host.irqs import CONFIGURATION
from ansible_collections.kvm.vnic.tests.unit.memory_host.undoing import killed_everywhere, lead_back, watched
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.irq_affinity_case import (
    PF,
    affinities,
    build,
    picture,
    refused,
    run,
    with_vf,
)

WISH = {"device": "ens2", "policy": "spread", "cpus": "4-7", "others": True}


def told(text, **more):
    host = build(**more)
    host.tree.contents[CONFIGURATION] = text
    host.balance.start()
    return host


def placed_before():
    """Interrupts that go to different CPUs already, an irqbalance that is kept off another function."""
    host = told("IRQBALANCE_ARGS=-i 7 # x\nIRQBALANCE_BANNED_CPUS=f0\nIRQBALANCE_BANNED_CPULIST=1")
    run(host, {"device": "enp0s2", "cpus": "3", "others": True}, back=False)
    for number, cpus in ((48, "1"), (49, "0,2"), (50, "0-1")):
        host.tree.on_write[host.irqs.at(number)](cpus)
    return host


CASES = {
    "nothing was told": (build, {"targets": [WISH], "default_cpus": "0-3", "banned_cpus": "5"}),
    "others told much": (placed_before, {"targets": [WISH], "default_cpus": "0", "banned_cpus": "2-3"}),
    "purge": (placed_before, {"targets": [], "purge": True, "banned_cpus": "none"}),
    "receive and transmit apart": (lambda: with_vf(placed_before()), {"targets": [{"device": "ens2v0", "cpus": "5"}]}),
}


@pytest.mark.parametrize("case", CASES)
def test_killed_after_each_write_it_is_led_back_and_can_be_done_again(case):
    make, params = CASES[case]
    assert killed_everywhere(IrqAffinity(), make, params, picture) > 3


def test_a_script_of_ours_comes_back_byte_for_byte():
    host = placed_before()
    before = picture(host)
    result, plan = watched(IrqAffinity(), lambda: run(host, WISH, purge=True, back=False))
    assert not result["failed"] and picture(host) != before
    lead_back(IrqAffinity(), host, plan)
    assert picture(host) == before


def test_what_is_gone_by_then_is_told_and_the_rest_is_led_back():
    host = build(irqbalance=False)
    _result, plan = watched(IrqAffinity(), lambda: run(host, WISH, default_cpus="0-3", back=False))
    host.irqs.remove(PF, 50)
    host.irqs.take_offline("2")
    lead_back(IrqAffinity(), host, plan)
    assert host.tree.contents[host.irqs.at(49)] == host.tree.contents[host.irqs.at(52)] == "0-7"
    assert host.tree.contents["/proc/irq/default_smp_affinity"] == "ff"
    undo = IrqAffinity().undo(*plan)
    again = run(host, **undo.params)
    assert not again["changed"] and "combined 1" in again["notes"][0] and again["notes"][0].startswith("left out")


def test_what_cannot_come_back_is_told():
    host = build()
    run(host, WISH, back=False)
    (script,) = [path for path in host.tree.contents if "irq-policy" in path]
    host.tree.contents[script] += "# mine"
    host.tree.contents[script + "0"] = ""
    _result, plan = watched(IrqAffinity(), lambda: run(host, WISH, back=False))
    told_off = IrqAffinity().undo(*plan).uncovered
    assert any(script in line for line in told_off) and any(script + "0" in line for line in told_off)


def test_interrupts_are_chosen_by_name():
    host = with_vf(build(irqbalance=False))
    wishes = [
        {"device": "ens2v0", "interrupts": ["rx 0", "misc"], "cpus": "5"},
        {"device": "ens2v0", "interrupts": ["tx 0"], "cpus": "6"},
    ]
    assert not run(host, *wishes)["failed"]
    assert affinities(host) == [(60, "5"), (62, "5"), (61, "6")]
    assert refused(build(), {"device": "ens2", "interrupts": ["rx 9"], "cpus": 1})[0][0] == "targets[0].interrupts"


@pytest.mark.parametrize(
    "wish, path, word",
    [
        ({"interrupts": []}, "targets[0].interrupts", "names no interrupt"),
        ({"interrupts": ["rx"]}, "targets[0].interrupts[0]", "combined 0"),
        ({"interrupts": ["rx 0", "rx 0"]}, "targets[0].interrupts[1]", "twice"),
        ({"interrupts": ["rx 0"], "queues": [1]}, "targets[0].interrupts", "leave out queues"),
        ({"interrupts": ["rx 0"], "others": True}, "targets[0].interrupts", "leave out queues"),
    ],
)
def test_bad_names_of_interrupts(wish, path, word):
    ((found, message),) = refused(build(), dict(wish, device="ens2", cpus="4"))
    assert found == path and word in message


@pytest.mark.parametrize(
    "second, doubled",
    [
        ({"interrupts": ["combined 1"]}, True),
        ({"interrupts": ["combined 2"]}, False),
        ({"queues": [1]}, True),
        ({"queues": [2]}, False),
        ({}, True),
    ],
)
def test_an_interrupt_is_placed_once(second, doubled):
    host = build(irqbalance=False)
    first = {"device": "ens2", "interrupts": ["combined 1"], "cpus": "4"}
    result = run(host, first, dict(second, device="ens2", cpus="5"), check=True)
    assert result["failed"] is doubled


@pytest.mark.parametrize(
    "settings, path, word",
    [
        ({"kept_off": ["ens2"]}, "irqbalance_settings.kept_off[0]", "PCI address"),
        ({"lines": {"PATH": "x"}}, "irqbalance_settings.lines.PATH", "IRQBALANCE_ARGS"),
        ({"lines": {"IRQBALANCE_ARGS": "x\nPATH=/tmp\n"}}, "irqbalance_settings.lines.IRQBALANCE_ARGS", "one line"),
        ({"lines": {"IRQBALANCE_ARGS": 5}}, "irqbalance_settings.lines.IRQBALANCE_ARGS", "one line"),
    ],
)
def test_bad_settings(settings, path, word):
    ((found, message),) = refused(build(), irqbalance_settings=settings)
    assert found == path and word in message


def test_the_settings_are_all_that_is_said_of_irqbalance():
    assert refused(build(), irqbalance_settings={}, purge=True)[0][0] == "irqbalance_settings"


@pytest.mark.parametrize(
    "params, led",
    [
        ({"default_cpus": "0"}, {("default_smp_affinity", "cpus")}),
        ({"targets": [WISH], "irqbalance": "leave"}, set()),
        ({"banned_cpus": "none"}, {("irqbalance", field) for field in ("banned_cpus", "running_policy", "settings")}),
        (
            {"targets": [WISH]},
            {("irqbalance", field) for field in ("kept_off", "running_policy", "old_policies", "settings")},
        ),
    ],
)
def test_a_run_settles_what_it_leads_without_a_name(params, led):
    assert IrqAffinity().leads(params) == led
