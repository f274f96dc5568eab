# SPDX-License-Identifier: GPL-3.0-or-later
"""Leading back what the runs of a checkpoint changed, on a host in memory."""

from __future__ import annotations

import errno
import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import DIRECTORY, Journal
from ansible_collections.kvm.vnic.plugins.module_utils._engine.rollback import (
    NOT_UNDONE,
    NOTHING_TO_UNDO,
    UNDONE,
    roll_back,
)
from ansible_collections.kvm.vnic.plugins.module_utils._engine.run_entries import entries_of
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import DONE, FAILED, NO, Action, Result
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import (
    ApplyFailed,
    InvalidInput,
    Problem,
    VnicError,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.undo import Undo
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource
from ansible_collections.kvm.vnic.tests.unit.memory_host.fuse import Fuse, Killed, set_fuse
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost

RUN = "77aa77aa77aa77aa"
ALL = 1 << 20


class Numbers(Resource):
    """Files below ``/KIND`` with a number each; None: there is no such file. One batch each."""

    def __init__(self, kind="numbers"):
        self.kind = kind

    def at(self, name):
        return "/%s/%s" % (self.kind, name)

    def validate(self, params, host):
        if "bad" in params:
            raise InvalidInput([Problem("bad", params["bad"], "is bad")])
        return dict(params)

    def observe(self, host, desired):
        return {name: host.files.read_or(self.at(name), None) for name in desired}

    def plan(self, desired, state):
        return [
            Action(name, "number", state[name], wish, reversible=NO if name == "gone" and wish is None else "yes")
            for name, wish in desired.items()
            if state[name] != wish
        ]

    def undo(self, desired, before, actions):
        return Undo(
            {action.target: action.before for action in actions},
            tuple("number:gone" for action in actions if action.target == "gone" and action.before is None),
        )

    def batches(self, actions):
        return [[action] for action in actions]

    def apply(self, host, batch):
        (action,) = batch
        try:
            if action.after is None:
                host.files.remove(self.at(action.target))
            else:
                host.files.replace(self.at(action.target), action.after)
        except ApplyFailed as error:
            return [Result(action, FAILED, str(error))]
        return [Result(action, DONE)]

    def disturbs(self, action):
        return ["eth0"] if action.target == "path" else []

    def show(self, state):
        return state


class Plain(Numbers):
    """One that says nothing of its way back."""

    undo = Resource.undo


KINDS = {
    "numbers": Numbers,
    "more": lambda: Numbers("more"),
    "plain": lambda: Plain("plain"),
}
# What the steps of one run wish, one after the other: they make, change and remove, and touch the same thing twice.
STEPS = [
    ("numbers", {"a": "1", "b": "2", "new": "3"}),
    ("more", {"a": "5", "old": None}),
    ("numbers", {"a": "7", "new": None, "b": "0"}),
]
FORMER = {"/numbers/a": "0", "/numbers/b": "0", "/more/old": "4", "/numbers/others": "9"}


@pytest.fixture
def host():
    return build()


def build():
    host = MemoryHost()
    host.tree.contents.update(FORMER)
    return host


def step(host, kind, wish, run=RUN, consents=()):
    host.lock.holder = json.dumps({"run": run})
    host.tree.private["/run/kvm-vnic/lock"] = host.lock.holder
    return converge(KINDS[kind](), wish, host, Consent(consents), Journal(host, run))


def run_all(host):
    for kind, wish in STEPS:
        step(host, kind, wish)


def undo(host, run=RUN, **more):
    host.step.holder = ""  # as the kernel does for a step that was killed
    return roll_back(host, entries_of(host, run), more.get("kinds", KINDS))


def names(host):
    return sorted(path[len(DIRECTORY) + 1 :] for path in host.tree.private if path.startswith(DIRECTORY))


def states(report):
    return [(each.kind, each.state) for each in report.entries]


def test_a_run_is_led_back_newest_first_and_its_entries_say_so(host):
    run_all(host)
    assert host.tree.contents == {"/numbers/a": "7", "/numbers/b": "0", "/more/a": "5", "/numbers/others": "9"}
    report = undo(host)
    assert host.tree.contents == FORMER
    assert states(report) == [("numbers", UNDONE), ("more", UNDONE), ("numbers", UNDONE)] and not report.failed
    assert report.lines == [
        "numbers: a number from 7 to 1; b number from 0 to 2; new number from none to 3",
        "more: a number from 5 to none; old number from none to 4",
        "numbers: a number from 1 to 0; b number from 2 to 0; new number from 3 to none",
    ]
    assert names(host) == ["00000001-numbers.undone", "00000002-more.undone", "00000003-numbers.undone"]
    assert entries_of(host, RUN) == [] and undo(host).entries == ()


def test_what_others_changed_meanwhile_elsewhere_stays(host):
    step(host, "numbers", {"a": "1"})
    host.tree.contents["/numbers/others"] = "10"
    undo(host)
    assert host.tree.contents == dict(FORMER, **{"/numbers/others": "10"})


def test_only_what_is_of_the_run_is_led_back(host):
    step(host, "numbers", {"a": "1"}, run="1111")
    step(host, "more", {"a": "1"})
    assert states(undo(host)) == [("more", UNDONE)]
    assert host.tree.contents == dict(FORMER, **{"/numbers/a": "1"})
    assert names(host) == ["00000001-numbers.done", "00000002-more.undone"]


def test_what_is_so_already_is_not_written(host):
    step(host, "numbers", {"a": "1"})
    host.tree.contents["/numbers/a"] = "0"
    writes = list(host.tree.writes)
    report = undo(host)
    assert states(report) == [("numbers", NOTHING_TO_UNDO)] and host.tree.writes == writes
    assert report.lines == ["numbers: is as it was before"] and names(host) == ["00000001-numbers.undone"]


def test_what_no_way_leads_back_from_is_told(host):
    step(host, "plain", {"a": "1"})
    report = undo(host)
    assert states(report) == [("plain", NOTHING_TO_UNDO)] and not report.failed
    assert report.lines == ["plain: not covered: what plain changes cannot be undone"]


def test_one_that_fails_is_told_and_keeps_no_other_from_being_tried(host):
    run_all(host)
    host.tree.failures["replace", "/more/old"] = errno.ENOSPC
    report = undo(host)
    assert states(report) == [("numbers", UNDONE), ("more", NOT_UNDONE), ("numbers", UNDONE)] and report.failed
    (line,) = [line for line in report.lines if "NOT undone" in line]
    assert "00000002-more.done" in line and "ENOSPC" in line and "old" in line
    # the older one may have to be led back again, after the one that failed
    assert names(host) == ["00000001-numbers.done", "00000002-more.done", "00000003-numbers.undone"]
    host.tree.failures.clear()
    assert states(undo(host)) == [("more", UNDONE), ("numbers", NOTHING_TO_UNDO)] and host.tree.contents == FORMER


def test_a_defect_of_one_kind_keeps_no_other_from_being_tried(host):
    run_all(host)

    def broken():
        raise AttributeError("no such thing")

    report = undo(host, kinds=dict(KINDS, more=broken))
    assert [each.state for each in report.entries] == [UNDONE, NOT_UNDONE, UNDONE]
    assert "AttributeError: no such thing" in report.entries[1].why


def test_only_the_kinds_that_are_given_are_led_back(host):
    run_all(host)
    report = undo(host, kinds={"numbers": Numbers})
    assert states(report) == [("numbers", UNDONE)] * 2 and not report.failed
    assert [str(each.name) for each in entries_of(host, RUN)] == ["00000002-more.done"]
    assert states(undo(host)) == [("more", UNDONE)] and host.tree.contents == FORMER


def test_without_kinds_the_registry_has_them_and_what_it_lacks_is_told(host, monkeypatch):
    registry = pytest.importorskip("ansible_collections.kvm.vnic.plugins.module_utils._resource.registry")
    monkeypatch.setattr(registry, "JOURNALLED", {"numbers": Numbers})
    run_all(host)
    report = roll_back(host, entries_of(host, RUN))
    assert [each.state for each in report.entries] == [UNDONE, NOT_UNDONE, UNDONE]
    assert "does not know" in report.lines[1]


def test_what_the_run_itself_made_needs_no_consent_again_and_what_others_may_use_does(host):
    step(host, "numbers", {"gone": "1"})
    assert not undo(host).failed and "/numbers/gone" not in host.tree.contents
    step(host, "numbers", {"gone": "1"})
    (entry,) = entries_of(host, RUN)
    entry.entry.undo["consents"].clear()
    report = roll_back(host, [entry], KINDS)
    assert report.failed and "number:gone" in report.lines[0] and host.tree.contents["/numbers/gone"] == "1"


def test_the_connection_may_be_disturbed_to_get_it_back(host):
    host.kernel.add("eth0", up=True, ifaddr=["192.0.2.1"])
    host.session.address = "192.0.2.1"
    host.ip.addresses = lambda: [{"ifname": "eth0", "addr_info": [{"local": "192.0.2.1"}]}]
    step(host, "numbers", {"path": "1"}, consents=["management:eth0"])
    assert not undo(host).failed and "/numbers/path" not in host.tree.contents


@pytest.mark.parametrize("state", ["open", "failed"])
def test_an_entry_that_cannot_be_read_may_be_of_the_run_and_is_told(host, state):
    host.tree.private[DIRECTORY + "/00000001-numbers.open"] = "{"  # older than the run
    step(host, "more", {"a": "1"})
    host.tree.private["%s/00000009-numbers.%s" % (DIRECTORY, state)] = "{"
    report = undo(host)
    assert states(report) == [("numbers", NOT_UNDONE), ("more", UNDONE)] and "damaged" in report.lines[0]


def test_an_entry_that_cannot_be_marked_is_told_and_done_again(host):
    step(host, "numbers", {"a": "1"})
    host.tree.failures["move_private", "/var/lib"] = errno.EROFS
    report = undo(host)
    assert report.failed and "EROFS" in report.lines[0] and host.tree.contents == FORMER
    host.tree.failures.clear()
    assert states(undo(host)) == [("numbers", NOTHING_TO_UNDO)]


def test_what_the_resource_refuses_is_told(host):
    step(host, "numbers", {"a": "1"})
    (entry,) = entries_of(host, RUN)
    entry.entry.undo["params"]["bad"] = 1
    report = roll_back(host, [entry], KINDS)
    assert report.failed and "bad: 1 is bad" in report.lines[0]


def test_a_journal_that_cannot_be_listed_is_an_error(host):
    host.tree.failures["listdir", DIRECTORY] = errno.EIO
    with pytest.raises(VnicError, match="cannot be listed"):
        entries_of(host, RUN)


def count():
    """The number of writes of the fault-free run, and the state after it."""
    host, fuse = build(), Fuse(ALL)
    set_fuse(host, fuse)
    run_all(host)
    return ALL - fuse.left, dict(host.tree.contents)


TOTAL, FINAL = count()


def after_all(host, run):
    """What was led back is wished again, and comes out as without a fault."""
    for kind, wish in STEPS:
        step(host, kind, wish, run=run)
    assert host.tree.contents == FINAL


def test_there_is_something_to_cut():
    assert TOTAL == 8 + 2 * len(STEPS)  # and the journal's


@pytest.mark.parametrize("allowed", range(TOTAL + 1))
def test_killed_after_each_write_and_led_back_it_is_as_before_and_runs_again(allowed):
    host = build()
    set_fuse(host, Fuse(allowed))
    try:
        run_all(host)
        assert allowed == TOTAL
    except Killed:
        pass
    set_fuse(host, Fuse(ALL))
    assert not undo(host).failed and host.tree.contents == FORMER
    assert all(name.endswith(".undone") for name in names(host))
    after_all(host, "second")


@pytest.mark.parametrize("allowed", range(TOTAL))
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_refused_at_each_write_and_led_back_it_is_as_before_and_runs_again(allowed, code):
    host = build()
    set_fuse(host, Fuse(allowed, OSError(code, "x")))
    try:
        run_all(host)  # the journal's end may be refused: that is a note
    except VnicError:
        pass
    assert not undo(host).failed and host.tree.contents == FORMER
    after_all(host, "second")


@pytest.mark.parametrize("error", [None, OSError(errno.EIO, "x")])
def test_killed_or_refused_at_each_write_of_leading_back_it_is_done_by_the_next_try(error):
    allowed, ended = 0, False
    while not ended:
        host = build()
        run_all(host)
        fuse = Fuse(allowed, error)
        set_fuse(host, fuse)
        try:
            ended = not undo(host).failed
        except Killed:
            pass
        set_fuse(host, Fuse(ALL))
        assert not undo(host).failed and host.tree.contents == FORMER, allowed
        assert all(name.endswith(".undone") for name in names(host))
        after_all(host, "second")
        allowed += 1
    assert allowed == TOTAL + 1 - len(STEPS)  # an entry needs no second one
