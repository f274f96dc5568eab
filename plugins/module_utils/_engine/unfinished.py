# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that were cut off or failed, as the journal tells."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.action import UNKNOWN
from .._model.errors import VnicError
from .._model.finding import NOTICE, WARNING, Finding
from .._model.journal_entry import JournalEntry, describe_actions, describe_run, parse_entry, parse_entry_names
from .journal import DIRECTORY

BOOT_ID = "/proc/sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Unfinished:
    """``name``: an EntryName; ``entry``: None where it cannot be read, for the reason ``problem``."""

    name: object
    entry: JournalEntry = None
    problem: str = ""


def process_of(host, pid):
    """``(boot, born)`` of the process that has the number ``pid`` now; ``born`` is "" where there is none."""
    found = host.files.read_many([BOOT_ID, "/proc/%d/stat" % pid], "")
    fields = found["/proc/%d/stat" % pid].rpartition(")")[2].split()  # the command's name may hold blanks (proc(5))
    return found[BOOT_ID], fields[19] if len(fields) > 19 else ""


def read_unfinished(host, names):
    """An Unfinished for each of the EntryNames ``names``. Raises VnicError when the directory cannot be read or trusted."""
    found = []
    for text, (content, problem) in host.journal.read([str(name) for name in names]).items():
        name = next(name for name in names if str(name) == text)
        if problem:
            found.append(Unfinished(name, problem="cannot be read: %s" % problem))
            continue
        try:
            found.append(Unfinished(name, parse_entry(content)))
        except ValueError as error:
            found.append(Unfinished(name, problem=str(error)))
    return found


def is_running(host, entry):
    return entry.is_process(*process_of(host, entry.pid))


def unfinished_run(host):
    """A finding for each run that did not come to its end. Reads only, and takes no lock."""
    listed = host.files.list_or(DIRECTORY)
    if listed is UNKNOWN:
        return [_unreadable(DIRECTORY, "cannot be read")]
    names = [name for name in parse_entry_names(listed) if name.unfinished]
    if not names:
        return []
    try:
        read = read_unfinished(host, names)
    except VnicError as error:
        return [_unreadable(DIRECTORY, str(error))]
    return [
        _finding(each) if each.entry else _unreadable("%s/%s" % (DIRECTORY, each.name), each.problem)
        for each in read
        if each.entry is None or not is_running(host, each.entry)
    ]


def _finding(found):
    entry = found.entry
    return Finding(
        id="unfinished_run",
        severity=WARNING,
        subject=entry.kind,
        summary="%s. It was about to change %s" % (describe_run(entry, found.name.state), describe_actions(entry)),
        evidence={
            "run": entry.run,
            "began": entry.began,
            "actions": entry.actions,
            "entry": "%s/%s" % (DIRECTORY, found.name),
        },
        remedy="run again what was cut off: a run of kvm.vnic.%s with the same wish ends it" % entry.kind,
    )


def _unreadable(path, problem):
    return Finding(
        id="unfinished_run",
        severity=NOTICE,
        subject=path,
        summary="whether a run did not end cannot be told: %s %s" % (path, problem),
        evidence={"problem": problem},
        remedy="look at the file; the next run that changes something sets it aside",
    )
