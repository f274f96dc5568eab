# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._host.ofctl import MOST_REFUSED, BundleRefused, Ofctl
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, Unsupported
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_text import RefusedFlow
from ansible_collections.kvm.vnic.tests.unit.memory_host.commands import MemoryCommands
from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import MemoryFlowSwitch


def ofctl(answer):
    commands = MemoryCommands()
    commands.tools["ovs-ofctl"] = answer if callable(answer) else lambda argv, stdin: answer
    return Ofctl(commands), commands


GOOD, UNKNOWN, UNUSABLE = "ip,actions=drop", "foo=1,actions=drop", "actions=dec_ttl"


@given(st.lists(st.sampled_from([GOOD, UNKNOWN, UNUSABLE]), max_size=12))
def test_each_line_gets_its_own_answer(lines):
    door, commands = ofctl(MemoryFlowSwitch().ofctl)
    answers = door.parse(lines, "OpenFlow14")
    assert [answer.message if isinstance(answer, RefusedFlow) else answer.actions for answer in answers] == [
        {GOOD: "drop", UNKNOWN: "unknown keyword foo", UNUSABLE: "no usable protocol"}[line] for line in lines
    ]
    if set(lines) == {GOOD}:
        assert len(commands.calls) == 1


def test_a_thousand_wrong_lines_do_not_take_a_thousand_calls():
    door, commands = ofctl(MemoryFlowSwitch().ofctl)
    answers = door.parse([UNKNOWN] * 1000, "OpenFlow14")
    assert all(isinstance(answer, RefusedFlow) for answer in answers) and len(commands.calls) <= 2 * MOST_REFUSED
    assert sum("not looked at" in answer.message for answer in answers) == 1000 - MOST_REFUSED


def test_fewer_answers_than_lines_are_an_error():
    with pytest.raises(ApplyFailed, match="printed 0 flows for 1"):
        ofctl("")[0].parse([GOOD], "OpenFlow14")


def test_what_is_not_understood_is_an_error():
    with pytest.raises(ApplyFailed, match="not understood"):
        ofctl(" table=x, actions=drop\n")[0].flows("br0", "OpenFlow14")


def test_every_call_has_its_time_and_version():
    door, commands = ofctl("")
    assert (
        door.flows("br0", "OpenFlow15") == ()
        and door.groups("br0", "OpenFlow15") == {}
        and door.meters("br0", "OpenFlow15") == {}
    )
    door.bundle("br0", "OpenFlow15", ["flow add actions=drop"])
    door.meter("br0", "OpenFlow15", "del", "meter=3")
    assert [call[1:4] for call in commands.calls] == [
        ["--timeout=%d" % seconds, "-O", "OpenFlow15"] for seconds in (10, 10, 10, 30, 10)
    ]
    assert [call[-3:] for call in commands.calls][3:] == [["bundle", "br0", "-"], ["del-meters", "br0", "meter=3"]]


def test_a_refusal_is_told_without_the_log():
    errors = "2026-11-27T07:15:01Z|00001|ofp_port|WARN|referring to port\novs-ofctl: br0 is not a bridge or a socket\n"
    with pytest.raises(ApplyFailed, match="^ovs-ofctl dump-flows|not a bridge") as caught:
        ofctl(Completed(1, "", errors))[0].flows("br0", "OpenFlow14")
    assert caught.value.cause == "br0 is not a bridge or a socket"
    with pytest.raises(BundleRefused) as caught:
        ofctl(Completed(1, "", errors))[0].bundle("br0", "OpenFlow14", [])
    assert caught.value.flow is None and caught.value.cause == "br0 is not a bridge or a socket"
    with pytest.raises(ApplyFailed, match="exit code 3"):
        ofctl(Completed(3, "", ""))[0].meter("br0", "OpenFlow14", "add", "meter=1")


@pytest.mark.parametrize("code", [-14, 142])
def test_no_answer_in_time_is_told(code):
    door, _commands = ofctl(Completed(code, "", ""))
    with pytest.raises(Unsupported, match="does not answer for bridge br0 within 10 s"):
        door.groups("br0", "OpenFlow14")
    with pytest.raises(ApplyFailed, match="within 30 s") as caught:
        door.bundle("br0", "OpenFlow14", [])
    assert not isinstance(caught.value, BundleRefused)
