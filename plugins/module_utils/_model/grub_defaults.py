# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel arguments in ``/etc/default/grub`` and what is sourced after it (grub-mkconfig;
util/grub.d/10_linux.in)."""

from __future__ import annotations

from .action import UNKNOWN
from .grub_shell import TEXT, VARIABLE, Garbled, read_shell
from .kernel_command_line import Argument, CommandLine

MAIN = "GRUB_CMDLINE_LINUX"
DEFAULT = "GRUB_CMDLINE_LINUX_DEFAULT"
RECOVERY = "GRUB_CMDLINE_LINUX_RECOVERY"
VARIABLES = (MAIN, DEFAULT, RECOVERY)

_HOLE = "\1%d\1"  # stands for a substitution while the words around it are edited; no text file holds it


def evaluate(text, variables=None):
    """The variables after sourcing ``text``: ``{name: string or unknown}``, going on from ``variables``. Raises
    Garbled."""
    values = dict(variables) if variables is not None else dict.fromkeys(VARIABLES, "")
    shell = read_shell(text)
    for assignment in shell.assignments:
        values[assignment.name] = _value(assignment, values)
    return dict.fromkeys(values, UNKNOWN) if shell.opaque else values


def _value(assignment, values):
    if not assignment.sure:
        return UNKNOWN
    parts = [values.get(assignment.name, "")] if assignment.append else []
    for piece in assignment.pieces:
        parts.append(
            piece.text if piece.kind == TEXT else values.get(piece.text, UNKNOWN) if piece.kind == VARIABLE else UNKNOWN
        )
    return UNKNOWN if UNKNOWN in parts else "".join(parts)


def command_line(values, second=DEFAULT):
    """What an ordinary entry gets (with RECOVERY as ``second``: a recovery entry); unknown when part of it is."""
    if UNKNOWN in (values[MAIN], values[second]):
        return UNKNOWN
    # 10_linux puts the recovery arguments before the main ones and the default ones behind them
    texts = (values[MAIN], values[second]) if second == DEFAULT else (values[second], values[MAIN])
    return CommandLine.parse("%s %s" % texts)


def _escaped(text):
    return "".join("\\" + char if char in '\\"$`' else char for char in text)


def _written(line, holes, before):
    text = before + _escaped(str(line))
    for index, source in enumerate(holes):
        text = text.replace(_HOLE % index, source)
    return '"%s"' % text


def _with_holes(assignment):
    text, holes = "", []
    for piece in assignment.pieces:
        if piece.kind == TEXT:
            text += piece.text
        else:
            text += _HOLE % len(holes)
            holes.append(piece.source)
    return text, holes


def rewritten(text, wish):
    """``text`` with GRUB_CMDLINE_LINUX as wished and ours in no other of its assignments; all other bytes as they were.

    Raises Garbled, and ValueError where an argument of ours is set under a condition that reading cannot decide.
    """
    shell = read_shell(text)
    ours = [
        assignment for assignment in shell.assignments if assignment.name in VARIABLES and assignment.start is not None
    ]
    target = _target(ours, shell)
    edits = []
    for assignment in ours:
        source, holes = _with_holes(assignment)
        line = CommandLine.parse(source)
        edited = line.without(wish.owns)
        if assignment is target:
            edited = edited.plus(wish.present)
        if edited == line and assignment is not target:
            continue
        if not assignment.sure:
            raise ValueError(
                "line %d sets %s under a condition: take %s out of it by hand"
                % (assignment.line, assignment.name, ", ".join(wish.keys))
            )
        if edited != line:
            edits.append((assignment.start, assignment.end, _written(edited, holes, " " if assignment.append else "")))
    for start, end, value in reversed(edits):
        text = text[:start] + value + text[end:]
    if target is None and wish.present:
        text += ("" if text.endswith("\n") or not text else "\n") + _last_line(shell, wish)
    return text


def _target(ours, shell):
    """The assignment that takes our arguments: the last one of GRUB_CMDLINE_LINUX that surely counts; None when a
    line of our own must."""
    if shell.opaque:
        return None
    for assignment in reversed(ours):
        if assignment.name == MAIN:
            return assignment if assignment.sure else None
    return None


def _last_line(shell, wish):
    known = any(assignment.name == MAIN for assignment in shell.assignments) or shell.opaque
    return '%s="%s%s"\n' % (
        MAIN,
        "$%s " % MAIN if known else "",
        _escaped(" ".join(str(argument) for argument in wish.present)),
    )


__all__ = ["Argument", "DEFAULT", "Garbled", "MAIN", "RECOVERY", "VARIABLES", "command_line", "evaluate", "rewritten"]
