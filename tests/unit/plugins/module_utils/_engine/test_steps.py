# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that is a step of a run with a checkpoint, and one that is not while such a run is open."""

from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import DIRECTORY, LOCK, STEP, Journal
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal_run import KEPT, OVER
from ansible_collections.kvm.vnic.plugins.module_utils._engine.open_run import RECORD, names_run
from ansible_collections.kvm.vnic.plugins.module_utils._host import run_lock
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import (
    ApplyFailed,
    Conflict,
    NotJournalled,
    RunInProgress,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.plugins.module_utils._engine.test_rollback import Numbers

RUN = "77aa77aa77aa77aa"
OWNER = json.dumps({"module": "kvm.vnic.checkpoint", "pid": 7, "run": RUN, "since": "2026-01-01T00:00:00Z"})


@pytest.fixture
def host():
    host = MemoryHost()
    host.lock.take(OWNER, 0)
    return host


def run(host, checkpoint="", held=False, check=False, **wish):
    return converge(Numbers(), wish, host, Consent(), Journal(host, checkpoint, held), check)


def record(host, **told):
    host.tree.private[RECORD] = json.dumps(told)


def entries(host):
    return {
        path[len(DIRECTORY) + 1 :]: json.loads(text)["run_of"]
        for path, text in sorted(host.tree.private.items())
        if path.startswith(DIRECTORY)
    }


def test_the_places_are_those_of_the_doors():
    assert (STEP, LOCK) == (run_lock.STEP, run_lock.PATH)


def test_a_step_takes_the_lock_of_a_step_and_its_entry_names_the_run(host):
    seen, replace = [], host.files.replace

    def watched(*arguments):
        seen.append((json.loads(host.step.holder)["module"], host.lock.holder))
        replace(*arguments)

    host.files.replace = watched
    run(host, RUN, a="1")
    assert seen == [("kvm.vnic.numbers", OWNER)] and entries(host) == {"00000001-numbers.done": RUN}
    assert host.step.holder == "" and host.lock.holder == OWNER and host.tree.private[STEP].endswith(OVER)


def test_who_is_no_step_is_refused_while_a_run_is_open_and_learns_which(host):
    with pytest.raises(RunInProgress) as caught:
        run(host, a="1")
    for word in ("kvm.vnic.checkpoint", RUN, "nothing was written", "2026-01-01"):
        assert word in str(caught.value)
    assert host.tree.contents == {} and entries(host) == {}
    assert not run(host, a=None).changed and run(host, check=True, a="1").changed  # these write nothing


def end(host):
    host.lock.release()


def kill(host):
    host.lock.holder = ""


def boot(host):
    kill(host)
    del host.tree.private[LOCK]


def hand_over(host):
    end(host)
    host.lock.take(json.dumps({"run": "another"}), 0)


ENDED = {"run": RUN, "state": "undone", "why": "it was not confirmed"}


@pytest.mark.parametrize("how", [end, kill, boot, hand_over])
@pytest.mark.parametrize(
    "told, words",
    [
        (ENDED, "has ended (undone because it was not confirmed), nothing was written"),
        (dict(ENDED, state="undo_failed"), "has ended (undone, which failed in parts because it was not confirmed)"),
        (dict(ENDED, state="confirmed", why=""), "has ended (confirmed)"),
        (dict(ENDED, state="open", why=""), "was cut off"),
        (dict(ENDED, state="undoing"), "was cut off"),
        (dict(ENDED, run="another"), "is not open on this host"),
        (None, "is not open on this host"),
    ],
)
def test_a_step_of_a_run_that_has_ended_writes_nothing_and_says_why(host, how, told, words):
    how(host)
    if told:
        record(host, **told)
    with pytest.raises(Conflict) as caught:
        run(host, RUN, a="1")
    assert "the run %s %s" % (RUN, words) in str(caught.value) and "checkpoint" in str(caught.value)
    assert host.tree.contents == {} and entries(host) == {} and host.step.holder == ""


@pytest.mark.parametrize("wish, check", [({"a": "1"}, True), ({"a": None}, False)])
def test_a_step_that_would_write_nothing_learns_too_that_its_run_has_ended(host, wish, check):
    end(host)
    record(host, **ENDED)
    with pytest.raises(Conflict, match="has ended"):
        run(host, RUN, check=check, **wish)


@pytest.mark.parametrize("between, looks", [(False, 2), (True, 3)])
def test_the_host_is_looked_at_again_when_another_step_came_between_and_only_then(host, between, looks):
    seen, read, take = [], host.files.read_or, host.step.take
    run(host, RUN, b="1")

    def late(owner, seconds):
        if between:
            take("other", 0)
            host.step.release()
        return take(owner, seconds)

    def watched(path, default):
        seen.extend([path] * (path == "/numbers/a"))
        return read(path, default)

    host.step.take, host.files.read_or = late, watched
    run(host, RUN, a="1")
    assert len(seen) == looks  # one to verify


@pytest.mark.parametrize("text", ["", "{", "[]", "null", json.dumps({"run": [RUN]})])
def test_a_lock_or_a_record_that_says_nothing_names_no_run(host, text):
    assert not names_run(text, RUN)
    host.lock.holder = host.tree.private[LOCK] = host.tree.private[RECORD] = text
    with pytest.raises(Conflict, match="is not open on this host"):
        run(host, RUN, a="1")


@pytest.mark.parametrize("token", ["x", "../../etc", "\x1b[2J", "ü" * 5000, RUN + "0", RUN[:-1]])
def test_a_token_that_is_none_is_refused_in_check_mode_too(host, token):
    for check in (False, True):
        with pytest.raises(Conflict, match="is not open on this host") as caught:
            run(host, token, check=check, a="1")
        assert str(caught.value).isprintable()


def test_a_run_that_ends_while_a_step_looks_is_seen_when_it_has_its_lock(host):
    take = host.step.take

    def late(owner, seconds):
        end(host)
        record(host, **ENDED)
        return take(owner, seconds)

    host.step.take = late
    with pytest.raises(Conflict, match="undone because it was not confirmed"):
        run(host, RUN, a="1")
    assert host.tree.contents == {} and entries(host) == {} and host.step.holder == ""


def test_while_the_run_is_being_undone_its_step_waits_and_is_refused(host):
    host.step.holder = "the service"
    with pytest.raises(RunInProgress, match="the service") as caught:
        run(host, RUN, a="1")
    assert caught.value.path == STEP and host.tree.contents == {} and host.step.holder == "the service"


def test_without_a_lock_of_its_own_a_step_writes_nothing(host):
    host.step.refused = ApplyFailed(STEP, "EROFS (Read-only file system)")
    with pytest.raises(NotJournalled, match="nothing was changed.*EROFS"):
        run(host, RUN, a="1")
    assert host.tree.contents == {}


def test_what_another_step_did_meanwhile_is_not_done_again(host):
    take = host.step.take

    def late(owner, seconds):
        host.tree.contents["/numbers/a"] = "1"
        take("other", 0)
        host.step.release()
        return take(owner, seconds)

    host.step.take = late
    assert not run(host, RUN, a="1").changed and host.tree.writes == []


def test_who_has_the_lock_already_takes_none(host):
    host.lock.refused = host.step.refused = AssertionError("taken")
    run(host, held=True, a="1")
    assert entries(host) == {"00000001-numbers.done": ""} and host.lock.holder == OWNER


def fill(host, runs):
    for name in runs:
        if name:
            host.lock.holder = host.tree.private[LOCK] = json.dumps({"run": name})
        else:
            host.lock.holder = ""
            host.tree.private[LOCK] = OVER
        run(host, name, a=str(len(host.tree.writes)))


def test_what_leads_back_the_open_run_and_those_that_the_record_names_is_never_dropped(host):
    record(host, run="aaaa", state="open", confirmed="bbbb")
    fill(host, ["cccc", "bbbb", "aaaa"])
    fill(host, ["dddd"] + [""] * (KEPT + 4))
    kept = entries(host)
    assert kept["00000002-numbers.done"] == "bbbb" and kept["00000003-numbers.done"] == "aaaa"
    assert "cccc" not in kept.values() and "dddd" not in kept.values() and len(kept) == KEPT + 2
    record(host, run="ffff", state="confirmed", confirmed="ffff")
    fill(host, [""])
    assert len(entries(host)) == KEPT and set(entries(host).values()) == {""}


def test_a_step_drops_nothing_of_its_own_run(host):
    fill(host, ["eeee"] * (KEPT + 3))
    assert len(entries(host)) == KEPT + 3


@pytest.mark.parametrize("operation, path", [("content", RECORD), ("read_private", "/var/lib")])
def test_while_it_cannot_be_told_what_leads_back_nothing_is_dropped(host, operation, path):
    fill(host, [""] * KEPT)
    host.tree.failures[operation, path] = 5
    fill(host, [""] * 3)
    assert len(entries(host)) == KEPT + 3
    host.tree.failures.clear()
    fill(host, [""])
    assert len(entries(host)) == KEPT
