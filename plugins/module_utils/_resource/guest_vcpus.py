# SPDX-License-Identifier: GPL-3.0-or-later
"""Where guests' vCPUs run."""

from __future__ import annotations

from xml.etree import ElementTree

from .._model.domain_xml import parse
from .._model.vcpu_cpus import count_of_vcpus, cpus_of_vcpu


def find_vcpus(domains, wanted):
    """``{(guest, vCPU): CpuSet, or text saying why there is none}`` of each guest, by name or UUID, of ``wanted``.

    A running guest's vCPUs are where its running definition has them.
    """
    by_key = {}
    for domain in domains:
        by_key[domain.uuid] = domain
    for domain in domains:
        by_key[domain.name] = domain
    return {(guest, vcpu): _cpus(by_key.get(guest), vcpu) for guest, vcpu in wanted}


def _cpus(domain, vcpu):
    if domain is None:
        return "is no guest of this host: give the name or the UUID of one that libvirt knows"
    try:
        root = parse(domain.live_xml or domain.persistent_xml)
        pinned = cpus_of_vcpu(root, vcpu)
    except (ValueError, ElementTree.ParseError) as error:
        return "has a definition that is not understood (%s)" % error
    count = count_of_vcpus(root)
    if vcpu >= count:
        return "has no vCPU %d: it has %d, counted from 0" % (vcpu, count)
    if not pinned:
        return "has its vCPU %d pinned nowhere: pin it first, or use another policy" % vcpu
    return pinned
