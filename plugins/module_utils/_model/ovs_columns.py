# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of Open vSwitch's database that we speak of (ovs-vswitchd.conf.db(5)), and what each may hold."""

from __future__ import annotations

from dataclasses import dataclass

from .ovs_value import many, one

# How a column reads: as it is, as a value or None, as a sorted tuple, as a dict.
PLAIN, OPTIONAL, SET, MAP = "plain", "optional", "set", "map"

OWNER_KEY = "kvm-vnic"  # in external_ids of each row that we made: what carries it may be purged
OWNER_VALUE = "ovs_bridge"
NONE = "none"  # what clears a setting or removes a key


@dataclass(frozen=True)
class Column:
    """``parameter``: the user's name; ``name``: the database's; ``allowed``: words, a range of whole numbers, or bool;
    ``empties``: whether a change makes ovs-vswitchd empty the flow tables."""

    parameter: str
    name: str
    shape: str
    allowed: object = None
    clears: bool = False
    empties: bool = False

    def read(self, row):
        return canonical(self.shape, row[self.name])


def canonical(shape, value):
    """A decoded value in the form that wishes have, so that both compare."""
    if shape == OPTIONAL:
        return one(value)
    if shape == SET:
        return tuple(sorted(many(value)))
    return value


VLAN, TRUNK = (1, 4094), (0, 4094)  # in trunks 0 stands for frames without a tag
OPENFLOW = ("OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15")

BRIDGE = (
    Column("datapath_type", "datapath_type", PLAIN, ("system", "netdev")),
    Column("fail_mode", "fail_mode", OPTIONAL, ("standalone", "secure"), clears=True, empties=True),
    Column("protocols", "protocols", SET, OPENFLOW),
    Column("mcast_snooping", "mcast_snooping_enable", PLAIN, bool),
    Column("stp", "stp_enable", PLAIN, bool),
    Column("rstp", "rstp_enable", PLAIN, bool),
)
PORT = (
    Column("tag", "tag", OPTIONAL, VLAN, clears=True),
    Column("trunks", "trunks", SET, TRUNK),
    Column(
        "vlan_mode",
        "vlan_mode",
        OPTIONAL,
        ("access", "trunk", "native-tagged", "native-untagged", "dot1q-tunnel"),
        clears=True,
    ),
    Column("bond_mode", "bond_mode", OPTIONAL, ("active-backup", "balance-slb", "balance-tcp"), clears=True),
    Column("lacp", "lacp", OPTIONAL, ("active", "passive", "off"), clears=True),
    Column("protected", "protected", PLAIN, bool),
)
INTERFACE = (
    Column("policing_rate", "ingress_policing_rate", PLAIN, (0, 4294967295)),
    Column("policing_burst", "ingress_policing_burst", PLAIN, (0, 4294967295)),
    Column("mtu", "mtu_request", OPTIONAL, (68, 65535), clears=True),
)
TYPE = Column("type", "type", PLAIN)  # "" is "system"
MAPS = (Column("external_ids", "external_ids", MAP), Column("other_config", "other_config", MAP))
INTERFACE_MAPS = (Column("options", "options", MAP), Column("interface_external_ids", "external_ids", MAP))

TABLES = {
    "Open_vSwitch": ("ovs_version", "next_cfg", "cur_cfg", "other_config"),
    "Bridge": ("_uuid", "name", "ports", "controller", "mirrors") + tuple(column.name for column in BRIDGE + MAPS),
    "Port": ("_uuid", "name", "interfaces", "qos") + tuple(column.name for column in PORT + MAPS),
    "Interface": ("_uuid", "name", "type", "error") + tuple(column.name for column in INTERFACE + INTERFACE_MAPS),
    "Controller": ("_uuid", "target"),
    "Mirror": (
        "_uuid",
        "name",
        "select_all",
        "select_src_port",
        "select_dst_port",
        "select_vlan",
        "output_port",
        "output_vlan",
    ),
    "QoS": ("_uuid", "type", "other_config", "queues", "external_ids"),
    "Queue": ("_uuid", "other_config", "external_ids"),
}
