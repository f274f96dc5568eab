# SPDX-License-Identifier: GPL-3.0-or-later
"""vhost's workers on other nodes than the vCPUs that they move packets for, and those that should be and are not."""

from __future__ import annotations

from .. import reading
from ..finding import WARNING, Finding

ELSEWHERE, FALLBACK = "vhost_worker_elsewhere", "userspace_fallback"


def vhost_worker_elsewhere(scene):
    """Workers that may run on a node where no vCPU of their guest may."""
    for guest in scene.running:
        near = scene.nodes_of(scene.reach(guest))
        for worker in guest.workers or ():
            nodes = scene.nodes_of(worker.cpus)
            if near is None or nodes is None or nodes <= near:
                continue
            name = guest.name if worker.interface is None else "%s/%s" % (guest.name, worker.interface)
            yield Finding(
                id=ELSEWHERE,
                severity=WARNING,
                subject=name,
                summary="vhost worker %s of %s may run on CPUs %s, which are not all on node %s, where its vCPUs are"
                % (worker.tid, name, worker.cpus, " and ".join(map(str, sorted(near)))),
                evidence={"tid": worker.tid, "queue": worker.queue, "cpus": worker.cpus, "vcpus": scene.reach(guest)},
                remedy="run the playbook kvm.vnic.site; a worker's pin is lost whenever its guest starts",
            )


def userspace_fallback(scene):
    """NICs that vhost should serve, of running guests without any worker: QEMU moves their packets, unasked."""
    for guest in scene.running:
        if guest.workers is None or guest.workers:
            continue
        for interface in guest.live:
            wish = scene.wishes.interface(guest, interface) or {}
            if interface.wants_vhost and wish.get("backend") != "qemu":
                yield Finding(
                    id=FALLBACK,
                    severity=WARNING,
                    subject=guest.subject(interface),
                    summary="%s has no vhost worker: QEMU moves its packets by itself" % guest.subject(interface),
                    evidence={"backend": interface.backend, "vhost_net": _device(scene.facts)},
                    remedy="load vhost_net (kvm.vnic.vhost_net), see that QEMU may open /dev/vhost-net, then restart "
                    "the guest",
                )


def _device(facts):
    return reading.mapping(facts.get("vhost_net")).get("device")
