# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry actions out: one transaction (see :func:`transactions`), then the links, then the host's addresses."""

from __future__ import annotations

from .._host.ovs import RUNNING
from .._model.action import DONE, FAILED, NOW, Result
from .._model.errors import AppliedUnverified, VnicError
from .ovs_step import transactions


def _lines(host, lines):
    """``{line: what the kernel answered}`` of those that failed."""
    lines = list(lines)
    return {" ".join(line): answer for line, answer in zip(lines, host.ip.batch(lines)) if answer is not None}


def carry_out(host, actions):
    """One Result for each action. Raises what the transaction raises."""
    steps = [action.data for action in actions]
    moves = [step.move for step in steps if step.move and not step.back]
    *early, last = transactions(steps) or [None]
    wait = all(action.effect == NOW for action in actions)
    try:
        for commands in early:
            host.ovs.transact(commands, wait=False)
        if last:
            touched = {name for step in steps for name in step.touches}
            host.ovs.transact(last, wait, touched)
    except VnicError as error:
        if moves:
            _give_back(host, actions, moves)
        if isinstance(error, AppliedUnverified) and error.daemon == RUNNING:  # as for a port elsewhere that is in error
            _lead_back(host, steps)
        raise
    failed = _bring_up(host, actions)
    _lead_back(host, steps)
    for index, action in enumerate(actions):
        if action.data.move and not action.data.back:
            refused = _move(host, action.data.move, actions)
            if refused:
                failed[index] = refused
    return [
        Result(action, FAILED if index in failed else DONE, failed.get(index, ""))
        for index, action in enumerate(actions)
    ]


def _lead_back(host, steps):
    """Which of these lines were to be done, the verification tells."""
    lines = [line for step in steps if step.back for line in step.move.undo()]
    if lines:
        _lines(host, lines)


def _bring_up(host, actions):
    """``{index of the action: what was refused}``, after one call for all of them."""
    lines = {
        index: ["link", "set", "dev", action.data.up[0], "up" if action.data.up[1] else "down"]
        for index, action in enumerate(actions)
        if action.data.up
    }
    refused = _lines(host, lines.values())
    told = {index: " ".join(line) for index, line in lines.items()}
    return {index: "ip %s: %s" % (line, refused[line]) for index, line in told.items() if line in refused}


def _move(host, move, actions):
    """What was refused, or None."""
    refused = _lines(host, move.arrive()) or _lines(host, move.leave())
    if not refused:
        return None
    _give_back(host, actions, [move])
    told = "; ".join("ip %s: %s" % item for item in sorted(refused.items()))
    return "%s; the port was taken from the bridge again, and %s has its addresses back" % (told, move.device)


def _give_back(host, actions, moves):
    """An uplink that is in a switch which does not carry the host's addresses cuts the way in: rather none at all."""
    names = {move.device for move in moves}
    undo = [words for action in actions if names & set(action.data.takes) for words in action.data.undo]
    try:
        if undo:
            host.ovs.transact(undo, wait=host.ovs.switch_state() == RUNNING)
    except VnicError:
        pass  # what led here is told; this is the attempt to keep the way in
    for move in moves:
        _lines(host, move.undo())
