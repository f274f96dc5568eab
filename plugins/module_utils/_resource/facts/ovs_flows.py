# SPDX-License-Identifier: GPL-3.0-or-later
"""How many flows each bridge of Open vSwitch holds, and whose."""

from __future__ import annotations

from ..._host.ovs import DIRECTORY
from ..._model.action import UNKNOWN
from ..._model.errors import VnicError
from ..._model.openflow_count import count_flows

_SECONDS = 5
# A bridge speaks only those that its column protocols names (ovs-vswitchd.conf.db(5), table Bridge).
_VERSIONS = "OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15"


def read_flows(host, bridges, running):
    """``{bridge: FlowCount}``, unknown where the switch does not tell. One that once did not answer is not asked again,
    so that all of it takes no longer than one bridge's time."""
    found = dict.fromkeys(bridges, UNKNOWN)
    if running is not True:
        return found
    for bridge in bridges:
        # The socket and not the name, of which ovs-ofctl reads some as an address (utilities/ovs-ofctl.c, open_vconn__).
        argv = ["ovs-ofctl", "--timeout=%d" % _SECONDS, "--no-stats", "--no-names", "-O", _VERSIONS, "dump-flows"]
        try:
            done = host.commands.run(
                argv + ["unix:%s/%s.mgmt" % (DIRECTORY, bridge)], timeout=_SECONDS + 2.0, check=False
            )
        except VnicError:
            return found
        if done.code < 0 or done.code == 142:  # ended by its own alarm
            return found
        if not done.code:
            found[bridge] = count_flows(done.output)
    return found
