# SPDX-License-Identifier: GPL-3.0-or-later
"""The vhost workers of running guests, and the NIC and queue that each of them serves.

Since Linux 6.4 a worker is a thread of QEMU, before that a kernel thread; from 6.17 on, and in 6.12's stable series,
the parameter fork_from_owner_default of the module vhost chooses. Both are called ``vhost-`` and QEMU's process ID.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._model.action import UNKNOWN
from .._model.vhost_attribution import Sample, attribute, vhost_nics

THREAD, KTHREAD = "thread", "kthread"
SAMPLE_SECONDS = 0.2

_STATE = "/run/libvirt/qemu"
_WORKER = re.compile(r"^vhost-(\d+)\Z", re.ASCII)


@dataclass(frozen=True)
class Worker:
    """``nic``: the VhostNic it serves and ``queue`` its number, None where that cannot be told; ``how``: ``order``,
    ``traffic`` or None; ``kind``: ``thread`` of QEMU or ``kthread``."""

    thread: object
    kind: str
    nic: object
    queue: object
    how: object

    def to_dict(self):
        cpus = self.thread.cpus
        return {
            "interface": None if self.nic is None else self.nic.label,
            "queue": self.queue,
            "tid": self.thread.tid,
            "kind": self.kind,
            "cpus": UNKNOWN if cpus is UNKNOWN else str(cpus),
            "how": self.how,
        }


@dataclass(frozen=True)
class GuestWorkers:
    """``nics``: those that vhost is to serve; ``workers``: in the order in which they were made, unknown with
    ``problem`` where the guest's process was not found."""

    nics: tuple = ()
    workers: object = ()
    problem: str = ""


def qemu_pids(host, guests):
    """``{uuid: process ID}`` of ``[(name, uuid)]``, from libvirt's own files; each is believed only if that process
    was started with the guest's UUID."""
    paths = {"%s/%s.pid" % (_STATE, name): uuid for name, uuid in guests if "/" not in name and "\0" not in name}
    found = {paths[path]: text for path, text in host.files.read_many(paths, "").items() if text.isdigit()}
    lines = host.files.read_many(["/proc/%s/cmdline" % pid for pid in found.values()], "")
    return {uuid: int(pid) for uuid, pid in found.items() if uuid in lines["/proc/%s/cmdline" % pid].split("\0")}


def _threads(host, pids, wanted):
    """``{process ID: [(Thread, kind)]}``, oldest first; ``wanted``: ``{process ID: how many workers there should be}``. All kernel
    threads are looked through only where QEMU has fewer."""
    found = {pid: [] for pid in pids}
    for thread in host.threads.named(host.threads.of_processes(pids), _WORKER.match):
        found[thread.process].append((thread, THREAD))
    if any(len(found[pid]) < wanted[pid] for pid in pids):
        for thread in host.threads.named(host.threads.processes(), _WORKER.match):
            owner = int(_WORKER.match(thread.name).group(1))
            if owner in found and thread.of_kernel:
                found[owner].append((thread, KTHREAD))
    return {pid: sorted(list_, key=lambda item: (item[0].started, item[0].tid)) for pid, list_ in found.items()}


def _packets(host, nics):
    """``{uuid: {place: packets}}``"""
    names = ("rx_packets", "tx_packets")
    paths = {
        (uuid, place): ["/sys/class/net/%s/statistics/%s" % (nic.target, name) for name in names]
        for uuid, list_ in nics.items()
        for place, nic in enumerate(list_)
        if nic.target and "/" not in nic.target
    }
    texts = host.files.read_many([path for pair in paths.values() for path in pair], "")
    found = {uuid: {} for uuid in nics}
    for (uuid, place), pair in paths.items():
        if all(texts[path].isdigit() for path in pair):
            found[uuid][place] = sum(int(texts[path]) for path in pair)
    return found


def _samples(host, nics, threads):
    """``{uuid: (Sample, Sample)}`` of guests with several NICs; the packets are taken around the run times."""
    several = {uuid: list_ for uuid, list_ in nics.items() if len(list_) > 1 and threads.get(uuid)}
    if not several:
        return {}
    watched = [thread for uuid in several for thread, _kind in threads[uuid]]
    first = _packets(host, several)
    ran = host.threads.run_times(watched)
    host.clock.sleep(SAMPLE_SECONDS)
    ran_after = host.threads.run_times(watched)
    last = _packets(host, several)
    return {uuid: (Sample(ran, first[uuid]), Sample(ran_after, last[uuid])) for uuid in several}


def read_workers(host, guests):
    """``{uuid: GuestWorkers}`` of running guests; ``guests``: ``{uuid: (name, DomainInterfaces as they run)}``."""
    nics = {uuid: vhost_nics(interfaces) for uuid, (_name, interfaces) in guests.items()}
    served = {uuid: list_ for uuid, list_ in nics.items() if list_}
    pids = qemu_pids(host, [(guests[uuid][0], uuid) for uuid in served])
    by_pid = _threads(
        host, list(pids.values()), {pid: sum(nic.queues for nic in nics[uuid]) for uuid, pid in pids.items()}
    )
    threads = {uuid: by_pid[pid] for uuid, pid in pids.items()}
    samples = _samples(host, served, threads)
    found = {uuid: GuestWorkers() for uuid in nics if not nics[uuid]}
    for uuid, list_ in served.items():
        if uuid not in threads:
            problem = "its QEMU process was not found (%s/%s.pid)" % (_STATE, guests[uuid][0])
            found[uuid] = GuestWorkers(list_, UNKNOWN, problem)
            continue
        known = attribute([thread.tid for thread, _kind in threads[uuid]], list_, *samples.get(uuid, ()))
        found[uuid] = GuestWorkers(
            list_,
            tuple(
                Worker(thread, kind, None if one.nic is None else list_[one.nic], one.queue, one.how)
                for (thread, kind), one in zip(threads[uuid], known)
            ),
        )
    return found
