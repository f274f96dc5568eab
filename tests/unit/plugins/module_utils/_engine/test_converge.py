# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine, with a toy whose every question and write is counted."""

from __future__ import annotations

import ast
import inspect

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine import converge as engine
from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import (
    BOOT,
    DONE,
    FAILED,
    NO,
    NOW,
    UNSUPPORTED,
    YES,
    Action,
    Pending,
    Result,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import (
    ApplyFailed,
    Conflict,
    Danger,
    InvalidInput,
    Problem,
    Unsupported,
    VerificationFailed,
)
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.journal import MemoryJournal


class Toy(Resource):
    """Leads ``machine`` (a dictionary) to the wished one, one batch a key. ``log``: every question and write."""

    kind = "toy"

    def __init__(self, **machine):
        self.machine = machine
        self.log = []
        self.answers = {}  # key: what its write answers instead of being done
        self.lies = set()  # keys whose write is accepted and not done
        self.harms = {}  # key: (consent, users)
        self.lacks = []
        self.on = {}  # key: device that its change disturbs
        self.effects, self.reversible = {}, {}
        self.late = {}  # key: observations until its write shows

    def validate(self, params, host):
        self.log.append("validate")
        if "bad" in params:
            raise InvalidInput([Problem("bad", params["bad"], "is bad")])
        return params

    def observe(self, host, desired):
        self.log.append("observe")
        for key, (left, value) in list(self.late.items()):
            if left == 0:
                self.machine[key] = value
                del self.late[key]
            else:
                self.late[key] = (left - 1, value)
        return dict(self.machine)

    def missing(self, desired, state):
        self.log.append("missing")
        return self.lacks

    def plan(self, desired, state):
        self.log.append("plan")
        return [
            Action(
                key,
                "value",
                state.get(key),
                value,
                "differs",
                self.effects.get(key, NOW),
                self.reversible.get(key, YES),
            )
            for key, value in desired.items()
            if state.get(key) != value
        ]

    def dangers(self, host, desired, state, actions):
        self.log.append("dangers")
        return [Danger(*self.harms[a.target]) for a in actions if a.target in self.harms]

    def disturbs(self, action):
        return (self.on[action.target],) if action.target in self.on else ()

    def batches(self, actions):
        return [[action] for action in actions]

    def apply(self, host, batch):
        results = []
        for action in batch:
            self.log.append("write %s" % action.target)
            if action.target in self.answers:
                results.append(Result(action, *self.answers[action.target]))
                continue
            if action.target not in self.lies and action.target not in self.late and action.effect == NOW:
                self.machine[action.target] = action.after
            results.append(Result(action, DONE))
        return results

    def pending(self, desired, state):
        return [
            Pending(key, "value", state.get(key), desired[key], BOOT)
            for key in self.effects
            if state.get(key) != desired[key]
        ]

    def notes(self, desired, state):
        return ["note"]

    def writes(self):
        return [line for line in self.log if line.startswith("write")]

    def show(self, state):
        return state


class Journal(MemoryJournal):
    def __init__(self, log):
        super().__init__()
        self.log = log

    def open(self, resource, before, actions, undo):
        self.log.append("journal open")
        super().open(resource, before, actions, undo)

    def record(self, results):
        self.log.append("journal record")
        super().record(results)

    def close(self):
        self.log.append("journal close")


@pytest.fixture
def host():
    return MemoryHost()


def run(toy, host, wish, *consents, check=False):
    return converge(toy, wish, host, Consent(consents), Journal(toy.log), check)


def test_the_phases_come_in_order(host):
    toy = Toy(a=1)
    outcome = run(toy, host, {"a": 2, "b": 3})
    assert toy.log == [
        "validate", "observe", "missing", "plan", "dangers", "journal open", "write a", "journal record", "write b",
        "journal record", "observe", "plan", "journal close",
    ]  # fmt: skip
    assert (outcome.before, outcome.after) == ({"a": 1}, {"a": 2, "b": 3})
    assert (
        outcome.changed and [result.status for result in outcome.results] == [DONE, DONE] and outcome.notes == ("note",)
    )


def test_nothing_to_do_writes_and_journals_nothing(host):
    toy = Toy(a=1)
    outcome = run(toy, host, {"a": 1})
    assert not outcome.changed and toy.log == ["validate", "observe", "missing", "plan"]


def test_check_mode_asks_everything_and_writes_nothing(host):
    toy = Toy(a=1)
    outcome = run(toy, host, {"a": 2}, check=True)
    assert toy.log == ["validate", "observe", "missing", "plan", "dangers"]
    assert outcome.changed and outcome.before == outcome.after == {"a": 1} and outcome.results == ()
    assert run(Toy(a=1), host, {"a": 2}).actions == outcome.actions


def test_check_mode_is_one_branch_around_writing():
    """Two tests of ``check`` in the whole engine: missing things become notes, and writing does not happen."""
    tree = ast.parse(inspect.getsource(engine))
    tests = [node.test for node in ast.walk(tree) if isinstance(node, ast.If)]
    mentions = [name for test in tests for name in ast.walk(test) if isinstance(name, ast.Name) and name.id == "check"]
    everywhere = [name for name in ast.walk(tree) if isinstance(name, ast.Name) and name.id == "check"]
    assert len(mentions) == len(everywhere) == 2


@pytest.mark.parametrize("check", [False, True])
def test_bad_input_stops_before_anything_is_read(host, check):
    toy = Toy()
    with pytest.raises(InvalidInput):
        run(toy, host, {"bad": 1}, check=check)
    assert toy.log == ["validate"]


def test_missing_things_stop_a_run_and_are_noted_in_check_mode(host):
    toy = Toy()
    toy.lacks = [Problem("port", "tap0", "does not exist"), Problem("lower", "eth9", "does not exist")]
    with pytest.raises(InvalidInput) as caught:
        run(toy, host, {"a": 1})
    assert len(caught.value.problems) == 2 and toy.writes() == []
    notes = run(toy, host, {"a": 1}, check=True).notes
    assert [note for note in notes if note.startswith("known after apply: ")] == list(notes[:2]) and "tap0" in notes[0]


@pytest.mark.parametrize("check", [False, True])
def test_all_dangers_are_told_at_once_and_each_needs_its_own_consent(host, check):
    toy = Toy()
    toy.harms = {
        "a": ("vf:enp1s0#1", "taking VF 1", ("guest web1",)),
        "b": ("remove:br0", "removing br0", ("port x", "port y")),
    }
    with pytest.raises(Conflict) as caught:
        run(toy, host, {"a": 1, "b": 2, "c": 3}, check=check)
    assert [danger.consent for danger in caught.value.dangers] == ["vf:enp1s0#1", "remove:br0"]
    for word in ("guest web1", "port x; port y", "'vf:enp1s0#1'", "nothing was written"):
        assert word in str(caught.value)
    with pytest.raises(Conflict) as caught:
        run(toy, host, {"a": 1, "b": 2}, "vf:enp1s0#1", "remove:br1", check=check)
    assert [danger.consent for danger in caught.value.dangers] == ["remove:br0"]
    assert toy.writes() == []
    assert run(toy, host, {"a": 1, "b": 2}, "vf:enp1s0#1", "remove:br0", check=check).changed
    assert len(toy.writes()) == (0 if check else 2)


def test_dangers_are_not_asked_where_nothing_changes(host):
    toy = Toy(a=1)
    toy.harms = {"a": ("x:a", "x", ("y",))}
    assert not run(toy, host, {"a": 1}).changed


def test_a_point_of_no_return_needs_consent_even_where_no_user_is_known(host):
    toy = Toy()
    toy.reversible = {"a": NO}
    with pytest.raises(Conflict) as caught:
        run(toy, host, {"a": 1})
    assert [danger.consent for danger in caught.value.dangers] == ["value:a"] and "cannot be undone" in str(
        caught.value
    )
    assert run(toy, host, {"a": 1}, "value:a").changed


def test_a_point_of_no_return_whose_users_are_known_is_asked_for_once(host):
    toy = Toy()
    toy.reversible, toy.harms = {"a": NO}, {"a": ("vf_count:a", "x", ("guest",))}
    with pytest.raises(Conflict) as caught:
        run(toy, host, {"a": 1})
    assert [danger.consent for danger in caught.value.dangers] == ["vf_count:a"]


def test_the_device_that_carries_the_connection_needs_its_own_consent(host):
    host.kernel.add("eth0", up=True)
    host.kernel.add("br0", "bridge")
    host.kernel.links["eth0"]["master"] = "br0"
    host.kernel.addresses = [{"ifname": "br0", "addr_info": [{"local": "192.0.2.1"}]}]
    host.session.address = "192.0.2.1"
    toy = Toy()
    toy.on = {"a": "eth0", "b": "eth1"}
    with pytest.raises(Conflict) as caught:
        run(toy, host, {"a": 1, "b": 2})
    assert [danger.consent for danger in caught.value.dangers] == ["management:eth0"]
    assert run(toy, host, {"a": 1, "b": 2}, "management:eth0").changed


def test_a_failed_batch_stops_the_later_ones_and_tells_what_became_of_each(host):
    toy = Toy()
    toy.answers = {"b": (FAILED, "EBUSY")}
    journal = Journal(toy.log)
    with pytest.raises(ApplyFailed) as caught:
        converge(toy, {"a": 1, "b": 2, "c": 3, "d": 4}, host, Consent(), journal)
    assert toy.writes() == ["write a", "write b"] and "journal close" not in toy.log
    assert "b value: EBUSY" in str(caught.value) and "1 other steps were done, 2 not attempted" in str(caught.value)
    assert [(r["target"], r["status"]) for r in caught.value.details()["results"]] == [("a", DONE), ("b", FAILED)]
    assert [(kind, before) for kind, before, _actions in journal.entries] == [("toy", {})] and len(journal.results) == 2
    toy.answers = {}
    assert run(toy, host, {"a": 1, "b": 2, "c": 3, "d": 4}).after == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_what_is_unsupported_is_told_after_the_rest_was_done(host):
    toy = Toy()
    toy.answers = {"a": (UNSUPPORTED, "igb has no trust")}
    with pytest.raises(Unsupported) as caught:
        run(toy, host, {"a": 1, "b": 2})
    assert toy.machine == {"b": 2} and str(caught.value) == "a value: igb has no trust"
    assert [r["status"] for r in caught.value.details()["results"]] == [UNSUPPORTED, DONE]


def test_what_shows_late_is_waited_for(host):
    toy = Toy()
    toy.late = {"a": (5, 1)}
    outcome = run(toy, host, {"a": 1})
    assert outcome.after == {"a": 1} and 0 < host.clock.now <= 5.0


def test_what_never_shows_is_told_with_what_was_wished_and_found(host):
    toy = Toy(a=1)
    toy.lies = {"a"}
    with pytest.raises(VerificationFailed) as caught:
        run(toy, host, {"a": 2, "b": 3})
    assert "a value: wished 2, found 1" in str(caught.value) and "b value" not in str(caught.value)
    assert [action["target"] for action in caught.value.details()["remaining"]] == ["a"]
    assert 4 < host.clock.now <= 5.0 and len(toy.writes()) == 2


def test_the_budget_is_the_resource_s(host):
    toy = Toy(a=1)
    toy.lies, toy.budget = {"a"}, lambda actions: 60.0 * len(actions)
    with pytest.raises(VerificationFailed):
        run(toy, host, {"a": 2})
    assert 50 < host.clock.now <= 60 and toy.log.count("observe") < 60


def test_what_takes_effect_later_is_pending_and_not_waited_for(host):
    toy = Toy()
    toy.effects = {"a": BOOT}
    outcome = run(toy, host, {"a": 1})
    assert [(p.target, p.until) for p in outcome.pending] == [("a", BOOT)] and host.clock.now == 0.0
