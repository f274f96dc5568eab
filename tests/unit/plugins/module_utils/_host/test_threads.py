# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads, on this very kernel and on a tree of files."""

from __future__ import annotations

import os
import threading

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files
from ansible_collections.kvm.vnic.plugins.module_utils._host.threads import Thread, Threads
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed


@pytest.fixture
def files():
    files = Files()
    yield files
    files.close()


@pytest.fixture
def sleeper(files):
    """A thread of this process, waiting."""
    files.exists("/")  # the child is there before the thread is
    done, ready, tids = threading.Event(), threading.Event(), []

    def work():
        tids.append(threading.get_native_id())
        ready.set()
        done.wait(30)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ready.wait(30)
    yield tids[0]
    done.set()
    thread.join()


def test_a_real_thread_is_found_read_and_pinned_and_its_process_is_not(files, sleeper):
    door = Threads(files)
    with open("/proc/self/task/%d/comm" % sleeper) as stream:
        name = stream.read().strip()
    places = door.of_processes([os.getpid()])
    assert (os.getpid(), sleeper) in places
    found = next(thread for thread in door.named(places, lambda text: text == name) if thread.tid == sleeper)
    assert found.parent == os.getppid() and found.started > 0 and not found.of_kernel
    assert found.cpus == os.sched_getaffinity(sleeper)
    assert door.run_times([found])[sleeper] > 0
    before = os.sched_getaffinity(0)
    cpu = CpuSet([min(before)])
    door.pin(found, cpu)
    assert os.sched_getaffinity(sleeper) == cpu == door.allowed(found)
    assert os.sched_getaffinity(0) == before


def test_a_cpu_that_is_not_there_is_einval(files, sleeper):
    with open("/proc/self/task/%d/comm" % sleeper) as stream:
        thread = Thread(os.getpid(), sleeper, stream.read().strip(), 1, 1, CpuSet())
    with pytest.raises(ApplyFailed, match=r"pin thread %d .* to CPUs 8000: EINVAL" % sleeper):
        Threads(files).pin(thread, CpuSet([8000]))


def test_a_thread_that_has_ended_or_is_another_by_now(files):
    door = Threads(files)
    for tid in (os.getpid(), 1 << 30):
        thread = Thread(tid, tid, "vhost-1", 1, 1, CpuSet())
        with pytest.raises(ApplyFailed, match="it has ended"):
            door.pin(thread, CpuSet([0]))
    gone = Thread(1 << 30, 1 << 30, "x", 1, 1, CpuSet())
    assert door.allowed(gone) is UNKNOWN and door.run_times([gone]) == {}
    assert door.of_processes([1 << 30]) == [] == door.named([(1 << 30, 1 << 30)], lambda text: True)


def test_a_tree_of_files_has_no_threads_to_pin(tmp_path):
    tid = os.getpid()
    place = tmp_path / ("proc/%d/task/%d" % (tid, tid))
    place.mkdir(parents=True)
    (place / "comm").write_text("x\n")
    files = Files(str(tmp_path))
    before = os.sched_getaffinity(0)
    with pytest.raises(ApplyFailed, match="ESRCH"):
        Threads(files).pin(Thread(tid, tid, "x", 1, 1, CpuSet()), CpuSet([min(before)]))
    assert os.sched_getaffinity(0) == before
    files.close()
