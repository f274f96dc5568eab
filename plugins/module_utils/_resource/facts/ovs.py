# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch: what its database says of bridges and ports, and whose flows the switch holds."""

from __future__ import annotations

from ..._host.ovs import RUNNING
from ..._model.action import UNKNOWN
from ..._model.errors import ApplyFailed, Unsupported
from ..._model.ovs_in_band import in_band
from ..._model.ovs_offload import offloads
from ..._model.ovs_value import many, one
from .ovs_flows import read_flows

_COLUMNS = {
    "Open_vSwitch": ("ovs_version", "other_config"),
    "Bridge": ("name", "datapath_type", "fail_mode", "controller", "ports", "mirrors", "other_config"),
    "Port": ("_uuid", "name", "tag", "trunks", "vlan_mode", "protected", "interfaces"),
    "Interface": ("_uuid", "name", "type", "ofport", "error", "external_ids"),
    "Mirror": ("_uuid", "name", "output_port"),
    "Controller": ("_uuid", "target", "connection_mode"),
    "Manager": ("target", "connection_mode"),
}
_SECONDS = 5
_SYSTEM = (
    "system"  # what an empty type stands for (ovs-vswitchd.conf.db(5): datapath_type of Bridge, type of Interface)
)


def _interface(row, flows):
    ids, number = row["external_ids"], one(row["ofport"])
    return {
        "type": row["type"] or _SYSTEM,
        "ofport": number,
        "error": one(row["error"]),
        "interface_id": ids.get("iface-id"),
        "attached_mac": ids.get("attached-mac"),
        "vm_id": ids.get("vm-id"),
        "flows": UNKNOWN if flows is UNKNOWN else flows.of_port(ids.get("iface-id"), number),
    }


def _port(row, interfaces, flows, mirrors):
    listed = _of(interfaces, row["interfaces"])
    return {
        "tag": one(row["tag"]),
        "trunks": sorted(many(row["trunks"])),
        "vlan_mode": one(row["vlan_mode"]),
        "protected": one(row["protected"]) is True,
        "output_of": sorted(mirror["name"] for mirror in mirrors if one(mirror["output_port"]) == row["_uuid"]),
        "interfaces": {each["name"]: _interface(each, flows) for each in sorted(listed, key=_name)},
    }


def _bridge(row, by_uuid, managers, flows):
    ports, mirrors = _of(by_uuid["Port"], row["ports"]), _of(by_uuid["Mirror"], row["mirrors"])
    controllers = _of(by_uuid["Controller"], row["controller"])
    counts = UNKNOWN
    if flows is not UNKNOWN:
        counts = {"total": flows.total, "ours": flows.ours, "guest": flows.guest, "guard": flows.guard}
    return {
        "datapath_type": row["datapath_type"] or _SYSTEM,
        "fail_mode": one(row["fail_mode"]),
        "controllers": sorted(found["target"] for found in controllers),
        "in_band": in_band(row["other_config"], controllers + managers),
        "ports": {port["name"]: _port(port, by_uuid["Interface"], flows, mirrors) for port in sorted(ports, key=_name)},
        "mirrors": sorted(mirror["name"] for mirror in mirrors),
        "flows": counts,
    }


def _of(rows, uuids):
    return [rows[uuid] for uuid in many(uuids) if uuid in rows]


def _name(row):
    return row["name"]


def _answer(installed, running, problem=None, version=UNKNOWN, bridges=UNKNOWN, hw_offload=UNKNOWN):
    return {
        "installed": installed,
        "running": running,
        "problem": problem,
        "version": version,
        "bridges": bridges,
        "hw_offload": hw_offload,
    }


def read_ovs(host):
    """``{installed, running, problem, version, bridges, hw_offload}``; the keys of a bridge are those of the module's
    documentation. One question to the database, which only root may ask, and one to the switch for each bridge.

    ``running``: ovs-vswitchd is alive and not stopped; ``problem``: why the database does not answer, or null.
    """
    if not host.ovs.installed():
        return _answer(False, False, version=None, bridges={}, hw_offload=False)
    state = host.ovs.switch_state()
    running = state if state is UNKNOWN else state == RUNNING
    problem = host.ovs.unavailable()
    if problem is not None:
        return _answer(True, running, problem)
    try:
        tables = host.ovs.tables(_COLUMNS, timeout=_SECONDS)
    except (ApplyFailed, Unsupported) as error:
        return _answer(True, running, str(error))
    by_uuid = {table: {row["_uuid"]: row for row in rows if "_uuid" in row} for table, rows in tables.items()}
    settings = tables["Open_vSwitch"][0] if tables["Open_vSwitch"] else {"ovs_version": (), "other_config": {}}
    rows = sorted(tables["Bridge"], key=_name)
    flows = read_flows(host, [row["name"] for row in rows], running)
    return _answer(
        True,
        running,
        version=one(settings["ovs_version"]) or UNKNOWN,
        bridges={row["name"]: _bridge(row, by_uuid, tables["Manager"], flows[row["name"]]) for row in rows},
        hw_offload=offloads(settings["other_config"]),
    )
