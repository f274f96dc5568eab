# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is: the pins and memory of each guest, once as it runs and once as it is defined, its vhost workers, and
the CPUs and nodes of the host."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._model.action import UNKNOWN
from .._model.cpu_set import CpuSet
from .._model.domain_pins import read_pins
from .._model.errors import ApplyFailed, Unsupported
from .facts.numa_nodes import read_numa_nodes
from .guests import find_guests, read_guest
from .vhost_workers import GuestWorkers, read_workers

CPUS = "/sys/devices/system/cpu"
_POOLS = "/sys/kernel/mm/hugepages"
_SIZE = re.compile(r"^hugepages-(\d+)kB\Z", re.ASCII)


@dataclass(frozen=True)
class PinnedGuest:
    """``persistent``, ``live``: DomainPins or None; ``workers``: GuestWorkers, without any for one that does not
    run."""

    guest: object
    persistent: object
    live: object
    workers: GuestWorkers = GuestWorkers()

    @property
    def name(self):
        return self.guest.name

    def nic(self, name):
        """The DomainInterface of that name ``(as it runs, as it is defined)``, each or None."""
        found = []
        for definition in (self.guest.live, self.guest.persistent):
            nics = () if definition is None else definition.nics
            found.append(next((nic for nic in nics if nic.name == name), None))
        return tuple(found)

    def nic_names(self):
        return sorted({nic.name for definition in self.guest.definitions for nic in definition.nics if nic.name})


@dataclass(frozen=True)
class State:
    """``guests``: a :class:`PinnedGuest` for each wish, in its order; ``online``, ``present``: the host's CPUs;
    ``nodes``: the host's NUMA nodes as host_info tells them; ``page_sizes``: of huge pages, ``{KiB: how many free}``.
    """

    guests: tuple = ()
    online: CpuSet = CpuSet()
    present: CpuSet = CpuSet()
    nodes: object = ()
    page_sizes: object = None


def _cpus(host, name):
    text = host.files.read_or("%s/%s" % (CPUS, name))
    if text is UNKNOWN:
        raise Unsupported("%s/%s cannot be read: which CPUs there are is not known" % (CPUS, name))
    return CpuSet.from_list(text)


def _page_sizes(host):
    sizes = {name: int(_SIZE.match(name).group(1)) for name in host.files.listdir(_POOLS) if _SIZE.match(name)}
    free = host.files.read_many("%s/%s/free_hugepages" % (_POOLS, name) for name in sizes)
    texts = {size: free["%s/%s/free_hugepages" % (_POOLS, name)] for name, size in sizes.items()}
    return {size: text if text is UNKNOWN else int(text) for size, text in texts.items()}


def _pins(guest, definition):
    if definition is None:
        return None
    try:
        return read_pins(definition.root)
    except ValueError as error:
        raise ApplyFailed("read the XML of guest %s" % guest.name, str(error)) from None


def read_state(host, desired):
    """The :class:`State` that ``desired`` speaks of. Raises InvalidInput for guests that are not there."""
    if not desired.guests:
        return State()
    guests = find_guests(desired.guests, [read_guest(domain) for domain in host.libvirt.domains()])
    running = {guest.uuid: (guest.name, guest.live.nics) for guest in guests if guest.live is not None}
    workers = read_workers(host, running)
    return State(
        tuple(
            PinnedGuest(
                guest,
                _pins(guest, guest.persistent),
                _pins(guest, guest.live),
                workers.get(guest.uuid, GuestWorkers()),
            )
            for guest in guests
        ),
        _cpus(host, "online"),
        _cpus(host, "present"),
        read_numa_nodes(host) if any(wish.memory is not None for wish in desired.guests) else (),
        _page_sizes(host),
    )
