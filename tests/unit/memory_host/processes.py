# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes on one host in memory, one at a time and always in the same order, on a clock that only sleeping moves."""

from __future__ import annotations

import json
import threading

from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import LOCK, STEP
from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._host.run_lock import OVER, PAUSE
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import RunInProgress

from .host import MemoryHost


class Killed(BaseException):
    """What a process that is killed gets where it stands."""


class Process:
    """``result``: what its function returned; ``error``: what it raised; ``told``: whether it was asked to end."""

    def __init__(self, name, wake):
        self.name, self.wake = name, wake
        self.turn = threading.Semaphore(0)
        self.killed = self.ended = self.told = False
        self.result = self.error = None


class Processes:
    """The clock, and who goes on when. The test is a process of its own: it lets the others go on by sleeping."""

    def __init__(self):
        self.now, self._all, self.on_end = 0.0, [], lambda process: None
        self.current = self.test = Process("test", 0.0)
        self._all.append(self.test)

    def monotonic(self):
        return self.now

    @staticmethod
    def date():
        return "2026-01-02T03:04:05Z"

    def start(self, name, function):
        process = Process(name, self.now)
        self._all.append(process)

        def run():
            process.turn.acquire()
            try:
                self._die_if_killed()
                process.result = function()
            except Killed:
                pass
            except BaseException as error:  # pylint: disable=broad-except
                process.error = error
            process.ended = True
            self._all.remove(process)
            self.on_end(process)
            self._next().turn.release()

        threading.Thread(target=run, daemon=True).start()
        return process

    def _next(self):
        self.current = min(self._all, key=lambda process: process.wake)
        self.now = max(self.now, self.current.wake)
        return self.current

    def _die_if_killed(self):
        if self.current.killed:
            raise Killed

    def sleep(self, seconds):
        process = self.current
        process.wake = self.now + seconds
        self._all.remove(process)  # of those that wake at the same time, the one that slept first goes first
        self._all.append(process)
        following = self._next()
        if following is not process:
            following.turn.release()
            process.turn.acquire()
        self._die_if_killed()

    def kill(self, process):
        """SIGKILL: it does nothing more."""
        process.killed, process.wake = True, self.now
        while not process.ended:
            self.sleep(0)

    def close(self):
        """No process is left."""
        for process in [each for each in self._all if each is not self.test]:
            self.kill(process)

    def finish(self, process, seconds=100000):
        """Let time pass until ``process`` has ended; returns what it returned or raises what it raised."""
        limit = self.now + seconds
        while not process.ended and self.now < limit:
            self.sleep(0.25)
        if process.error:
            raise process.error
        return process.result


class _Lock:
    def __init__(self, host, path):
        self._host, self._path = host, path

    def take(self, owner, seconds):
        clock, deadline = self._host.clock, self._host.clock.monotonic() + seconds
        if self._path in self._host.refused_locks:
            raise self._host.refused_locks[self._path]
        while self._path in self._host.holders:
            if clock.monotonic() >= deadline:
                raise RunInProgress(self._path, self._host.tree.private[self._path], seconds)
            clock.sleep(PAUSE)
        self._host.holders[self._path] = (self, clock.current)
        former = self._host.tree.private.get(self._path, "")
        self._host.tree.private[self._path] = owner
        return former

    def held_by(self):
        return self._host.tree.private[self._path] if self._path in self._host.holders else ""

    def release(self):
        if self._host.holders.get(self._path, (None,))[0] is self:
            self._host.tree.private[self._path] += "\n" + OVER
            del self._host.holders[self._path]


class SharedHost(MemoryHost):
    """A MemoryHost on which several processes are. ``holders``: ``{lock's path: (lock, process)}``; ``refused_locks``:
    ``{path: what taking it raises}``; ``units``: of the MemorySystemd ``services``."""

    def __init__(self, serve):
        super().__init__()
        self.clock = Processes()
        self.clock.on_end = self._release
        self.holders, self.refused_locks = {}, {}
        self.services = MemorySystemd(self.clock, serve)
        self.commands.tools.update({"systemd-run": self.services.run, "systemctl": self.services.control})

    def _release(self, process):
        self.holders = {path: held for path, held in self.holders.items() if held[1] is not process}

    def run_lock(self):
        return _Lock(self, LOCK)

    def step_lock(self):
        return _Lock(self, STEP)

    def run_step(self, token, seconds):
        """A step of the run, as of a module: a process that holds the lock of a step for so long."""

        def work():
            lock = self.step_lock()
            lock.take(json.dumps({"run": "step at %g" % self.clock.now, "of": token}), 10)
            self.clock.sleep(seconds)
            lock.release()

        return self.clock.start("step", work)


class MemorySystemd:
    """Transient services. ``serve(argv, process)``: what they run; ``refusal``: what systemd-run says instead."""

    def __init__(self, clock, serve):
        self._clock, self._serve = clock, serve
        self.units, self.refusal, self.started = {}, "", []

    def run(self, argv, stdin):
        options, command = argv[1 : argv.index("--")], argv[argv.index("--") + 1 :]
        (unit,) = [option.partition("=")[2] for option in options if option.startswith("--unit=")]
        if self.refusal:
            return Completed(1, "", self.refusal)
        if self.state(unit) != "inactive":
            return Completed(1, "", "Unit %s was already loaded or has a fragment file." % unit)
        self.started.append((options, command))
        self.units[unit] = process = self._clock.start(unit, lambda: self._serve(command, process))
        return ""

    def state(self, unit):
        process = self.units.get(unit)
        if process is None:
            return "inactive"
        if not process.ended:
            return "active"
        return "failed" if process.killed or process.error or process.result else "inactive"

    def control(self, argv, stdin):
        verb, unit = argv[2], argv[-1]
        state = self.state(unit)
        if verb == "is-active":
            return Completed(0 if state == "active" else 3, "", "")
        if verb == "reset-failed":
            if state != "failed":
                return Completed(1, "", "Unit %s not loaded." % unit)
            del self.units[unit]
        if verb == "stop" and state == "active":
            self.units[unit].told = True
            self._clock.finish(self.units[unit])
        if verb == "show":
            process = self.units[unit] if state == "failed" else None
            code = 0 if process is None else 9 if process.killed else process.result
            result = "success" if process is None else "signal" if process.killed else "exit-code"
            load = "not-found" if state == "inactive" else "loaded"
            return "LoadState=%s\nActiveState=%s\nResult=%s\nExecMainStatus=%d\n" % (load, state, result, code)
        return ""
