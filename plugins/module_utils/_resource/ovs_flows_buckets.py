# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions of groups' buckets mean, in Open vSwitch's own words.

``ovs-ofctl`` reads no group without a switch to give it to, but flows; and a flow's match has to tell what its actions
presuppose, such as IPv4 for ``dec_ttl``, which a bucket's need not. So they are read under matches that tell it.
"""

from __future__ import annotations

from .._model.openflow_text import RefusedFlow

_TAGGED = "vlan_tci=0x1000/0x1000"
_PACKETS = (
    "tcp",
    "udp",
    "sctp",
    "icmp",
    "tcp6",
    "udp6",
    "sctp6",
    "icmp6",
    "icmp6,icmpv6_type=135",
    "icmp6,icmpv6_type=136",
    "arp",
    "mpls",
    "dl_type=0x894f",  # NSH
)
# The first one that does counts. Each without a VLAN comes first: a bucket's mod_vlan_vid pushes one, as under it (3.1).
_MATCHES = ("", *(match for packet in _PACKETS for match in (packet, packet + "," + _TAGGED)))


def parse_buckets(ofctl, actions, protocol):
    """For each text of ``actions`` a :class:`Flow` or, where none of the matches does, the :class:`RefusedFlow` of the one
    without any. One call where none of them presupposes anything."""
    answers, left = {}, list(dict.fromkeys(actions))
    while left:
        waiting = list(left)
        for match in _MATCHES:
            lines = ["%sactions=%s" % (match + "," if match else "", text) for text in left]
            for text, answer in zip(left, ofctl.parse(lines, protocol) if lines else ()):
                if text not in answers or not isinstance(answer, RefusedFlow):
                    answers[text] = answer
            left = [text for text in left if isinstance(answers[text], RefusedFlow)]
        if left == waiting:  # of many refused ones ofctl.parse does not look at all
            break
    return [answers[text] for text in actions]
