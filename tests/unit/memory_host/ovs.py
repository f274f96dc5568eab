# SPDX-License-Identifier: GPL-3.0-or-later
"""``ovs-vsctl`` over a database in memory: strict about the words it knows, so that a misspelt command fails a test."""

from __future__ import annotations

import copy
import itertools
import json

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed

from .ovs_words import Refused, Symbol, parse_column, parse_value, printed

_OPTIONAL, _SET, _MAP = "optional", "set", "map"
_KEYS = {"external_ids": _MAP, "other_config": _MAP}
# What each table's columns are where they are no plain value; the plain ones have their defaults (vswitch.ovsschema).
SCHEMA = {
    "Open_vSwitch": dict(_KEYS, bridges=_SET, ovs_version="3.1.0", next_cfg=0, cur_cfg=0),
    "Bridge": dict(
        _KEYS,
        name="",
        ports=_SET,
        controller=_SET,
        mirrors=_SET,
        datapath_type="",
        fail_mode=_OPTIONAL,
        protocols=_SET,
        mcast_snooping_enable=False,
        stp_enable=False,
        rstp_enable=False,
    ),
    "Port": dict(
        _KEYS,
        name="",
        interfaces=_SET,
        qos=_OPTIONAL,
        tag=_OPTIONAL,
        trunks=_SET,
        vlan_mode=_OPTIONAL,
        bond_mode=_OPTIONAL,
        lacp=_OPTIONAL,
        protected=False,
    ),
    "Interface": dict(
        _KEYS,
        name="",
        type="",
        options=_MAP,
        error=_OPTIONAL,
        mtu_request=_OPTIONAL,
        ingress_policing_rate=0,
        ingress_policing_burst=0,
    ),
    "Controller": {"target": ""},
    "Mirror": {
        "name": "",
        "select_all": False,
        "select_src_port": _SET,
        "select_dst_port": _SET,
        "select_vlan": _SET,
        "output_port": _OPTIONAL,
        "output_vlan": _OPTIONAL,
    },
    "QoS": dict(_KEYS, type="", queues=_MAP),
    "Queue": dict(_KEYS),
}
_STRONG = (
    ("Bridge", "ports", "Port"),
    ("Bridge", "controller", "Controller"),
    ("Bridge", "mirrors", "Mirror"),
    ("Port", "interfaces", "Interface"),
)


class MemoryOvs:
    """``rows``: ``{table: {uuid: row}}``; ``writes``: the commands of every transaction that was committed.

    ``switch``: whether ovs-vswitchd answers; ``database``: whether ovsdb-server does (False: there is none, None: it hangs);
    ``errors``: ``{interface: what ovs-vswitchd says of it}``, ``exits``: the code with which it is told (0 before 3.1.1).
    """

    def __init__(self, host):
        self._host = host
        self._numbers = itertools.count(1)
        self.rows = {table: {} for table in SCHEMA}
        self.root = self._insert("Open_vSwitch")
        self.writes, self.errors, self.exits = [], {}, 65
        self.switch, self.database = True, True
        host.commands.tools["ovs-vsctl"] = self
        self.running(True)

    def running(self, switch, state="S"):
        """Lay out the files of the daemons. ``switch``: whether there is an ovs-vswitchd."""
        files = self._host.tree.contents
        files["/run/openvswitch/db.sock"] = ""
        if switch:
            files.update(
                {
                    "/run/openvswitch/ovs-vswitchd.pid": "77",
                    "/proc/77/comm": "ovs-vswitchd",
                    "/proc/77/stat": "77 (ovs-vswitchd) %s 1" % state,
                }
            )
        else:
            for path in ("/run/openvswitch/ovs-vswitchd.pid", "/proc/77/comm", "/proc/77/stat"):
                files.pop(path, None)
        self.switch = switch and state != "T"

    def _insert(self, table, **more):
        uuid = "00000000-0000-4000-8000-%012d" % next(self._numbers)
        empty = {_OPTIONAL: [], _SET: [], _MAP: {}}
        row = {
            key: copy.copy(empty[kind]) if kind in empty and isinstance(kind, str) else kind
            for key, kind in SCHEMA[table].items()
        }
        row.update(more, _uuid=uuid)
        self.rows[table][uuid] = row
        return uuid

    def add_bridge(self, name, ours=False, **more):
        """Put a bridge there as if it had always been."""
        keys = dict(more.pop("external_ids", {}), **({"kvm-vnic": "ovs_bridge"} if ours else {}))
        bridge = self._insert("Bridge", name=name, external_ids=keys, **more)
        self.rows["Open_vSwitch"][self.root]["bridges"].append(bridge)
        self.add_port(name, name, interface={"type": "internal"})
        self._follow()
        return self.rows["Bridge"][bridge]

    def add_port(self, bridge, name, ours=False, interface=None, **more):
        keys = dict(more.pop("external_ids", {}), **({"kvm-vnic": "ovs_bridge"} if ours else {}))
        iface = self._insert("Interface", **dict({"name": name}, **(interface or {})))
        port = self._insert("Port", name=name, interfaces=[iface], external_ids=keys, **more)
        self.named("Bridge", bridge)["ports"].append(port)
        self._follow()
        return self.rows["Port"][port]

    def named(self, table, name):
        """The one row of that name (or identity)."""
        if table == "Open_vSwitch":
            return self.rows[table][self.root]
        if name in self.rows[table]:
            return self.rows[table][name]
        found = [row for row in self.rows[table].values() if row.get("name") == name]
        if len(found) != 1:
            raise Refused(
                '%s in %s match "%s"' % ("multiple rows", table, name)
                if found
                else 'no row "%s" in table %s' % (name, table)
            )
        return found[0]

    def __call__(self, argv, stdin):
        if self.database is False:
            return Completed(
                1, "", "ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (Connection refused)\n"
            )
        if self.database is None:
            return Completed(-14, "", "")
        head, commands = _split(argv[1:])
        assert all(word.startswith(("--timeout=", "--no-wait", "--format=json")) for word in head) and head[
            0
        ].startswith("--timeout="), head
        if all("list" in command[:2] for command in commands):
            return "".join(self._list(command) for command in commands)
        return self._transact(commands, "--no-wait" in head)

    def _list(self, command):
        columns, verb, table = command
        assert verb == "list" and columns.startswith("--columns="), command
        names = columns.partition("=")[2].split(",")
        assert set(names) <= set(SCHEMA[table]) | {"_uuid"}, names
        rows = [[printed(name, row[name]) for name in names] for row in self.rows[table].values()]
        return json.dumps({"headings": names, "data": rows}) + "\n"

    def _transact(self, commands, no_wait):
        before, self._symbols = copy.deepcopy(self.rows), {}
        self._before, self._held = before, []
        try:
            for command in commands:
                for word in command:
                    if word.startswith("--id="):
                        self._symbols[word[5:]] = None
            for command in commands:
                self._command(list(command))
            self._collect()
        except Refused as refused:
            self.rows = before
            return Completed(1, "", "ovs-vsctl: %s\n" % refused)
        self.writes.append([list(command) for command in commands])
        self.rows["Open_vSwitch"][self.root]["next_cfg"] += 1
        if no_wait:
            return ""
        if not self.switch:
            return Completed(-14, "", "")
        self.rows["Open_vSwitch"][self.root]["cur_cfg"] = self.rows["Open_vSwitch"][self.root]["next_cfg"]
        self._follow()
        told = [row["name"] for row in self.rows["Interface"].values() if row["name"] in self.errors]
        for name in told:
            self.named("Interface", name)["error"] = [self.errors[name]]
        errors = "".join(
            "ovs-vsctl: Error detected while setting up '%s': %s.  See ovs-vswitchd log for details.\n"
            % (name, self.errors[name])
            for name in told
        )
        return Completed(self.exits if told else 0, "", errors)

    def _follow(self):
        """What ovs-vswitchd does to the kernel's links."""
        links = self._host.kernel.links
        wanted = {row["name"]: row["type"] for row in self.rows["Interface"].values()}
        for name, kind in wanted.items():
            if kind == "internal" and name not in links:
                self._host.kernel.add(name, "openvswitch")
            elif kind in ("", "system") and name in links:
                if "ovs-system" not in links:
                    self._host.kernel.add("ovs-system", "openvswitch")
                links[name]["master"] = "ovs-system"
        for name, link in list(links.items()):
            if name not in wanted and link.get("master") == "ovs-system":
                del link["master"]
            elif (
                name not in wanted
                and name != "ovs-system"
                and (link.get("linkinfo") or {}).get("info_kind") == "openvswitch"
            ):
                del links[name]
                self._host.kernel.forget(name)

    def _collect(self):
        for parent, column, table in _STRONG:
            alive = {uuid for row in self.rows[parent].values() for uuid in row[column]}
            if parent == "Bridge":
                bridges = self.rows["Open_vSwitch"][self.root]["bridges"]
                alive = {uuid for key, row in self.rows[parent].items() if key in bridges for uuid in row[column]}
            self.rows[table] = {uuid: row for uuid, row in self.rows[table].items() if uuid in alive}
        bridges = self.rows["Open_vSwitch"][self.root]["bridges"]
        self.rows["Bridge"] = {uuid: row for uuid, row in self.rows["Bridge"].items() if uuid in bridges}
        if not all(row["interfaces"] for row in self.rows["Port"].values()):
            raise Refused("transaction error: Attempted to store 0 elements in set of 1 or more uuids.")
        for table in ("Bridge", "Port", "Interface"):
            names = [row["name"] for row in self.rows[table].values()]
            if len(set(names)) != len(names):
                raise Refused(
                    "transaction error: would have caused multiple rows in the %s table to have identical values"
                    % table
                )
        for mirror in self.rows["Mirror"].values():
            for column in ("select_src_port", "select_dst_port", "output_port"):
                mirror[column] = [uuid for uuid in mirror[column] if uuid in self.rows["Port"]]
        for port in self.rows["Port"].values():
            if any(uuid not in self.rows["QoS"] for uuid in port["qos"] + self._held):
                raise Refused("referential integrity violation")
        for qos in self.rows["QoS"].values():
            if any(uuid not in self.rows["Queue"] for uuid in qos["queues"].values()):
                raise Refused("referential integrity violation")

    def _command(self, words):
        options = []
        while words[0].startswith("--"):
            options.append(words.pop(0))
        symbol = next((option[5:] for option in options if option.startswith("--id=")), None)
        verb = words.pop(0)
        method = "_do_" + verb.replace("-", "_")
        if not hasattr(self, method):
            raise AssertionError("unknown command %r" % verb)
        made = getattr(self, method)(*words)
        if symbol:
            self._symbols[symbol] = made

    def _resolved(self, value):
        if isinstance(value, Symbol):
            return self._symbols[value]
        if isinstance(value, list):
            return [self._resolved(item) for item in value]
        if isinstance(value, dict):
            return {key: self._resolved(item) for key, item in value.items()}
        return value

    def _assign(self, table, row, words):
        for word in words:
            column, key, text = parse_column(word)
            kind = SCHEMA[table][column]
            value = self._resolved(parse_value(text))
            if key is not None:
                assert kind == _MAP and isinstance(value, str), word
                row[column][key] = value
            elif kind == _MAP:
                assert isinstance(value, dict), word
                row[column] = value
            elif kind in (_SET, _OPTIONAL):
                row[column] = value if isinstance(value, list) else [value]
                assert kind == _SET or len(row[column]) <= 1, word
            else:
                assert isinstance(value, type(kind)), (word, value)
                row[column] = value

    def _do_add_br(self, name):
        if any(
            row["name"] == name
            for key, row in self.rows["Bridge"].items()
            if key in self.named("Open_vSwitch", ".")["bridges"]
        ):
            raise Refused("cannot create a bridge named %s because a bridge named %s already exists" % (name, name))
        bridge = self._insert("Bridge", name=name)
        self.named("Open_vSwitch", ".")["bridges"].append(bridge)
        iface = self._insert("Interface", name=name, type="internal")
        self.rows["Bridge"][bridge]["ports"].append(self._insert("Port", name=name, interfaces=[iface]))

    def _do_add_port(self, bridge, name):
        self._add_port(bridge, name, [name])

    def _do_add_bond(self, bridge, name, *members):
        self._add_port(bridge, name, members)

    def _add_port(self, bridge, name, members):
        listed = self.named("Open_vSwitch", ".")["bridges"]
        for key, row in self.rows["Bridge"].items():
            for uuid in row["ports"] if key in listed else ():
                names = {self.rows["Interface"][one]["name"] for one in self.rows["Port"][uuid]["interfaces"]} | {
                    self.rows["Port"][uuid]["name"]
                }
                if names & ({name} | set(members)):
                    raise Refused(
                        "cannot create a port named %s because a port named %s already exists on bridge %s"
                        % (name, name, row["name"])
                    )
        ifaces = [self._insert("Interface", name=member) for member in members]
        self.named("Bridge", bridge)["ports"].append(self._insert("Port", name=name, interfaces=ifaces))

    def _do_del_port(self, name):
        found = [row["_uuid"] for row in self.rows["Port"].values() if row["name"] == name]
        for bridge in self.rows["Bridge"].values():
            bridge["ports"] = [uuid for uuid in bridge["ports"] if uuid not in found]

    def _do_set(self, table, record, *words):
        assert words
        self._assign(table, self.named(table, record), words)

    def _do_create(self, table, *words):
        uuid = self._insert(table)
        self._assign(table, self.rows[table][uuid], words)
        return uuid

    def _do_get(self, table, record):
        return self.named(table, record)["_uuid"]

    def _do_add(self, table, record, column, value):
        self.named(table, record)[column].append(self._resolved(parse_value(value)))

    def _do_remove(self, table, record, column, value):
        held, value = self.named(table, record)[column], parse_value(value)
        if isinstance(held, dict):
            held.pop(value, None)
        elif value in held:
            held.remove(value)

    def _do_clear(self, table, record, column):
        self.named(table, record)[column] = [] if isinstance(self.named(table, record)[column], list) else {}

    def _do_destroy(self, table, record):
        """Rows of a port are collected by the server at the end: until then they hold their QoS, whatever was changed in them."""
        uuid = self.named(table, record)["_uuid"]
        if table == "Port":
            self._held += self._before[table][uuid]["qos"]
        del self.rows[table][uuid]


def _split(words):
    parts, current = [], []
    for word in words:
        if word == "--":
            parts.append(current)
            current = []
        else:
            current.append(word)
    parts.append(current)
    return parts[0], parts[1:]
