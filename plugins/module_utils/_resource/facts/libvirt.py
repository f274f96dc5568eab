# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt and its guests: their NICs, where they run, and where their memory lies."""

from __future__ import annotations

from ..._model.action import UNKNOWN
from ..._model.domain_pins import read_pins
from ..._model.domain_xml import parse, read_interface
from ..._model.errors import ApplyFailed, Unsupported
from ..vhost_workers import read_workers
from .vfs import vf_places

_CONFIGURATION = "/etc/libvirt"
_PORT = ("interface_id", "vlan", "trunks", "native_vlan", "bandwidth")
_COMPARED = ("name", "mac", "type", "source", "model", "mtu", "queues") + _PORT
_PINS = (
    "vcpus cpuset vcpu_pins emulator_pin iothreads iothread_pins memory_mib memory hugepages interfaces vhost_workers"
).split()
_SHOWN = ("name", "alias", "mac", "type", "source", "model", "backend", "target", "mtu", "queues") + _PORT


def _interface(found, places, live, persistent):
    shown = {name: getattr(found, name) for name in _SHOWN}
    place = places.get(found.source.get("pci"))
    shown["vf"] = None if place is None else {"pf": place.name or place.pf, "index": place.index}
    return dict(shown, live=live, persistent=persistent)


def _same(live, persistent):
    """Whether two definitions tell of one NIC, unchanged; libvirt fills in a hostdev's backend when the guest
    starts."""
    names = _COMPARED if live.type == "hostdev" else _COMPARED + ("backend",)
    return all(getattr(live, name) == getattr(persistent, name) for name in names)


def _interfaces(live, persistent, places):
    """The running NICs, and those persistent ones that a running one does not show alike."""
    found, rest = [], list(persistent)
    for interface in live:
        twin = next((other for other in rest if _same(interface, other)), None)
        if twin is not None:
            rest.remove(twin)
        found.append(_interface(interface, places, True, twin is not None))
    return found + [_interface(interface, places, False, True) for interface in rest]


def _text(cpus):
    return None if cpus is None else str(cpus)


def _placement(pins):
    memory, pages = pins.memory, pins.hugepages
    return {
        "vcpus": pins.online,
        "cpuset": _text(pins.cpuset),
        "vcpu_pins": {str(number): str(cpus) for number, cpus in pins.vcpu_pins.items()},
        "emulator_pin": _text(pins.emulator),
        "iothreads": len(pins.iothreads),
        "iothread_pins": {str(number): str(cpus) for number, cpus in pins.iothread_pins.items()},
        "memory_mib": pins.memory_kib // 1024,
        "memory": None if memory is None else {"mode": memory.mode, "nodes": str(memory.nodes)},
        "hugepages": {"size_kib": pages[0] or None} if pages else None,
    }


def _domain(domain, places):
    """``(one guest, the DomainInterfaces that run or None)``; what its XML tells is unknown when it cannot be
    understood."""
    state = "shutoff" if not domain.running else "paused" if domain.paused else "running"
    found = {
        "name": domain.name,
        "uuid": domain.uuid,
        "state": state,
        "persistent": domain.persistent_xml is not None,
        "saved": domain.saved,
    }
    try:
        live, persistent = (None if text is None else parse(text) for text in (domain.live_xml, domain.persistent_xml))
        definition = live if live is not None else persistent
        found.update(_placement(read_pins(definition)))
        nics = [
            [] if root is None else [read_interface(element) for element in root.findall("devices/interface")]
            for root in (live, persistent)
        ]
        found["interfaces"] = _interfaces(nics[0], nics[1], places)
        found["vhost_workers"] = []
        return found, None if live is None else nics[0]
    except (ValueError, SyntaxError):  # ElementTree's ParseError is a SyntaxError
        found.update(dict.fromkeys(_PINS, UNKNOWN))
        return found, None


def _add_workers(host, found):
    running = {guest["uuid"]: (guest["name"], nics) for guest, nics in found if nics is not None}
    guests = {guest["uuid"]: guest for guest, _nics in found}
    for uuid, known in read_workers(host, running).items():
        guests[uuid]["vhost_workers"] = (
            UNKNOWN if known.workers is UNKNOWN else [worker.to_dict() for worker in known.workers]
        )


def read_libvirt(host):
    """``{available, version, problem, domains}``.

    ``problem``: why libvirt cannot be asked, or null; ``domains`` is then unknown, and empty on a host that has no
    libvirt at all.
    """
    try:
        version, domains = host.libvirt.version(), host.libvirt.domains()
    except (ApplyFailed, Unsupported) as error:
        nothing = isinstance(error, Unsupported) and not host.files.exists(_CONFIGURATION)
        return {"available": False, "version": UNKNOWN, "problem": str(error), "domains": [] if nothing else UNKNOWN}
    places = vf_places(host)
    found = [_domain(domain, places) for domain in domains if domain.live_xml or domain.persistent_xml]
    _add_workers(host, found)
    return {"available": True, "version": version, "problem": None, "domains": [guest for guest, _nics in found]}
