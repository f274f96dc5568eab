# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's guests as an audit sees them: what is missing, ``"unknown"`` or of another type is None."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import reading
from ..cpu_set import CpuSet
from ..vhost_attribution import TYPES
from . import port_vlan


@dataclass(frozen=True)
class Interface:
    """``pci``: the function that was given to the guest; ``lower``: what its macvtap stands on; ``bridge``: whose port
    it is; ``target``: its device on the host; ``interface_id``: what its port of Open vSwitch is known by; each None
    where it is not so. ``vlan``: what its definition says of VLANs, as the facts have it."""

    label: str
    type: object
    pci: object
    lower: object
    bridge: object
    target: object
    model: object
    backend: object
    queues: int
    live: bool
    interface_id: object = None
    vlan: dict = field(default_factory=dict)

    @property
    def is_virtio(self):
        return (self.model or "").startswith("virtio")

    @property
    def wants_vhost(self):
        """Whether vhost is to serve it. Where its definition names no backend libvirt tries vhost first."""
        return self.is_virtio and self.type in TYPES and self.backend in (None, "vhost")


@dataclass(frozen=True)
class Worker:
    """A vhost worker. ``interface``: label of the NIC, None where it cannot be told; ``cpus``: None when unknown."""

    tid: object
    interface: object
    queue: object
    cpus: object


@dataclass(frozen=True)
class Guest:
    """``pins``: ``{vCPU: CpuSet}``, None where one cannot be read; ``cpuset``: where the other vCPUs run, empty for
    everywhere, None when unknown; ``memory``: the nodes of its memory's policy, None without or unknown; ``workers``
    and ``interfaces``: None when unknown.
    """

    name: str
    uuid: object
    running: bool
    vcpus: object
    pins: object
    cpuset: object
    memory: object
    memory_mode: object
    workers: object
    interfaces: object

    @property
    def live(self):
        return [each for each in self.interfaces or () if each.live]

    @property
    def floats_by_default(self):
        return self.cpuset is not None and not self.cpuset

    def subject(self, interface):
        return "%s/%s" % (self.name, interface.label)


def _interface(raw):
    source, kind = reading.mapping(raw.get("source")), reading.text(raw.get("type"))
    name, alias, mac = (reading.text(raw.get(key)) for key in ("name", "alias", "mac"))
    pci = reading.text(source.get("pci")) if kind == "hostdev" else None
    return Interface(
        label=name or alias or mac or "a NIC without a name",
        type=kind,
        pci=pci.lower() if pci else None,
        lower=reading.text(source.get("device")) if kind == "direct" else None,
        bridge=reading.text(source.get("bridge")) if kind == "bridge" else None,
        target=reading.text(raw.get("target")),
        model=reading.text(raw.get("model")),
        backend=reading.text(raw.get("backend")) if raw.get("backend") != "unknown" else "unknown",
        queues=reading.whole(raw.get("queues")) or 1,
        live=raw.get("live") is True,
        interface_id=(reading.text(raw.get("interface_id")) or "").lower() or None,
        vlan={key: raw.get(key) for key in port_vlan.KEYS},
    )


def _workers(raw):
    if not isinstance(raw, list) or len(raw) != len(reading.mappings(raw)):
        return None
    return tuple(
        Worker(
            reading.whole(each.get("tid")),
            reading.text(each.get("interface")),
            reading.whole(each.get("queue")),
            reading.cpus(each.get("cpus")) or None,
        )
        for each in reading.mappings(raw)
    )


def _pins(raw, vcpus):
    """Without those of vCPUs that are not plugged in."""
    if not isinstance(raw, dict):
        return None
    found = {number: reading.cpus(words) for number, words in raw.items()}
    if not all(isinstance(number, str) and number.isdigit() and cpus for number, cpus in found.items()):
        return None
    return {int(number): cpus for number, cpus in found.items() if int(number) < (vcpus or 0)}


def _cpuset(raw):
    if "cpuset" not in raw:
        return None
    return CpuSet() if raw["cpuset"] is None else reading.cpus(raw["cpuset"])


def read_guest(raw):
    """The :class:`Guest` of one domain of the facts."""
    memory = reading.mapping(raw.get("memory"))
    vcpus, interfaces = reading.whole(raw.get("vcpus")), raw.get("interfaces")
    return Guest(
        name=raw["name"],
        uuid=(reading.text(raw.get("uuid")) or "").lower() or None,
        running=raw.get("state") == "running",
        vcpus=vcpus or None,
        pins=_pins(raw.get("vcpu_pins"), vcpus),
        cpuset=_cpuset(raw),
        memory=reading.cpus(memory.get("nodes")) or None,
        memory_mode=reading.text(memory.get("mode")),
        workers=_workers(raw.get("vhost_workers")),
        interfaces=tuple(map(_interface, reading.mappings(interfaces))) if isinstance(interfaces, list) else None,
    )
