# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools of Open vSwitch printed, by release, and a host on which they print it.

The bridges ``br-tenant`` (two guests' ports, a bond, a mirror, a controller, flows of all kinds) and ``br-int`` (userspace
datapath, a port of an unknown type), made alike with each release.
"""

from __future__ import annotations

import pathlib

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed

RELEASES = ("3.1", "3.5")


def recorded(release):
    """``{"ovs-vsctl list" | "ovs-ofctl dump-flows BRIDGE": what it printed}``"""
    text = (pathlib.Path(__file__).parent / "recorded" / ("open_vswitch_%s.txt" % release)).read_text()
    found = {}
    for section in text.split("== ")[1:]:
        command, _newline, output = section.partition("\n")
        found[command] = output
    return found


class RecordedOvs:
    """Installs itself on ``host``. ``said``: the sections; ``unanswered``: bridges that ovs-ofctl waits for in vain."""

    def __init__(self, host, release):
        self.said = recorded(release)
        self.unanswered = ()
        host.commands.tools["ovs-vsctl"] = self.list
        host.commands.tools["ovs-ofctl"] = self.dump_flows
        host.put("/run/openvswitch/db.sock")
        host.put("/run/openvswitch/ovs-vswitchd.pid", "77")
        host.put("/proc/77/comm", "ovs-vswitchd")
        host.put("/proc/77/stat", "77 (ovs-vswitchd) S 1 77 77 0")

    def list(self, argv, stdin):
        """Only what was asked when it was recorded: the tables in that order, with their columns."""
        tables = [argv[index + 1] for index, word in enumerate(argv) if word == "list"]
        assert tables == ["Open_vSwitch", "Bridge", "Port", "Interface", "Mirror", "Controller", "Manager"]
        return self.said["ovs-vsctl list"]

    def dump_flows(self, argv, stdin):
        assert argv[-2] == "dump-flows" and argv[-1].startswith("unix:/run/openvswitch/")
        bridge = argv[-1].rpartition("/")[2][: -len(".mgmt")]
        if bridge in self.unanswered:
            return Completed(-14, "", "fatal_signal|WARN|terminating with signal 14 (Alarm clock)")
        section = "ovs-ofctl dump-flows %s" % bridge
        if section not in self.said:
            return Completed(1, "", "ovs-ofctl: %s: failed to connect to socket (No such file or directory)" % argv[-1])
        return self.said[section]
