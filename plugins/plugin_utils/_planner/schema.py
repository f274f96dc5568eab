# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's schema as data. One place for the validator, the reference page (docs/inventory.md) and its test."""

from __future__ import annotations

import re
import unicodedata
import uuid

from ...module_utils._model.addresses import parse_mac
from ...module_utils._model.fields import MTU_RANGE, VLAN_RANGE
from ...module_utils._model.names import parse_interface_name, parse_nic_name
from .cpu_nodes import AUTO, CpuList, Queues
from .nodes import Choice, Flag, Items, Key, Record, Table, Text, Whole
from .ovs_schema import INTERFACE_KEYS, SWITCH_KEYS
from .profiles import DEFAULT_PROFILE, REQUIREMENTS
from .rules import ATTACHMENTS, BACKENDS, MODELS, NO_PREMISE, PLACEMENT, PREMISES_OF
from .selectors import parse_selector

VFS_RANGE = (0, 65535)  # sriov_totalvfs is 16 bits wide (PCI Express, SR-IOV capability, TotalVFs)
DEFAULT_MAC_PREFIX = "52:54"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_PREFIX = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){0,3}", re.ASCII)


def parse_name(text):
    if not _NAME.fullmatch(text):
        raise ValueError(
            "is no name we take: allowed are 1 to 64 letters, digits, '_', '.', '-', beginning with a letter or digit"
        )
    return text


def parse_guest_name(text):
    """libvirt refuses little in a name (src/conf/domain_conf.c): ``/`` and line ends. XML 1.0 holds no other control
    characters either.
    """
    if not text.strip():
        raise ValueError("is no guest name: it is empty")
    if "/" in text:
        raise ValueError("is no guest name: libvirt refuses '/' in it")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise ValueError("is no guest name: it has a control character in it")
    return text


def parse_uuid(text):
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        raise ValueError(
            'is no UUID: expected the form of virsh domuuid, such as "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"'
        ) from None


def parse_mac_prefix(text):
    """One to four octets, locally administered, unicast."""
    prefix = text.strip().lower().replace("-", ":")
    if not _PREFIX.fullmatch(prefix):
        raise ValueError('is no MAC prefix: expected one to four hexadecimal pairs in quotes, such as "52:54"')
    first = int(prefix[:2], 16)
    if first & 1:
        raise ValueError("is the prefix of group (multicast) addresses: the lowest bit of its first byte must be 0")
    if not first & 2:
        raise ValueError(
            "is no locally administered prefix: the second lowest bit of its first byte must be 1, as in 52, 02 or 0a"
        )
    return prefix


def parse_host(text):
    if not text.strip() or any(unicodedata.category(char) == "Cc" for char in text):
        raise ValueError("is no inventory hostname")
    return text


UPLINK = Record(
    "an uplink",
    {
        "device": Key(
            Text("card (name, PCI address, MAC address or driver:GLOB)", '"0000:3b:00.1"', parse_selector),
            'the card, by name ("ens2"), PCI address ("0000:3b:00.1"), MAC address ("b4:96:91:00:00:01") or driver '
            '("driver:igb*", every such card)',
            required=True,
        ),
        "vfs": Key(
            Whole("number of VFs", VFS_RANGE[0], VFS_RANGE[1], "8"),
            "number of virtual functions the card is to have; 0 removes them",
        ),
    },
)

SWITCH = Record(
    "a switch",
    {
        "bridge": Key(
            Text("bridge", "br0", parse_interface_name),
            "a Linux bridge: used as it is where it exists, made where it does not",
        ),
        **SWITCH_KEYS,
    },
)

NETWORK = Record(
    "a network",
    {
        "uplinks": Key(
            Items(UPLINK, "uplinks"), "cards that lead to this network; their order does not matter", default=[]
        ),
        "switch": Key(SWITCH, "the switch that guests are plugged into; without one, macvtaps on the uplinks"),
        "vlan": Key(
            Whole("VLAN", VLAN_RANGE[0], VLAN_RANGE[1], "100"), "VLAN of this network on its uplinks; untagged without"
        ),
        "mtu": Key(
            Whole("MTU", MTU_RANGE[0], MTU_RANGE[1], "9000"), "MTU of this network in bytes; left alone without"
        ),
    },
)

INTERFACE = Record(
    "an interface",
    {
        "name": Key(
            Text("NIC name", "front", parse_nic_name),
            "the NIC's identity within its guest, kept in the guest's XML",
            required=True,
        ),
        "network": Key(Text("network name", "prod", parse_name), "one of vnic_networks", required=True),
        "requires": Key(
            Items(Choice("requirement", tuple(REQUIREMENTS)), "requirements"),
            "what the attachment must allow; excludes those that do not",
            default=[],
        ),
        "mac": Key(
            Text("MAC address", '"52:54:00:12:34:56"', parse_mac),
            "MAC address; without, the one it has, else one made of guest and NIC name",
        ),
        "model": Key(Choice("NIC model", MODELS), "model the guest sees; excludes attachments without one"),
        "backend": Key(Choice("backend", BACKENDS), "who moves the packets; excludes attachments without one"),
        **INTERFACE_KEYS,
    },
)

GUEST = Record(
    "a guest",
    {
        "name": Key(
            Text("guest name", "web1", parse_guest_name), "the guest's name; with uuid, only a label", required=True
        ),
        "uuid": Key(
            Text("UUID", '"4dea22b3-1d52-d8f3-2516-782e98ab3fa0"', parse_uuid),
            "the guest's UUID, when its name may change",
        ),
        "host": Key(
            Text("inventory hostname", "hv1", parse_host),
            "where a guest that is not defined yet will be; its NICs are planned there, pending",
        ),
        "interfaces": Key(Items(INTERFACE, "interfaces"), "the guest's NICs", required=True, default=[]),
    },
)


def _rule(node, what, premises=(NO_PREMISE,)):
    return Key(
        Record(
            "a rule",
            {
                "value": Key(node, "the rule's value", required=True),
                "reason": Key(Text("reason", '"because …"'), "why, as a sentence"),
                "premise": Key(
                    Choice("premise of this rule", premises), "what must be so for the rule to be carried out"
                ),
                "source": Key(Text("source", '"our runbook"'), "where that is said"),
            },
        ),
        what,
    )


RULES = Record(
    "the rules of a profile",
    {
        "attachments": _rule(Items(Choice("attachment", ATTACHMENTS), "attachments"), "attachments to try, best first"),
        "model": _rule(Choice("NIC model", MODELS), "model of NICs that ask for none"),
        "backend": _rule(Choice("backend", BACKENDS), "backend of NICs that ask for none"),
        "queues": _rule(Queues(), "pairs of queues of a virtio NIC"),
        **{
            name: _rule(Choice("value of %s" % name, words), what, PREMISES_OF.get(name, (NO_PREMISE,)))
            for name, (words, what) in PLACEMENT.items()
        },
    },
)

PROFILE = Record(
    "a profile",
    {
        "extends": Key(
            Text("profile name", DEFAULT_PROFILE, parse_name),
            "the profile whose rules hold where this one states none",
            default=DEFAULT_PROFILE,
        ),
        "description": Key(Text("description", '"for guests that migrate"'), "one line"),
        "rules": Key(
            RULES,
            "what this profile decides otherwise",
            default={},
        ),
    },
)

# The keys are those of the filter's input; the variable of each is vnic_KEY.
INTENT = Record(
    "the intent",
    {
        "profile": Key(
            Text("profile name", DEFAULT_PROFILE, parse_name),
            "the profile that this host's NICs follow",
            default=DEFAULT_PROFILE,
        ),
        "profiles": Key(
            Table(Text("profile name", "migratable", parse_name), PROFILE, "profiles"),
            "profiles of your own",
            default={},
        ),
        "networks": Key(
            Table(Text("network name", "prod", parse_name), NETWORK, "networks"), "networks by name", default={}
        ),
        "guests": Key(Items(GUEST, "guests"), "guests of the whole fleet, wherever they live", default=[]),
        "mac_prefix": Key(
            Text("MAC prefix", '"52:54"', parse_mac_prefix),
            "first octets of the MAC addresses that are made",
            default=DEFAULT_MAC_PREFIX,
        ),
        "purge": Key(
            Flag(),
            "whether NICs that the collection gave and that are no longer listed are taken from their guests",
            default=False,
        ),
        "housekeeping_cpus": Key(
            CpuList("CPU list", '"0-1,8"'),
            "CPUs that are left to the host itself: no vCPU is pinned to them",
            default=AUTO,
        ),
        "strict_placement": Key(
            Flag(),
            "whether a host that has no core for each vCPU is refused, instead of letting guests share cores",
            default=False,
        ),
    },
    prefix="vnic_",
)
