# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to threads: their names, the CPUs they may run on, and how long they ran."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.action import UNKNOWN
from .._model.cpu_set import CpuSet
from .._model.errors import ApplyFailed, InFlight
from .file_worker import Stuck
from .files import error_name

_MANY_TIMEOUT = 60.0
_PIN_TIMEOUT = 10.0
# Of the fields behind the name in parentheses (fs/proc/array.c, do_task_stat)
_PARENT, _START_TIME = 1, 19
_KTHREADD = 2


@dataclass(frozen=True)
class Thread:
    """``process``: the process it belongs to, itself for a kernel thread; ``parent`` of that process; ``started``: in
    clock ticks since boot; ``cpus``: a CpuSet, or unknown."""

    process: int
    tid: int
    name: str
    parent: int
    started: int
    cpus: object

    @property
    def of_kernel(self):
        return self.parent == _KTHREADD

    @property
    def path(self):
        return "/proc/%d/task/%d" % (self.process, self.tid)


def _numbers(stat):
    """``(parent, start time)``, zeros where they cannot be read."""
    fields = stat.rpartition(")")[2].split()
    return tuple(
        int(fields[index]) if len(fields) > index and fields[index].isdigit() else 0 for index in (_PARENT, _START_TIME)
    )


def _allowed(status):
    for line in status.splitlines():
        key, _colon, text = line.partition(":")
        if key == "Cpus_allowed_list":
            return CpuSet.from_list(text)
    return UNKNOWN


class Threads:
    """A thread may end at any moment: what is gone is left out."""

    def __init__(self, files):
        self._files = files

    def of_processes(self, pids):
        """``[(pid, tid)]`` of every thread of these processes."""
        paths = {"/proc/%d/task" % pid: pid for pid in pids}
        found = self._files.list_many(paths, timeout=_MANY_TIMEOUT) if paths else {}
        return [(paths[path], int(name)) for path, names in found.items() for name in names if name.isdigit()]

    def processes(self):
        """``[(pid, pid)]`` of every process, kernel threads among them."""
        return [(int(name), int(name)) for name in self._files.listdir("/proc") if name.isdigit()]

    def named(self, places, matches):
        """The :class:`Thread` of each ``(pid, tid)`` whose name is one that ``matches`` holds for."""
        places = list(places)
        texts = self._files.read_many(
            ["/proc/%d/task/%d/comm" % place for place in places], None, timeout=_MANY_TIMEOUT
        )
        names = {place: texts["/proc/%d/task/%d/comm" % place] for place in places}
        wanted = [place for place in places if names[place] is not None and matches(names[place])]
        details = self._files.read_many(
            ["/proc/%d/task/%d/%s" % (place + (name,)) for place in wanted for name in ("stat", "status")], None
        )
        found = []
        for place in wanted:
            stat, status = (details["/proc/%d/task/%d/%s" % (place + (name,))] for name in ("stat", "status"))
            if stat is not None and status is not None:
                found.append(Thread(place[0], place[1], names[place], *_numbers(stat), _allowed(status)))
        return found

    def run_times(self, threads):
        """``{tid: nanoseconds}`` (Documentation/scheduler/sched-stats.rst); without those that cannot be read."""
        texts = self._files.read_many([thread.path + "/schedstat" for thread in threads], "")
        found = {}
        for thread in threads:
            first = texts[thread.path + "/schedstat"].partition(" ")[0]
            if first.isdigit():
                found[thread.tid] = int(first)
        return found

    def allowed(self, thread):
        """The CPUs it may run on now; unknown when it has ended."""
        return _allowed(self._files.read_or(thread.path + "/status", ""))

    def pin(self, thread, cpus):
        """Let it run on ``cpus`` only. Raises :class:`ApplyFailed` with the errno's name."""
        what = "pin thread %d (%s) to CPUs %s" % (thread.tid, thread.name, cpus)
        if self._files.read_or(thread.path + "/comm", None) != thread.name:
            raise ApplyFailed(what, "it has ended; did the guest restart? run again")
        try:
            self._files.worker.call("pin_thread", self._files.at(thread.path), sorted(cpus), timeout=_PIN_TIMEOUT)
        except Stuck as error:
            raise InFlight(what, error.strerror) from None
        except OSError as error:
            raise ApplyFailed(what, error_name(error)) from None
