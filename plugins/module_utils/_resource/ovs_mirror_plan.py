# SPDX-License-Identifier: GPL-3.0-or-later
"""From the mirrors of one bridge that are to those wished."""

from __future__ import annotations

from .._model.action import Action
from .._model.ovs_value import many, one, setting, word
from .ovs_port_plan import disturbed_by, port_devices
from .ovs_step import REFER, REMOVE, Step

_LISTS = (("select_src_ports", "select_src_port", "sources"), ("select_dst_ports", "select_dst_port", "destinations"))


def ports_of(wish):
    """Names of the ports that a mirror speaks of."""
    return (wish.sources or ()) + (wish.destinations or ()) + ((wish.output_port,) if wish.output_port else ())


def mirror_fields(row, names):
    """A mirror as the user would write it; ``names``: ``{row: name}`` of the ports."""
    fields = {"select_all": row["select_all"]}
    for parameter, column, _attribute in _LISTS:
        fields[parameter] = sorted(names.get(uuid, str(uuid)) for uuid in many(row[column]))
    fields["select_vlans"] = sorted(many(row["select_vlan"]))
    output = one(row["output_port"])
    fields["output_port"] = None if output is None else names.get(output, str(output))
    fields["output_vlan"] = one(row["output_vlan"])
    return fields


def _wished(wish):
    fields = {"output_port": wish.output_port, "output_vlan": wish.output_vlan}
    if wish.select_all is not None:
        fields["select_all"] = wish.select_all
    if wish.vlans is not None:
        fields["select_vlans"] = list(wish.vlans)
    for parameter, _column, attribute in _LISTS:
        if getattr(wish, attribute) is not None:
            fields[parameter] = list(getattr(wish, attribute))
    return fields


class _Ports:
    """Symbols for the ports that the mirrors of one bridge name; each is looked up once, also when it is made in the
    same transaction."""

    def __init__(self, prefix):
        self._prefix = prefix
        self._symbols = {}
        self.commands = []

    def symbol(self, name):
        if name not in self._symbols:
            self._symbols[name] = "@%s-%d" % (self._prefix, len(self._symbols))
            self.commands.append((REFER, ("--id=%s" % self._symbols[name], "get", "Port", name)))
        return self._symbols[name]


def _words(fields, ports):
    columns = {
        "select_vlans": "select_vlan",
        "select_src_ports": "select_src_port",
        "select_dst_ports": "select_dst_port",
    }
    words = []
    for parameter, value in fields.items():
        column = columns.get(parameter, parameter)
        if parameter in ("select_src_ports", "select_dst_ports"):
            words.append("%s=[%s]" % (column, ",".join(ports.symbol(name) for name in value)))
        elif parameter == "output_port" and value is not None:
            words.append("%s=%s" % (column, ports.symbol(value)))
        else:
            words.append(setting(column, value))
    return words


def _taken(name, bridge, state):
    """What a Step says of the port that becomes a mirror's: what it receives is dropped then, and nothing but copies leaves
    it (ovs-vswitchd.conf.db(5), Mirror, output_port)."""
    port = state.ports.get(name)
    if port is None:
        return {}
    outputs = (
        {one(row["output_port"]) for rows in bridge.mirrors.values() for row in rows} if bridge is not None else ()
    )
    silent = port.row["_uuid"] in outputs
    return {
        "disturbed": disturbed_by(port, bridge, state),
        "silences": () if silent else ((name, port_devices(port, state)),),
    }


def _removal(wish, row, mirror, reason, effect):
    step = Step(((REMOVE, ("remove", "Bridge", row, "mirrors", word(mirror["_uuid"]))),))
    return Action("%s/mirror:%s" % (wish.name, mirror["name"]), "state", "present", None, reason, effect, data=step)


def plan_mirrors(wish, bridge, state, effect):
    found = bridge.mirrors if bridge is not None else {}
    names = state.port_names()
    row = word(bridge.row["_uuid"]) if bridge is not None else wish.name
    if wish.purge_mirrors and bridge is not None:
        listed = {mirror.name for mirror in wish.mirrors or ()}
        for name, mirrors in sorted(found.items()):
            for mirror in mirrors if name not in listed else ():
                yield _removal(wish, row, mirror, "is not listed as a mirror", effect)
    for number, mirror in enumerate(wish.mirrors or ()):
        if not mirror.present:
            for surplus in found.get(mirror.name, ()):
                yield _removal(wish, row, surplus, "is to be no mirror", effect)
            continue
        for surplus in found.get(mirror.name, ())[1:]:
            yield _removal(wish, row, surplus, "is another mirror of that name", effect)
        ports = _Ports("port-%s-%d" % (wish.name, number))
        fields, target = _wished(mirror), "%s/mirror:%s" % (wish.name, mirror.name)
        if mirror.name not in found:
            symbol = "@mirror-%s-%d" % (wish.name, number)
            words = _words({key: value for key, value in fields.items() if value is not None}, ports)
            commands = ports.commands + [
                (REFER, ("--id=%s" % symbol, "create", "Mirror", setting("name", mirror.name)) + tuple(words)),
                (REFER, ("add", "Bridge", row, "mirrors", symbol)),
            ]
            step = Step(tuple(commands), **_taken(mirror.output_port, bridge, state))
            yield Action(target, "state", None, fields, "does not exist yet", effect, data=step)
            continue
        there = found[mirror.name][0]
        before = mirror_fields(there, names)
        for field, after in fields.items():
            if before[field] != after:
                mine = _Ports("port-%s-%d-%s" % (wish.name, number, field))
                words = _words({field: after}, mine)
                commands = mine.commands + [(REFER, ("set", "Mirror", word(there["_uuid"])) + tuple(words))]
                step = Step(tuple(commands), **(_taken(after, bridge, state) if field == "output_port" else {}))
                yield Action(target, field, before[field], after, "differs", effect, data=step)
