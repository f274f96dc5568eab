# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of a module's result and failure."""

from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import BOOT, DONE, UNKNOWN, Action, Pending, Result
from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Conflict, Danger, InFlight, Unsupported
from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run_info, run_resource
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

ARGUMENTS = {"value": {"type": "int", "required": True}, "error": {"type": "raw"}}
ERRORS = {
    "conflict": Conflict("taken", [Danger("x:y", "z", ("w",))]),
    "unsupported": Unsupported("no such thing"),
    "in_flight": InFlight("write 4 to /x", "stuck"),
}


class Number(Resource):
    kind = "number"

    def __init__(self):
        self.value = 1
        self.seen = None

    def validate(self, params, host):
        self.seen = params
        if params["error"]:
            raise ERRORS[params["error"]]
        return params["value"]

    def observe(self, host, desired):
        return self.value

    def plan(self, desired, state):
        return [Action("number", "value", state, desired, "differs")] if state != desired else []

    def apply(self, host, batch):
        self.value = batch[0].after
        return [Result(batch[0], DONE)]

    def pending(self, desired, state):
        return [Pending("number", "shown", UNKNOWN, desired, BOOT)]

    def notes(self, desired, state):
        return ["a note"]

    def facts(self, outcome):
        return {"cpus": {"all": CpuSet({0, 1})}, "count": outcome.after}

    def show(self, state):
        return {"value": state}


@pytest.fixture
def host():
    host = MemoryHost()
    host.closed = 0

    def close():
        host.closed += 1

    host.close = close
    return host


def run(host, resource, value, **more):
    check, diff = more.pop("check", False), more.pop("diff", False)
    return run_module(lambda: run_resource(resource, ARGUMENTS), host, dict(more, value=value), check=check, diff=diff)


def test_a_result_has_everything_that_a_playbook_needs(host):
    assert run(host, Number(), 2) == {
        "failed": False,
        "changed": True,
        "actions": [
            {
                "target": "number",
                "field": "value",
                "before": 1,
                "after": 2,
                "reason": "differs",
                "effect": "now",
                "reversible": "yes",
            }
        ],
        "pending": [
            {"target": "number", "field": "shown", "current": "unknown", "wanted": 2, "until": "boot", "reason": ""}
        ],
        "notes": ["a note"],
        "cpus": {"all": [0, 1]},
        "count": 2,
    }
    assert host.closed == 1


def test_unchanged(host):
    result = run(host, Number(), 1)
    assert not result["changed"] and result["actions"] == [] and "diff" not in result


def test_a_diff_shows_states_after_a_run_and_actions_in_check_mode(host):
    diff = run(host, Number(), 2, diff=True)["diff"]
    assert (json.loads(diff["before"]), json.loads(diff["after"])) == ({"value": 1}, {"value": 2})
    resource = Number()
    diff = run(host, resource, 2, diff=True, check=True)["diff"]
    assert (json.loads(diff["before"]), json.loads(diff["after"])) == ({"number value": 1}, {"number value": 2})
    assert resource.value == 1


def test_the_resource_does_not_see_the_consents(host):
    resource = Number()
    run(host, resource, 2, allow_disruption=["x:y"])
    assert resource.seen == {"value": 2, "error": None}


@pytest.mark.parametrize("kind", sorted(ERRORS))
@pytest.mark.parametrize("check", [False, True])
def test_a_failure_tells_host_kind_and_details(host, kind, check):
    result = run(host, Number(), 2, error=kind, check=check)
    assert result["failed"] and result["msg"] == "hv1: %s" % ERRORS[kind] and result["error_kind"] == kind
    assert {key: value for key, value in result.items() if key not in ("failed", "msg", "error_kind")} == ERRORS[
        kind
    ].details()
    assert host.closed == 1


def test_the_token_of_a_checkpoint_is_for_the_engine_alone(host):
    host.lock.take(json.dumps({"run": "77aa"}), 0)
    resource = Number()
    assert run(host, resource, 2)["error_kind"] == "locked" and resource.value == 1
    assert run(host, resource, 2, checkpoint="77ab")["error_kind"] == "conflict" and resource.value == 1
    assert run(host, resource, 2, checkpoint="77aa")["changed"] and resource.seen == {"value": 2, "error": None}


def test_malformed_consent_fails_like_any_other_input(host):
    result = run(host, Number(), 2, allow_disruption=["all"])
    assert (
        result["failed"] and result["error_kind"] == "value" and result["problems"][0]["path"] == "allow_disruption[0]"
    )


def test_facts_are_plain_and_change_nothing(host):
    result = run_module(lambda: run_info(lambda host, params: {"x": UNKNOWN, "y": (1, 2)}, {}), host, {})
    assert result == {"failed": False, "changed": False, "x": "unknown", "y": [1, 2]} and host.closed == 1


def test_a_failed_reading_is_told(host):
    def read(host, params):
        raise Unsupported("no ip")

    result = run_module(lambda: run_info(read, {}), host, {})
    assert (
        result["failed"]
        and result["msg"] == "hv1: no ip"
        and result["error_kind"] == "unsupported"
        and host.closed == 1
    )
