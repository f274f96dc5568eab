# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch's bridges as they are: the database in one call, and the host's links and addresses."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._host.ovs import NOT_RUNNING, NotRunning
from .._model.errors import ApplyFailed
from .._model.link_table import LinkTable
from .._model.ovs_columns import OWNER_KEY, TABLES
from .._model.ovs_guests_port import is_guests_interface
from .._model.ovs_offload import offloads
from .._model.ovs_value import many, one
from .management_path import management_path
from .ovs_give_back import devices_of


@dataclass(frozen=True)
class Interface:
    row: dict
    port: str
    bridge: str

    @property
    def type(self):
        return self.row["type"] or "system"

    @property
    def error(self):
        return one(self.row["error"])


@dataclass(frozen=True)
class Port:
    """``interfaces``: names, sorted; ``qos``: None, or ``{type, other_config, queues}`` with ``queues`` as
    ``{number: other_config}``; ``qos_row``: None or the row."""

    name: str
    row: dict
    bridge: str
    interfaces: tuple
    guests: bool
    qos: object = None
    qos_row: object = None

    @property
    def ours(self):
        return OWNER_KEY in self.row["external_ids"]


@dataclass(frozen=True)
class Bridge:
    """``ports``: names, sorted; ``controllers``: ``{target: (identity of the row, …)}``; ``mirrors``: ``{name: (row, …)}``: the
    database has no target and no mirror's name only once."""

    name: str
    row: dict
    ports: tuple
    controllers: dict
    mirrors: dict

    @property
    def ours(self):
        return OWNER_KEY in self.row["external_ids"]

    @property
    def targets(self):
        """Of the controllers, sorted; one that has several rows as often."""
        return sorted(target for target, rows in self.controllers.items() for _row in rows)


@dataclass(frozen=True)
class OvsState:
    """``unavailable``: why there is no database to ask, or None; ``installed``: whether there may be one that is down;
    ``switch``: the state of ovs-vswitchd; ``addresses``:
    ``{device: [raw]}`` of wished devices that have any of global scope; ``routes``: of the same devices;
    ``held``, ``held_routes``: the same of devices that go with their ports or get addresses back;
    ``management``: names of the devices that carry the connection, asked for when such a device is wished;
    ``hw_offload``: whether the switch is to hand flows to cards."""

    unavailable: object
    switch: object
    bridges: dict
    ports: dict
    interfaces: dict
    queues: dict
    links: LinkTable
    addresses: dict = field(default_factory=dict)
    routes: list = field(default_factory=list)
    management: frozenset = frozenset()
    installed: bool = True
    held: dict = field(default_factory=dict)
    held_routes: list = field(default_factory=list)
    hw_offload: bool = False

    @property
    def applied(self):
        """Whether there is an ovs-vswitchd that will apply what is written."""
        return self.switch != NOT_RUNNING

    def left_behind(self, port):
        """Whether a guest's port outlived its guest: libvirt marks what must not last (virnetdevopenvswitch.c), and takes it
        away when it sees the guest end, which a power cut keeps from it. ovs-vswitchd would have the next device of that
        name, and the guest that it is made for would not start."""
        return (
            port.guests
            and port.row["other_config"].get("transient") == "true"
            and all(name not in self.links and self.interfaces[name].error for name in port.interfaces)
        )

    def port_names(self):
        """``{row: name}`` of the ports."""
        return {port.row["_uuid"]: port.name for port in self.ports.values()}


def _guests(interfaces, port):
    """Whether a guest's own manager made the port; what carries our mark did we make for whoever it is."""
    if OWNER_KEY in port["external_ids"]:
        return False
    return any(is_guests_interface(row["name"], row["external_ids"]) for row in interfaces)


def _qos(port, qos, queues):
    row = qos.get(one(port["qos"]))
    if row is None:
        return None, None
    content = {number: queues[uuid]["other_config"] for number, uuid in row["queues"].items() if uuid in queues}
    return {"type": row["type"], "other_config": row["other_config"], "queues": content}, row


def _by(column, identities, rows):
    """``{value of the column: (row, …)}``, each in the order of the identities."""
    found = {}
    for key in sorted(many(identities)):
        if key in rows:
            found.setdefault(rows[key][column], []).append(rows[key])
    return {value: tuple(each) for value, each in found.items()}


def read_tables(tables):
    """``bridges``, ``ports``, ``interfaces``, ``queues`` as of :class:`OvsState`, out of the database's tables."""
    rows = {table: {row["_uuid"]: row for row in tables[table]} for table in tables if table != "Open_vSwitch"}
    bridges, ports, interfaces = {}, {}, {}
    for bridge in rows["Bridge"].values():
        name = bridge["name"]
        names = []
        for uuid in many(bridge["ports"]):
            port = rows["Port"].get(uuid)
            if port is None:
                continue
            members = [rows["Interface"][key] for key in many(port["interfaces"]) if key in rows["Interface"]]
            qos, qos_row = _qos(port, rows["QoS"], rows["Queue"])
            found = tuple(sorted(row["name"] for row in members))
            ports[port["name"]] = Port(port["name"], port, name, found, _guests(members, port), qos, qos_row)
            interfaces.update({row["name"]: Interface(row, port["name"], name) for row in members})
            names.append(port["name"])
        controllers = _by("target", bridge["controller"], rows["Controller"])
        controllers = {target: tuple(row["_uuid"] for row in found) for target, found in controllers.items()}
        mirrors = _by("name", bridge["mirrors"], rows["Mirror"])
        bridges[name] = Bridge(name, bridge, tuple(sorted(names)), controllers, mirrors)
    return bridges, ports, interfaces, rows["Queue"]


def _global(device):
    """Addresses that somebody gave the device; what a router advertises comes again by itself."""
    return [
        info
        for info in device.get("addr_info", ())
        if info.get("scope") == "global" and not (info.get("family") == "inet6" and info.get("dynamic"))
    ]


def read_state(host, desired):
    """The :class:`OvsState` of all that ``desired`` speaks of. Raises Unsupported when the database does not answer."""
    links, why, tables = host.ip.links(), host.ovs.unavailable(), None
    if why is None:
        try:
            tables = host.ovs.tables(TABLES)
        except NotRunning as error:
            why = str(error)
    if tables is None:
        tables = {table: [] for table in TABLES}
    found = read_tables(tables)
    return OvsState(
        why,
        host.ovs.switch_state(),
        *found,
        links=links,
        installed=why is None or host.ovs.installed(),
        hw_offload=any(offloads(row["other_config"]) for row in tables["Open_vSwitch"]),
        **_addresses(host, desired, links, _holders(desired, *found[:3])),
    )


def _holders(desired, bridges, ports, interfaces):
    """Names of the devices that may lose their addresses with their ports, and of those that get addresses back."""
    names = set()
    for device, bridge in devices_of(desired).items():
        names |= {device, bridge}
    listed = {wish.name: wish for wish in desired.bridges}
    for bridge in bridges.values():
        wish = listed.get(bridge.name)
        if wish is None and not (desired.purge and bridge.ours):
            continue
        if wish is None or not wish.present or wish.purge_ports or wish.leaving:
            members = [name for port in bridge.ports for name in ports[port].interfaces]
            names |= {name for name in members if interfaces[name].type == "internal"}
    return names


def _addresses(host, desired, links, holders):
    wished = {
        member
        for bridge in desired.bridges
        if bridge.present
        for port in bridge.staying
        for member in port.members
        if member in links and port.name != bridge.name and port.type in (None, "system")
    }
    if not wished and not holders:
        return {}
    every = {device["ifname"]: _global(device) for device in host.ip.addresses() if device.get("ifname")}
    every = {name: found for name, found in every.items() if found and name in wished | holders}
    if not every:
        return {}
    routes = []
    for family in ("-4", "-6"):
        try:
            routes += [dict(route, family=family) for route in host.ip.routes(family)]
        except ApplyFailed:  # a kernel without IPv6
            continue
    addresses = {name: found for name, found in every.items() if name in wished}
    found = {"held": {name: every[name] for name in every if name in holders}}
    found["held_routes"] = _over(found["held"], routes)
    if addresses:
        found.update(addresses=addresses, routes=_over(addresses, routes), management=frozenset(management_path(host)))
    return found


def _over(devices, routes):
    return [
        route
        for route in routes
        if route.get("dev") in devices or any(hop.get("dev") in devices for hop in route.get("nexthops", ()))
    ]
