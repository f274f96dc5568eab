# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a run, on a host in memory."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import DIRECTORY, LOCK, Journal
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal_run import KEPT, OVER
from ansible_collections.kvm.vnic.plugins.module_utils._engine.unfinished import BOOT_ID, unfinished_run
from ansible_collections.kvm.vnic.plugins.module_utils._host import journal_files, run_lock
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import (
    DONE,
    FAILED,
    UNKNOWN,
    UNSUPPORTED,
    Action,
    Result,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import (
    ApplyFailed,
    Conflict,
    Danger,
    InvalidInput,
    NotJournalled,
    Problem,
    RunInProgress,
    Unsupported,
    VerificationFailed,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.undo import Undo
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost


class Shelf(Resource):
    """``things``: ``{name: number}``, led to those of the parameters, one batch each."""

    kind = "shelf"

    def __init__(self, **things):
        self.things, self.answers, self.lies = things, {}, set()
        self.observed, self.before_write, self.lacking = 0, lambda name: None, ()
        self.dangerous = set()

    def validate(self, params, host):
        return {key: value for key, value in params.items() if key != "purge"}

    def observe(self, host, desired):
        self.observed += 1
        return dict(self.things)

    def missing(self, desired, state):
        return self.lacking

    def dangers(self, host, desired, state, actions):
        return [Danger("x:%s" % name, "x", ("somebody",)) for name in self.dangerous]

    def plan(self, desired, state):
        return [
            Action(key, "number", state.get(key, UNKNOWN), value)
            for key, value in desired.items()
            if state.get(key) != value
        ]

    def undo(self, desired, before, actions):
        return Undo({action.target: before.get(action.target) for action in actions})

    def batches(self, actions):
        return [[action] for action in actions]

    def apply(self, host, batch):
        (action,) = batch
        self.before_write(action.target)
        status = self.answers.get(action.target, DONE)
        if status == DONE and action.target not in self.lies:
            self.things[action.target] = action.after
        return [Result(action, status, "EBUSY")]

    def show(self, state):
        return {"things": state}


class Killed(BaseException):
    pass


def kill(name):
    raise Killed


def break_down(name):
    raise OSError(errno.EIO, "broken")


@pytest.fixture
def host():
    return MemoryHost()


def run(host, shelf, check=False, **wish):
    return converge(shelf, wish, host, Consent(), Journal(host), check)


def cut_off(host, **wish):
    """A run that is killed at its first write."""
    shelf = Shelf()
    shelf.before_write = kill
    with pytest.raises(Killed):
        run(host, shelf, **wish)
    host.lock.holder = ""
    host.tree.private[LOCK] = host.tree.private[LOCK].partition("\n")[0]


def journal(host):
    return {
        path[len(DIRECTORY) + 1 :]: text
        for path, text in sorted(host.tree.private.items())
        if path.startswith(DIRECTORY)
    }


def put(host, name, text):
    host.tree.private["%s/%s" % (DIRECTORY, name)] = text


def test_the_places_are_those_of_the_doors():
    assert (DIRECTORY, LOCK, OVER) == (journal_files.DIRECTORY, run_lock.PATH, run_lock.OVER)


def test_before_the_first_write_there_is_all_that_leading_back_needs(host):
    shelf, seen = Shelf(a=1), []
    shelf.before_write = lambda name: seen.append((journal(host), host.lock.holder))
    host.tree.contents.update(
        {BOOT_ID: "b1\n", "/proc/%d/stat" % os.getpid(): "9 (a) b) S %s" % " ".join(map(str, range(4, 60)))}
    )
    outcome = run(host, shelf, a=2, b=3)
    assert outcome.results and not outcome.notes
    (name, text), *more = seen[0][0].items()
    assert (name, more) == ("00000001-shelf.open", [])
    entry = json.loads(text)
    assert len(entry.pop("run")) == 16
    assert entry == {
        "schema": 2,
        "run_of": "",
        "undo": {"params": {"a": 1, "b": None}, "consents": [], "uncovered": []},
        "kind": "shelf",
        "pid": os.getpid(),
        "boot": "b1",
        "born": "22",
        "began": "2026-01-02T03:04:05Z",
        "params": {"a": 2, "b": 3},
        "before": {"things": {"a": 1}},
        "actions": [
            {
                "target": "a",
                "field": "number",
                "before": 1,
                "after": 2,
                "reason": "",
                "effect": "now",
                "reversible": "yes",
            },
            {
                "target": "b",
                "field": "number",
                "before": "unknown",
                "after": 3,
                "reason": "",
                "effect": "now",
                "reversible": "yes",
            },
        ],
    }
    holder = json.loads(seen[0][1])
    assert (holder["module"], holder["pid"], holder["since"]) == ("kvm.vnic.shelf", os.getpid(), "2026-01-02T03:04:05Z")
    assert journal(host) == {"00000001-shelf.done": text} and host.lock.holder == ""
    assert host.tree.private_writes == [
        ("write", "00000001-shelf.open"),
        ("move", "00000001-shelf.open", "00000001-shelf.done"),
    ]


@pytest.mark.parametrize("wish, check", [({"a": 1}, False), ({"a": 2}, True)])
def test_nothing_to_do_and_check_mode_take_no_lock_and_write_nothing(host, wish, check):
    host.lock.refused = AssertionError("taken")
    run(host, Shelf(a=1), check=check, **wish)
    assert host.tree.private == {} and host.tree.private_writes == []


def test_what_is_refused_writes_nothing(host):
    shelf = Shelf()
    shelf.dangerous = {"a"}
    with pytest.raises(Conflict):
        run(host, shelf, a=1)
    shelf.lacking = [Problem("a", 1, "is missing")]
    with pytest.raises(InvalidInput):
        run(host, shelf, a=1)
    assert host.tree.private == {}


def test_a_run_that_finds_nothing_to_do_loads_no_more_than_before():
    source = """
        import sys
        from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
        from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import Journal
        from ansible_collections.kvm.vnic.plugins.module_utils._host.host import Host
        from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
        from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource

        class Nothing(Resource):
            validate = observe = lambda self, *more: {}
            plan = lambda self, *more: []

        converge(Nothing(), {}, Host(sys.argv[1]), Consent(), Journal(Host(sys.argv[1])))
        print([name for name in sys.modules if name.endswith(("journal_run", "unfinished", "journal_entry", "run_lock", "journal_files", "private_directory"))])
    """
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    command = [sys.executable, "-c", textwrap.dedent(source), "/nonexistent"]
    done = subprocess.run(command, capture_output=True, check=False, env=environment, text=True)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def test_a_run_that_was_cut_off_is_told_of_and_ended(host):
    cut_off(host, a=2, b=3)
    shelf = Shelf(a=1)
    told = (
        "a run of shelf that process %d began at 2026-01-02T03:04:05Z did not end: it was about to change a number"
        % os.getpid()
    )
    checked = run(host, shelf, check=True, a=2, b=3)
    assert (
        len(checked.notes) == 1 and checked.notes[0].startswith(told) and list(journal(host)) == ["00000001-shelf.open"]
    )
    outcome = run(host, shelf, a=2, b=3)
    assert outcome.notes == checked.notes and shelf.things == {"a": 2, "b": 3}
    assert list(journal(host)) == ["00000001-shelf.done", "00000002-shelf.done"]
    assert run(host, shelf, a=2, b=3).notes == ()


def test_a_run_that_was_cut_off_after_its_last_write_is_ended_by_one_that_finds_nothing_to_do(host):
    cut_off(host, a=2)
    outcome = run(host, Shelf(a=2), a=2)
    assert not outcome.changed and "did not end" in outcome.notes[0]
    assert list(journal(host)) == ["00000001-shelf.done"] and host.lock.holder == ""


def test_a_run_that_speaks_of_something_else_leaves_it_unfinished_and_says_so(host):
    cut_off(host, a=2)
    for wish, changed in (({"b": 1}, True), ({"b": 1}, False)):
        shelf = Shelf() if changed else Shelf(b=1)
        outcome = run(host, shelf, **wish)
        assert "This run does not name all of that" in outcome.notes[0] and outcome.changed == changed
    assert list(journal(host)) == ["00000001-shelf.open", "00000002-shelf.done"]
    run(host, Shelf(b=1), b=1, purge=True)
    assert list(journal(host)) == ["00000001-shelf.done", "00000002-shelf.done"]


def test_other_resources_are_no_business_of_a_run(host):
    cut_off(host, a=2)
    shelf = Shelf()
    shelf.kind = "book_shelf"
    assert run(host, shelf, a=2).notes == ()
    assert list(journal(host)) == ["00000001-shelf.open", "00000002-book_shelf.done"]


@pytest.mark.parametrize(
    "prepare, error",
    [
        (lambda shelf: shelf.answers.update(b=FAILED), ApplyFailed),
        (lambda shelf: shelf.lies.add("b"), VerificationFailed),
        (lambda shelf: setattr(shelf, "before_write", break_down), OSError),
    ],
)
def test_a_run_that_fails_says_so_and_the_next_one_ends_it(host, prepare, error):
    shelf = Shelf()
    prepare(shelf)
    with pytest.raises(error):
        run(host, shelf, a=1, b=2)
    assert list(journal(host)) == ["00000001-shelf.failed"] and host.lock.holder == ""
    assert (
        "shelf that process" in unfinished_run(host)[0].summary and " failed. It was" in unfinished_run(host)[0].summary
    )
    outcome = run(host, Shelf(), a=1, b=2)
    assert " failed: it was about to change" in outcome.notes[0]
    assert list(journal(host)) == ["00000001-shelf.done", "00000002-shelf.done"]


def test_what_the_host_cannot_do_ends_a_run(host):
    shelf = Shelf()
    shelf.answers, shelf.things = {"b": UNSUPPORTED}, {}
    with pytest.raises(Unsupported):
        run(host, shelf, a=1, b=2)
    assert list(journal(host)) == ["00000001-shelf.done"]


WRITE, MOVE = ("write_private", "/var/lib"), ("move_private", "/var/lib")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EDQUOT])
def test_without_a_journal_nothing_is_touched(host, code):
    host.tree.failures[WRITE] = code
    shelf = Shelf()
    with pytest.raises(NotJournalled) as caught:
        run(host, shelf, a=1)
    for word in ("nothing was changed", errno.errorcode[code], DIRECTORY, "run again"):
        assert word in str(caught.value)
    assert shelf.things == {} and journal(host) == {} and host.lock.holder == ""
    host.tree.failures.clear()
    assert run(host, shelf, a=1).notes == ()


def test_a_disk_that_does_not_answer_is_no_journal(host):
    host.tree.stuck.add("/var/lib")
    shelf = Shelf()
    with pytest.raises(NotJournalled, match="did not return"):
        run(host, shelf, a=1)
    assert shelf.things == {} and host.lock.holder == ""


def test_without_a_lock_nothing_is_touched(host):
    host.lock.refused = ApplyFailed(LOCK, "EROFS (Read-only file system)")
    shelf = Shelf()
    with pytest.raises(NotJournalled, match="nothing was changed.*EROFS"):
        run(host, shelf, a=1)
    assert shelf.things == {} and host.tree.private == {}


def test_a_directory_that_cannot_be_listed_is_not_written_to(host):
    host.tree.failures["listdir", DIRECTORY] = errno.EIO
    shelf = Shelf()
    with pytest.raises(NotJournalled, match="cannot be listed"):
        run(host, shelf, a=1)
    assert shelf.things == {} and host.lock.holder == ""
    assert [(finding.id, finding.severity) for finding in unfinished_run(host)] == [("unfinished_run", "notice")]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_journal_that_cannot_be_closed_is_a_note_and_no_failure(host, code):
    host.tree.failures[MOVE] = code
    shelf = Shelf()
    outcome = run(host, shelf, a=1)
    assert (
        shelf.things == {"a": 1}
        and "could not be closed" in outcome.notes[0]
        and errno.errorcode[code] in outcome.notes[0]
    )
    shelf.answers["b"] = FAILED
    with pytest.raises(ApplyFailed, match="EBUSY"):  # and not the journal's error
        run(host, shelf, b=1)
    host.tree.failures.clear()
    assert len(run(host, Shelf(a=1), a=1).notes) == 2
    assert list(journal(host)) == ["00000001-shelf.done", "00000002-shelf.open"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", json.dumps({"schema": 99}), json.dumps({"schema": 1, "kind": "shelf"})]
)
@pytest.mark.parametrize("ending", ["open", "failed"])
def test_what_cannot_be_read_is_told_and_set_aside(host, text, ending):
    put(host, "00000007-shelf.%s" % ending, text)
    assert [finding.subject for finding in unfinished_run(host)] == ["%s/00000007-shelf.%s" % (DIRECTORY, ending)]
    shelf = Shelf(a=1)
    for check in (True, False):
        outcome = run(host, shelf, check=check, a=1)
        assert "00000007-shelf.%s" % ending in outcome.notes[0] and not outcome.changed
    assert journal(host) == {"00000007-shelf.unread": text} and unfinished_run(host) == []
    assert run(host, shelf, a=2).notes == ()
    assert list(journal(host)) == ["00000007-shelf.unread", "00000008-shelf.done"]


def test_an_entry_that_the_door_does_not_give_out_is_set_aside(host, monkeypatch):
    put(host, "00000007-shelf.open", "x")
    monkeypatch.setattr(
        host.tree, "_read_private", lambda base, below, names: {name: [errno.ELOOP, "a link"] for name in names}
    )
    assert "cannot be read: a link" in run(host, Shelf(a=1), a=1).notes[0]
    assert list(journal(host)) == ["00000007-shelf.unread"]


def test_a_directory_that_is_not_trusted_is_a_note_for_who_writes_nothing(host):
    put(host, "00000007-shelf.open", "x")
    host.tree.failures["read_private", "/var/lib"] = errno.EPERM
    outcome = run(host, Shelf(a=1), a=1)
    assert "cannot be told" in outcome.notes[0] and list(journal(host)) == ["00000007-shelf.open"]
    assert unfinished_run(host)[0].severity == "notice"


def test_only_the_newest_are_kept(host):
    shelf = Shelf()
    for number in range(KEPT + 5):
        put(host, "%08d-other.open" % (1000 + number), "{")
    for number in range(KEPT + 5):
        run(host, shelf, a=number)
    names = list(journal(host))
    assert (
        sum(name.endswith(".done") for name in names) == KEPT and sum(name.endswith(".open") for name in names) == KEPT
    )
    assert (
        names[-1] == "%08d-shelf.done" % (1000 + 2 * (KEPT + 5) - 1) and "%08d-other.open" % (1000 + KEPT + 4) in names
    )
    assert "00001000-other.open" not in names


def test_what_a_killed_run_left_half_written_goes_and_what_is_not_ours_stays(host):
    put(host, ".00000003-other.open", "{")
    put(host, "notes.txt", "mine")
    put(host, ".hidden", "mine")
    run(host, Shelf(), a=1)
    assert list(journal(host)) == [".hidden", "00000001-shelf.done", "notes.txt"]


def test_while_another_run_changes_the_host_a_run_fails_and_names_it(host):
    host.lock.holder = '{"module": "kvm.vnic.sriov", "pid": 7, "since": "2026-01-01T00:00:00Z"}'
    shelf = Shelf()
    with pytest.raises(RunInProgress) as caught:
        run(host, shelf, a=1)
    assert "kvm.vnic.sriov" in str(caught.value) and shelf.things == {} and journal(host) == {}
    assert not run(host, Shelf(a=1), a=1).changed  # there is nothing that it would be in the way of


@pytest.mark.parametrize("left, looks", [("", 1), ("x\n" + OVER, 1), ("x", 2)])
def test_the_host_is_looked_at_again_when_another_run_had_it_meanwhile(host, left, looks):
    """``left``: what the lock holds all the time; a run that did not let go may have been at it until now."""
    if left:
        host.tree.private[LOCK] = left
    shelf = Shelf()
    run(host, shelf, a=1)
    assert shelf.observed == looks + 1  # one to verify


def meanwhile(host, change):
    """Another run takes the lock and changes the host after it was looked at."""
    take = host.lock.take

    def late(owner, seconds):
        change()
        take("other", 0)
        host.lock.release()
        return take(owner, seconds)

    host.lock.take = late


def test_what_another_run_did_meanwhile_is_not_done_again(host):
    shelf = Shelf()
    meanwhile(host, lambda: shelf.things.update(a=1))
    outcome = run(host, shelf, a=1)
    assert not outcome.changed and outcome.before == outcome.after == {"a": 1} and journal(host) == {}


def test_what_another_run_did_meanwhile_is_in_the_journal(host):
    shelf = Shelf(a=1)
    meanwhile(host, lambda: shelf.things.update(a=5))
    run(host, shelf, a=2)
    assert json.loads(journal(host)["00000001-shelf.done"])["before"] == {"things": {"a": 5}}


def test_what_another_run_took_meanwhile_is_missing_and_what_it_endangers_refused(host):
    shelf = Shelf()
    meanwhile(host, lambda: setattr(shelf, "lacking", [Problem("a", 1, "is gone")]))
    with pytest.raises(InvalidInput, match="is gone"):
        run(host, shelf, a=1)
    shelf.lacking, host.lock.take = (), type(host.lock).take.__get__(host.lock)
    meanwhile(host, lambda: shelf.dangerous.add("a"))
    with pytest.raises(Conflict, match="somebody"):
        run(host, shelf, a=1)
    assert shelf.things == {} and journal(host) == {} and host.lock.holder == ""


def test_a_run_that_goes_on_is_no_unfinished_one(host):
    stat = "/proc/%d/stat" % os.getpid()
    host.tree.contents.update({BOOT_ID: "b1\n", stat: "9 (a) b) S %s" % " ".join(map(str, range(4, 60)))})
    cut_off(host, a=2)
    assert unfinished_run(host) == [] and run(host, Shelf(a=1), check=True, a=2).notes == ()
    assert run(host, Shelf(a=1), a=3, b=1).notes  # it has the lock, so nobody else goes on
    cut_off(host, a=2)
    host.tree.contents[BOOT_ID] = "b2\n"
    assert [finding.subject for finding in unfinished_run(host)] == ["shelf"]
    assert "did not end" in run(host, Shelf(a=1), check=True, a=2).notes[0]


def test_the_finding_says_what_and_how_to_mend_it(host):
    assert unfinished_run(host) == []
    cut_off(host, a=2)
    (finding,) = unfinished_run(host)
    told = finding.to_dict()
    assert (told["id"], told["severity"], told["subject"]) == ("unfinished_run", "warning", "shelf")
    assert "a number from unknown to 2" in told["summary"] and "kvm.vnic.shelf" in told["remedy"]
    assert told["evidence"]["entry"] == DIRECTORY + "/00000001-shelf.open" and len(told["evidence"]["actions"]) == 1
