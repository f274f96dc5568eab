# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow tables as they are, each read once, with what the wished flows mean there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .._host.ofctl import PROTOCOLS
from .._host.ovs import RUNNING, SERVICE
from .._host.ovs_hook import HOOK
from .._model.action import UNKNOWN
from .._model.errors import VerificationFailed
from .._model.openflow_cookie import GUEST, cookie_of
from .._model.openflow_ports import LOCAL_PORT
from .._model.openflow_record import BridgeRecord, read_record
from .._model.openflow_wish import ALLOW, BridgeFlowsWish
from .._model.ovs_guests_port import is_guests_interface
from .._model.ovs_port_holder import GuestPort, by_interface_id, holder
from .._model.ovs_value import many, one
from .libvirt_hooks import is_unnoticed, read_hook
from .ovs_flows_meant import meant_by

DIRECTORY = "/etc/kvm-vnic"
RECORD = DIRECTORY + "/ovs-flows.json"
_COLUMNS = {
    "Bridge": ("name", "ports", "fail_mode", "protocols", "controller"),
    "Port": ("_uuid", "interfaces"),
    "Interface": ("_uuid", "name", "ofport", "external_ids"),
}


@dataclass(frozen=True)
class BridgeState:
    """``ports``: ``{name: number}`` of those that have one; ``guest_names``: every port of a guest; ``claims``: ``{interface
    id: (GuestPort, …)}`` of all bridges; ``guests``: ``{interface id: name}`` of those here that its flows are for; ``meant``:
    ``{path of a wish: Flow}``; ``group_texts``: ``{number: text}`` of those wished."""

    name: str
    fail_mode: object
    protocol: object
    has_controller: bool
    ports: dict
    guests: dict
    guest_names: frozenset
    flows: tuple = ()
    groups: dict = field(default_factory=dict)
    meters: dict = field(default_factory=dict)
    meant: dict = field(default_factory=dict)
    group_texts: dict = field(default_factory=dict)
    lacking: tuple = ()
    claims: dict = field(default_factory=dict)

    @property
    def secure(self):
        return self.fail_mode == "secure"

    def rivals(self, interface_id):
        """The GuestPorts of an interface id where several have it, and else none."""
        found = self.claims.get(interface_id, ())
        return found if len(found) > 1 else ()

    def guests_besides(self, interface_ids):
        """GuestPorts here that have none of these."""
        here = [port for ports in self.claims.values() for port in ports if port.bridge == self.name]
        return [port for port in here if port.interface_id not in interface_ids]


@dataclass(frozen=True)
class FlowsState:
    """``unavailable``: why there is nothing to see, or None; ``hook``: its text, or None; ``unnoticed``: whether libvirt's
    daemon runs since before the hook was there; ``coming``: ``{name: BridgeState}``, empty, of listed bridges that are
    not there, by which check mode tells what will be."""

    bridges: dict
    record: dict
    coming: dict = field(default_factory=dict)
    hook: object = None
    unnoticed: bool = False
    unavailable: object = None

    def at(self, name):
        """The BridgeState, also of one that is yet to come; None for none."""
        return self.bridges.get(name, self.coming.get(name))

    def recorded(self, name):
        return self.record.get(name, BridgeRecord())


def _record(host):
    text = host.files.read_or(RECORD, "") if host.files.exists(RECORD) else ""
    try:
        return read_record(text)
    except ValueError as error:
        raise VerificationFailed(
            "%s %s: restore it from a backup, or remove it and run again" % (RECORD, error)
        ) from None


def _protocol(row):
    """None where the bridge speaks none that has bundles; an empty column means all (ovs-vswitchd.conf.db(5))."""
    spoken = many(row["protocols"])
    return next((name for name in PROTOCOLS if not spoken or name in spoken), None)


def _bridges(tables):
    """``{name: BridgeState}`` of every bridge, without tables."""
    interfaces = {row["_uuid"]: row for row in tables["Interface"]}
    ports = {
        row["_uuid"]: [interfaces[key] for key in many(row["interfaces"]) if key in interfaces]
        for row in tables["Port"]
    }
    found, claims = {}, []
    for row in tables["Bridge"]:
        members = [member for port in many(row["ports"]) for member in ports.get(port, ())]
        numbers = {member["name"]: one(member["ofport"]) for member in members}
        guests = [member for member in members if is_guests_interface(member["name"], member["external_ids"])]
        there = {name: number for name, number in numbers.items() if isinstance(number, int) and number > 0}
        # without a number: what a power cut left of an earlier port has the same interface id and no device
        claims += [
            _claim(row["name"], member, there[member["name"]])
            for member in guests
            if member["name"] in there and "iface-id" in member["external_ids"]
        ]
        found[row["name"]] = BridgeState(
            name=row["name"],
            fail_mode=one(row["fail_mode"]),
            protocol=_protocol(row),
            has_controller=bool(many(row["controller"])),
            ports=there,
            guests={},
            guest_names=frozenset(member["name"] for member in guests),
        )
    by_id = by_interface_id(claims)
    return {name: _with_flows(replace(bridge, claims=by_id), ()) for name, bridge in found.items()}


def _claim(bridge, interface, number):
    ids = interface["external_ids"]
    guest = ids["vm-id"].lower() if "vm-id" in ids else None
    return GuestPort(bridge, interface["name"], number, ids["iface-id"].lower(), guest)


def _with_flows(bridge, flows):
    """By its flows the ports are known that they are for."""
    held = {key: holder(ports, bridge.name, flows) for key, ports in bridge.claims.items()}
    guests = {key: port.name for key, port in held.items() if port is not None}
    return replace(bridge, flows=flows, guests=guests)


def _read_bridge(host, wish, bridge, recorded):
    bridge = _with_flows(bridge, host.ofctl.flows(bridge.name, bridge.protocol))
    meant, texts, lacking = meant_by(host, wish, bridge)
    moves = (
        wish.guarded is True and not bridge.secure or wish.guarded is False and recorded.former_fail_mode is not None
    )
    everything = moves or wish.purge or wish.puts_back
    return replace(
        bridge,
        groups=host.ofctl.groups(bridge.name, bridge.protocol) if everything or wish.groups is not None else {},
        meters=host.ofctl.meters(bridge.name, bridge.protocol) if everything or wish.meters is not None else {},
        meant=meant,
        group_texts=texts,
        lacking=lacking,
    )


def wishes_for(desired, names):
    """What is wished of each bridge: as listed, and with ``purge`` nothing of ours on every other one of ``names``."""
    found = list(desired.bridges)
    if desired.purge:
        cleared = {"flows": (), "groups": (), "meters": {}, "guest_ports": (), "unlisted_ports": ALLOW}
        found += [BridgeFlowsWish("purge", name, **cleared) for name in sorted(set(names) - set(desired.names))]
    return found


def all_wishes(desired, state):
    """What is wished of each bridge that is there, listed or recorded."""
    return wishes_for(desired, set(state.bridges) | set(state.record))


def reached(desired, state):
    """``(wish, BridgeState)`` of those that are there, or yet to come, and can be spoken to."""
    for wish in all_wishes(desired, state):
        bridge = state.at(wish.name)
        if bridge is not None and bridge.protocol is not None:
            yield wish, bridge


def _started_meanwhile(wish, bridge):
    """Whether there are flows of a listed guest without a port: it started after the ports were read, or left them."""
    off = {
        cookie_of(GUEST, port.interface_id)
        for port in wish.guest_ports or ()
        if bridge.guests.get(port.interface_id) not in bridge.ports
    }
    return any(flow.cookie in off for flow in bridge.flows)


def _coming(host, desired, bridges):
    """Listed bridges that are not there: with no port but the one that each has of itself, and the flows that name no other."""
    found = {}
    for wish in () if desired.skips else desired.bridges:
        if wish.name not in bridges and wish.asks:
            bridge = BridgeState(wish.name, None, PROTOCOLS[0], False, {wish.name: LOCAL_PORT}, {}, frozenset())
            meant, texts, lacking = meant_by(host, wish, bridge)
            found[wish.name] = replace(bridge, meant=meant, group_texts=texts, lacking=lacking)
    return found


def _read_bridges(host, desired, record):
    """``{name: BridgeState}`` of every bridge, and whether a guest started while they were read."""
    bridges = _bridges(host.ovs.tables(_COLUMNS))
    stirred = False
    for wish in wishes_for(desired, bridges):
        if wish.name in bridges and bridges[wish.name].protocol:
            read = _read_bridge(host, wish, bridges[wish.name], record.get(wish.name, BridgeRecord()))
            bridges[wish.name], stirred = read, stirred or _started_meanwhile(wish, read)
    return bridges, stirred


def read_state(host, desired):
    """The :class:`FlowsState` of all bridges that ``desired`` speaks of."""
    record = _record(host)
    found = {"record": record, "hook": read_hook(host, HOOK), "unnoticed": is_unnoticed(host, HOOK)}
    why = host.ovs.unavailable()
    if not why:
        running = host.ovs.switch_state()
        if running is not UNKNOWN and running != RUNNING:
            why = "ovs-vswitchd is %s: it holds the flows and has to run (%s)" % (running, SERVICE)
    if why:
        return FlowsState(bridges={}, unavailable=why, **found)
    bridges, stirred = _read_bridges(host, desired, record)
    if stirred:
        bridges, _stirred = _read_bridges(host, desired, record)
    return FlowsState(bridges=bridges, coming=_coming(host, desired, bridges), **found)
