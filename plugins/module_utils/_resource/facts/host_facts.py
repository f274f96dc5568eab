# SPDX-License-Identifier: GPL-3.0-or-later
"""All that there is to know of a host, in one pass."""

from __future__ import annotations

from ..._model.action import UNKNOWN, plain
from ..._model.display_text import display_data
from ..._model.errors import VnicError
from ..management_path import management_path
from .cpus import read_cpus
from .interrupts import read_interrupts
from .iommu import read_iommu
from .libvirt import read_libvirt
from .moment import Moment
from .nics import read_nics
from .numa_nodes import read_numa_nodes
from .ovs import read_ovs
from .system import read_system
from .vhost_net import read_vhost_net
from .virtualization import read_virtualization


def read_management_path(host):
    return sorted(management_path(host))


READERS = {
    "system": read_system,
    "virtualization": read_virtualization,
    "iommu": read_iommu,
    "cpus": read_cpus,
    "numa_nodes": read_numa_nodes,
    "nics": read_nics,
    "interrupts": read_interrupts,
    "vhost_net": read_vhost_net,
    "ovs": read_ovs,
    "libvirt": read_libvirt,
    "management_path": read_management_path,
}


def read_host_facts(host, gather):
    """``{key: facts}`` for each key of ``gather``, and ``problems``: a sentence for each that could not be read, which
    is then unknown."""
    host.libvirt.only_read()
    moment = Moment(host)
    found, problems = {}, []
    for key, read in READERS.items():
        if key not in gather:
            continue
        try:
            found[key] = read(moment)
        except (VnicError, OSError, ValueError) as error:  # a tool that is missing, too old for JSON, or does not end
            found[key] = UNKNOWN
            problems.append("%s: %s" % (key, error))
    return display_data(plain(dict(found, problems=problems)))
