# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch."""

from __future__ import annotations

import json

from ..._model.action import UNKNOWN
from ..._model.errors import VnicError

# ovs-vswitchd(8) and ovsdb-server(1): where the packages of the distributions keep these; /var/run is /run
_DATABASE = "/run/openvswitch/db.sock"
_SWITCH = "/run/openvswitch/ovs-vswitchd.pid"
_BRIDGES = ["ovs-vsctl", "--timeout=5", "--format=json", "--data=json", "--columns=name", "list", "Bridge"]


def _running(host):
    """Whether the switch's daemon is alive, by its own file."""
    if not host.files.exists(_SWITCH):
        return UNKNOWN if host.files.list_or("/run/openvswitch") is UNKNOWN else False
    pid = host.files.read_or(_SWITCH)
    if pid is UNKNOWN:
        return UNKNOWN
    return pid.isdigit() and host.files.read_or("/proc/%s/comm" % pid, "") == "ovs-vswitchd"


def _bridges(host):
    try:
        table = json.loads(host.commands.run(_BRIDGES, timeout=10.0).output)
        return sorted(row[0] for row in table["data"])
    except (VnicError, ValueError, KeyError, IndexError, TypeError):
        return UNKNOWN


def read_ovs(host):
    """``{installed, running, bridges}``: ``running``: ovs-vswitchd is alive; ``bridges``: names, which only root may
    ask for."""
    if host.commands.find("ovs-vsctl") is None:
        return {"installed": False, "running": False, "bridges": []}
    running = _running(host)
    if not host.files.exists(_DATABASE) and running is False:
        return {"installed": True, "running": False, "bridges": UNKNOWN}  # they are in the database all the same
    return {"installed": True, "running": running, "bridges": _bridges(host)}
