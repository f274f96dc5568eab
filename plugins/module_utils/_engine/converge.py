# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: one way from a wish to a verified host, for every kind of resource."""

from __future__ import annotations

from .._model.action import FAILED, UNSUPPORTED, Outcome
from .._model.errors import ApplyFailed, InvalidInput, Unsupported
from .guard import guard
from .settle import settle


def _tell(results, not_tried):
    lines = [
        "%s %s: %s" % (result.action.target, result.action.field, result.message)
        for result in results
        if result.status == FAILED
    ]
    done = sum(1 for result in results if result.status not in (FAILED, UNSUPPORTED))
    return "; ".join(lines) + " (%d other steps were done, %d not attempted; run again to converge)" % (done, not_tried)


class _Partial(ApplyFailed):
    """Some actions failed; ``details`` lists what became of each."""

    def __init__(self, results, not_tried):
        super().__init__("apply", _tell(results, not_tried))
        self._results = results

    def __str__(self):
        return self.cause

    def details(self):
        return {"results": [result.to_dict() for result in self._results]}


class _NotHere(Unsupported):
    def __init__(self, results):
        refused = [result for result in results if result.status == UNSUPPORTED]
        super().__init__("; ".join("%s %s: %s" % (r.action.target, r.action.field, r.message) for r in refused))
        self._results = results

    def details(self):
        return {"results": [result.to_dict() for result in self._results]}


def _apply(resource, host, actions, journal):
    results, not_tried = [], len(actions)
    for batch in resource.batches(actions):
        answers = resource.apply(host, batch)
        journal.record(answers)
        results += answers
        not_tried -= len(batch)
        if any(answer.status == FAILED for answer in answers):
            raise _Partial(results, not_tried)
    return results


def _look(resource, host, desired):
    """The state of what is wished, and the problems for what is missing."""
    state = resource.observe(host, desired)
    return state, list(resource.missing(desired, state))


def _decide(resource, host, desired, state, consent):
    actions = tuple(resource.plan(desired, state))
    guard(resource, host, desired, state, actions, consent)
    return actions


def _look_again(resource, host, desired, consent):
    state, missing = _look(resource, host, desired)
    if missing:
        raise InvalidInput(missing)
    return state, _decide(resource, host, desired, state, consent)


def _carry_out(resource, host, desired, before, actions, journal):
    """The results, and the state that was verified."""
    journal.open(resource, before, actions, resource.undo(desired, before, actions))
    results = _apply(resource, host, actions, journal)
    return results, settle(resource, desired, host, results, actions)


def converge(resource, params, host, consent, journal, check=False):
    """Lead ``host`` to what ``params`` wish of ``resource`` and return the Outcome.

    In check mode everything happens but the writing: bad input, missing things and unconsented dangers are reported
    all the same.
    Raises a VnicError: value, unsupported, conflict, apply or verification, in that order of phases.
    """
    desired = resource.consented(resource.validate(params, host), consent)
    journal.look(resource, params)
    before, missing = _look(resource, host, desired)
    if missing and not check:
        raise InvalidInput(missing)
    notes = ["known after apply: %s" % problem for problem in missing]
    actions = _decide(resource, host, desired, before, consent)
    results, after = [], before
    if (actions or journal.unfinished) and not check:
        if actions and journal.wait_for_turn():
            before, actions = _look_again(resource, host, desired, consent)
            after = before
        journal.changing = bool(actions)
        with journal as others_ran:
            if others_ran:
                before, actions = _look_again(resource, host, desired, consent)
                after = before
            if actions:
                results, after = _carry_out(resource, host, desired, before, actions, journal)
            journal.close()
        unsupported = [result for result in results if result.status == UNSUPPORTED]
        if any(not resource.excuses(desired, result) for result in unsupported):
            raise _NotHere(results)
        notes += [
            "%s %s is left as it is: %s" % (result.action.target, result.action.field, result.message)
            for result in unsupported
        ]
    notes += [*resource.notes(desired, after), *resource.remarks(actions), *journal.notes()]
    return Outcome(before, after, actions, tuple(results), tuple(resource.pending(desired, after)), tuple(notes))
