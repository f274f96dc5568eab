# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch's flow tables, in memory: as much of ``ovs-ofctl`` and ``ovs-vsctl`` as the flows of bridges need.

Flows are printed in one notation and order, as the real one does: tests/unit/…/test_openflow_text.py has its own words.
"""

from __future__ import annotations

import json
import re

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost

LOCAL = 65534
ALIASES = {"eth_src": "dl_src", "eth_dst": "dl_dst", "ip_src": "nw_src", "ip_dst": "nw_dst", "tcp_dst": "tp_dst"}
ORDER = [
    "ip",
    "arp",
    "tcp",
    "udp",
    "ipv6",
    *("tcp6", "udp6", "sctp", "sctp6", "icmp", "icmp6", "mpls", "icmpv6_type"),
    "in_port",
    "vlan_tci",
    "dl_vlan",
    "dl_src",
    "dl_dst",
    "dl_type",
    "arp_spa",
    "nw_src",
    "nw_dst",
    "tp_dst",
]
PROTOCOLS = {("0x0800", None): "ip", ("0x0806", None): "arp", ("0x0800", "6"): "tcp", ("0x0800", "17"): "udp"}
WORDS = ("ip", "arp", "tcp", "udp", "ipv6", "tcp6", "udp6", "sctp", "sctp6", "icmp", "icmp6", "mpls")


_USES = re.compile(r"(?<!\w)(group|meter):(\d+)")  # also within clone(…) and write_actions(…)
_FAILED = (
    "Error OFPBFC_MSG_FAILED for: OFPT_BUNDLE_CONTROL (OF1.4) (xid=0xa):\n"
    " bundle_id=0 type=COMMIT_REQUEST flags=atomic ordered\n"
)


class NoFlow(ValueError):
    pass


def _without_users(flows, kind, number):
    """With a group or meter go the flows that use it; a group whose bucket names it stays (tried with 3.1)."""
    return {key: flow for key, flow in flows.items() if (kind, str(number)) not in _USES.findall(flow["actions"])}


_NEEDS = {"dec_ttl": r"\b(ip|tcp|udp|tcp6)\b", "pop_vlan": "vlan_tci=0x1000", "set_field:53->udp_dst": r"\budp\b"}


def _lacks_prerequisite(line):
    match, _mark, actions = line.partition("actions=")
    return any(word in actions and not re.search(needed, match) for word, needed in _NEEDS.items())


def _uncommented(text):
    """The lines that ovs-ofctl reads (lib/dynamic-string.c, ds_get_preprocessed_line)."""
    lines = [line.partition("#")[0] for line in text.splitlines()]
    return [line for line in lines if line.strip()]


def _match(words):
    """The fields in OVS's notation and order."""
    found = {}
    for word in words:
        name, _mark, value = word.partition("=")
        name = ALIASES.get(name, name)
        if name not in ORDER + ["nw_proto"]:
            raise NoFlow("unknown keyword %s" % name)
        if name in ("in_port", "dl_vlan", "tp_dst"):
            value = "LOCAL" if value.upper() == "LOCAL" or value == str(LOCAL) else str(int(value, 0))
        found[name] = value.lower() if name.startswith("dl_") else value
    kind, number = found.pop("dl_type", None), found.pop("nw_proto", None)
    if (kind, number) in PROTOCOLS:
        found[PROTOCOLS[kind, number]] = ""
    elif kind:
        found["dl_type"] = kind
    elif number:
        found.pop("ip")
        found[PROTOCOLS["0x0800", number]] = ""
    return ",".join(name if name in WORDS else "%s=%s" % (name, found[name]) for name in ORDER if name in found)


def _actions(text):
    words = [word.strip() for word in re.split(r",(?![^(]*\))", text)]
    for word in words:
        if not re.match(
            r"(?i)(output:|group:|meter:|clone\(|dec_ttl$|pop_vlan$|set_field:53->udp_dst$|resubmit|goto_table:|mod_vlan_vid:"
            r"|normal$|drop$|flood$|local$|\d+$)",
            word,
        ):
            raise NoFlow("unknown action %s" % word.split(":")[0])
    words = ["LOCAL" if word.lower() in ("output:local", "output:%d" % LOCAL) else word for word in words]
    shown = [word.upper() if word.lower() in ("normal", "flood", "local") else word for word in words]
    return ",".join("output:" + word if word.isdigit() else word for word in shown)


def read_flow(text):
    """``{table, priority, match, actions, cookie, mask, extra}`` of a flow as ovs-ofctl reads it."""
    head, _mark, actions = text.partition("actions=")
    flow, words = {"table": 0, "priority": 32768, "cookie": 0, "mask": None, "extra": ""}, []
    for word in [word for word in re.split(r"[,\s]+", head) if word]:
        name, _mark, value = word.partition("=")
        if name in ("table", "priority"):
            flow[name] = int(value)
        elif name == "cookie":
            number, _mark, mask = value.partition("/")
            flow.update(cookie=int(number, 16), mask=mask or None)
        elif name in ("idle_timeout", "hard_timeout"):
            flow["extra"] += "%s=%s, " % (name, value)
        else:
            words.append(word)
    flow.update(match=_match(words), actions=_actions(actions) if actions else "")
    return flow


def _where(flow):
    parts = ["priority=%d" % flow["priority"]] * (flow["priority"] != 32768) + [flow["match"]] * bool(flow["match"])
    return ",".join(parts) + " " if parts else ""


def _dumped(flow):
    cookie = "cookie=0x%x, " % flow["cookie"] if flow["cookie"] else ""
    table = "table=%d, " % flow["table"] if flow["table"] else ""
    return " %s%s%s%sactions=%s\n" % (cookie, table, flow["extra"], _where(flow), flow["actions"])


def _mod(flow):
    table = "table:%d " % flow["table"] if flow["table"] else ""
    cookie = "cookie:0x%x " % flow["cookie"] if flow["cookie"] else ""
    return "OFPT_FLOW_MOD (OF1.4) (xid=0x2): ADD %s%s%sactions=%s" % (table, _where(flow), cookie, flow["actions"])


class Bridge:
    """``ports``: ``{name: (number or None, external_ids)}``; ``flows``: ``{key: flow}``."""

    def __init__(self, name):
        self.fail_mode, self.protocols, self.controllers = None, [], []
        self.ports = {name: (LOCAL, {})}
        self.groups, self.meters, self.flows = {}, {}, {}
        self.flush()

    def flush(self):
        self.groups, self.meters, self.flows = {}, {}, {}
        if self.fail_mode != "secure":
            self.add("priority=0,actions=NORMAL")

    def add(self, text):
        flow = read_flow(text)
        self.flows[flow["table"], flow["priority"], flow["match"]] = flow

    def lines(self):
        """What dump-flows prints, without blanks at the sides."""
        return [
            _dumped(flow).strip()
            for _key, flow in sorted(self.flows.items(), key=lambda item: (item[0][0], -item[0][1], item[0][2]))
        ]


class MemoryFlowSwitch:
    """``bridges``: ``{name: Bridge}``; ``writes``: every change, in words; ``failures``: ``{first words: Completed}``."""

    def __init__(self):
        self.bridges, self.writes, self.failures = {}, [], {}

    def add_bridge(self, name, **ports):
        """``ports``: ``name=number``, or ``name=(number, interface id)`` for a guest's."""
        bridge = self.bridges[name] = Bridge(name)
        for port, number in ports.items():
            bridge.ports[port] = (number, {}) if isinstance(number, int) else (number[0], {"iface-id": number[1]})
        return bridge

    # ovs-vsctl
    def _rows(self, table):
        for name, bridge in self.bridges.items():
            if table == "Bridge":
                sets = {key: ["set", getattr(bridge, key)] for key in ("protocols",)}
                ports = ["set", [["uuid", "p-%s" % port] for port in bridge.ports]]
                mode = bridge.fail_mode or ["set", []]
                controllers = ["set", [["uuid", one] for one in bridge.controllers]]
                yield dict(sets, name=name, ports=ports, fail_mode=mode, controller=controllers)
            for port, (number, keys) in bridge.ports.items():
                if table == "Port":
                    yield {"_uuid": ["uuid", "p-%s" % port], "interfaces": ["uuid", "i-%s" % port]}
                elif table == "Interface":
                    number = ["set", []] if number is None else number
                    yield {
                        "_uuid": ["uuid", "i-%s" % port],
                        "name": port,
                        "ofport": number,
                        "external_ids": ["map", [list(item) for item in keys.items()]],
                    }

    def vsctl(self, argv, _stdin):
        if "vsctl" in self.failures:
            return self.failures["vsctl"]
        output = ""
        for command in " ".join(argv[1:]).split(" -- ")[1:]:
            words = command.split()
            if words[0].startswith("--columns="):
                columns = words[0][10:].split(",")
                data = [[row[column] for column in columns] for row in self._rows(words[2])]
                output += json.dumps({"headings": columns, "data": data}) + "\n"
            else:
                assert words[:2] == ["set", "Bridge"], command
                column, _mark, value = words[3].partition("=")
                assert column == "fail_mode", command
                self.writes.append(" ".join(words))
                bridge = self.bridges[words[2]]
                bridge.fail_mode = None if value == "[]" else json.loads(value)
                bridge.flush()
        return output

    # ovs-ofctl
    def ofctl(self, argv, stdin):
        assert argv[1].startswith("--timeout=") and argv[2:4] == ["-O", "OpenFlow14"], argv
        words = [word for word in argv[4:] if not word.startswith("--no-")]
        if words[0] in self.failures:
            return self.failures[words[0]]
        if words[0] == "parse-flows":
            return self._parse(stdin)
        bridge = self.bridges[words[1]]
        if words[0] == "dump-flows":
            return "".join(" %s\n" % line for line in bridge.lines())
        if words[0] == "dump-groups":
            return "OFPST_GROUP_DESC reply (OF1.4) (xid=0x2):\n" + "".join(
                " group_id=%d,%s\n" % item for item in bridge.groups.items()
            )
        if words[0] == "dump-meters":
            shown = [
                "meter=%d %s" % (number, text.replace(" type=", "\ntype=")) for number, text in bridge.meters.items()
            ]
            return "OFPST_METER_CONFIG reply (OF1.4) (xid=0x2):\n" + "\n\n".join(shown) + "\n"
        if words[0] == "bundle":
            return self._bundle(bridge, _uncommented(stdin))
        self.writes.append(" ".join(words))
        return self._meter(bridge, words)

    @staticmethod
    def _meter(bridge, words):
        number = int(re.match(r"meter=(\d+)", words[2]).group(1))
        if words[0] == "del-meters":
            del bridge.meters[number]
            bridge.flows = _without_users(bridge.flows, "meter", number)
            return ""
        if (number in bridge.meters) != (words[0] == "mod-meter"):
            return Completed(1, "", "OFPT_ERROR (OF1.4) (xid=0x4): OFPMMFC_METER_EXISTS\n")
        head, *bands = words[2].split(",band=")
        flags = " ".join(head.split(",")[1:])
        bridge.meters[number] = "%s bands= %s" % (flags, " ".join(band.replace(",", " ") for band in bands))
        return ""

    @staticmethod
    def _parse(stdin):
        shown = ["usable protocols: any", "chosen protocol: OXM-OpenFlow14"]
        lines = _uncommented(stdin)
        for number, line in enumerate(lines, 1):
            try:
                shown.append(_mod(read_flow(line)))
            except NoFlow as error:
                return Completed(1, "", "ovs-ofctl: -:%d: %s\n" % (number, error))
        if any(_lacks_prerequisite(line) for line in lines):  # said of all lines together
            return Completed(1, "usable protocols: none\n", "ovs-ofctl: no usable protocol\n")
        return "\n".join(shown) + "\n"

    def _bundle(self, bridge, lines):
        flows, groups = dict(bridge.flows), dict(bridge.groups)
        for at, line in enumerate(lines, 1):
            kind, verb, text = line.split(" ", 2)
            if "watch_port:%d" % LOCAL in text:
                return Completed(1, "", "ovs-ofctl: -:%d: %d: invalid watch_port\n" % (at, LOCAL))
            if kind == "group":
                number = int(re.match(r"group_id=(\d+)", text).group(1))
                if verb == "delete":
                    groups.pop(number, None)
                    flows = _without_users(flows, "group", number)
                else:
                    assert (number in groups) == (verb == "modify"), line
                    groups[number] = text.partition(",")[2]
                continue
            flow = read_flow(text)
            key = flow["table"], flow["priority"], flow["match"]
            if verb == "delete_strict":
                assert flow["mask"] == "-1", line
                if key in flows and flows[key]["cookie"] == flow["cookie"]:
                    del flows[key]
            elif verb == "delete":
                flows = {key: found for key, found in flows.items() if found["cookie"] != flow["cookie"]}
            else:
                for kind, wanted in _USES.findall(flow["actions"]):
                    if int(wanted) not in {"group": groups, "meter": bridge.meters}[kind]:
                        error = {"group": "OFPBAC_BAD_OUT_GROUP", "meter": "OFPMMFC_INVALID_METER"}[kind]
                        return Completed(1, "", "Error %s for: %s\n%s" % (error, _mod(flow), _FAILED))
                flows[key] = dict(flow, mask=None)
        self.writes += lines
        bridge.flows, bridge.groups = flows, groups
        return ""


class FlowHost(MemoryHost):
    """A host with Open vSwitch running; ``switch`` holds its bridges."""

    def __init__(self):
        super().__init__()
        self.switch = MemoryFlowSwitch()
        self.commands.tools.update({"ovs-vsctl": self.switch.vsctl, "ovs-ofctl": self.switch.ofctl})
        self.tree.contents.update(
            {
                "/run/openvswitch/db.sock": "",
                "/run/openvswitch/ovs-vswitchd.pid": "77",
                "/proc/77/comm": "ovs-vswitchd",
                "/proc/77/stat": "77 (ovs-vswitchd) S 1 77 77",
            }
        )

    def writes(self):
        return super().writes() + self.switch.writes


def flow_host():
    """``br0`` with the uplink eth1 at port 1, and guests' ports vnet0 (5) and vnet1 (6)."""
    host = FlowHost()
    host.switch.add_bridge("br0", eth1=1, vnet0=(5, WEB), vnet1=(6, DB))
    return host


WEB, DB, OFF = ("%s1111111-1111-1111-1111-111111111111" % digit for digit in "abc")
