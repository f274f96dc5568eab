# SPDX-License-Identifier: GPL-3.0-or-later
"""From any state to any wish and back: then nothing is left to do, and nobody else's is touched."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.tests.unit.memory_host.flow_switch import DB, OFF, WEB, flow_host
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_flows_case import guest, run, settled

MATCHES = ["", "ip", "tcp,tp_dst=80", "in_port=eth1", "dl_vlan=5", "arp,arp_spa=10.0.0.1"]
THEIRS = ["cookie=0x5,table=2,priority=9,udp,actions=group:3", "cookie=0x6,priority=9,tcp,actions=meter:4,output:1"]


def flows(matches, actions):
    """Each match and priority once, which is what a switch holds."""
    return st.dictionaries(
        st.tuples(st.sampled_from(matches), st.sampled_from([0, 9, 100]), st.sampled_from([0, 3])),
        st.sampled_from(actions),
        max_size=4,
    ).map(
        lambda found: [
            {"match": match, "priority": priority, "table": table, "actions": actions}
            for (match, priority, table), actions in found.items()
        ]
    )


def _bridge(groups, meters, guarded, guests):
    actions = [
        "drop",
        "NORMAL",
        "output:eth1",
        *("group:%d" % number for number in groups),
        *("meter:%d,1" % number for number in meters),
    ]
    buckets = ["drop", "output:eth1", "dec_ttl,output:5"]
    return st.fixed_dictionaries(
        {
            "name": st.just("br0"),
            "groups": st.tuples(
                *(
                    st.fixed_dictionaries(
                        {
                            "id": st.just(number),
                            "type": st.sampled_from(["all", "select"]),
                            "buckets": st.lists(st.sampled_from(buckets), max_size=2),
                        }
                    )
                    for number in groups
                )
            ).map(list),
            "meters": st.tuples(
                *(
                    st.fixed_dictionaries(
                        {"id": st.just(number), "rate": st.integers(1, 9)},
                        optional={"unit": st.just("pktps"), "burst": st.integers(1, 9)},
                    )
                    for number in meters
                )
            ).map(list),
            "guest_ports": st.just(
                [guest(key, {"match": "in_port={port},dl_vlan=7", "actions": "NORMAL"}, guest=key) for key in guests]
            ),
            "unlisted_ports": st.just(guarded),
        },
        optional={"flows": flows(MATCHES[1:] if guarded == "drop" else MATCHES, actions)},
    )


NUMBERS = st.lists(st.sampled_from([7, 8]), unique=True)
BRIDGE = st.builds(
    _bridge,
    NUMBERS,
    NUMBERS,
    st.sampled_from(["allow", "drop", "none"]),
    st.lists(st.sampled_from([WEB, DB, OFF]), unique=True),
).flatmap(lambda each: each)
CONSENT = ["fail_mode:br0", "flow:br0/table=0,priority=0"]


def theirs(host):
    bridge = host.switch.bridges["br0"]
    return (
        sorted(line for line in bridge.lines() if "cookie=0x5" in line or "cookie=0x6," in line),
        bridge.groups[3],
        bridge.meters[4],
    )


@settings(max_examples=60)
@given(st.lists(BRIDGE, min_size=1, max_size=3))
def test_any_wish_after_any_other(wishes):
    """Each is led back and done again on the way."""
    host = flow_host()
    bridge = host.switch.bridges["br0"]
    bridge.groups[3], bridge.meters[4] = "type=all,bucket=actions=output:1", "kbps bands= type=drop rate=5"
    for text in THEIRS:
        bridge.add(text)
    before = theirs(host)
    for wish in wishes:
        checked = run(host, wish, check=True, allow_disruption=CONSENT)
        result = run(host, wish, allow_disruption=CONSENT)
        assert not result["failed"], result
        assert result["actions"] == checked["actions"]
        settled(host, wish)
        assert theirs(host) == before


# A text, and the same in other words: aliases, numbers in hexadecimal, the case of addresses, blanks, order.
SAME = [
    [["ip"], ["dl_type=0x0800"]],
    [["tcp"], ["dl_type=0x0800", "nw_proto=6"], ["ip", "nw_proto=6"]],
    [["in_port=5"], ["in_port=0x5"]],
    [["dl_vlan=5"], ["dl_vlan=0x5"]],
    [["dl_src=52:54:00:00:00:0a"], ["eth_src=52:54:00:00:00:0A"], ["dl_src=52:54:00:00:00:0A"]],
    [["dl_dst=52:54:00:00:00:0a"], ["eth_dst=52:54:00:00:00:0A"]],
]
ACTIONS = [
    ["NORMAL", "normal", " Normal "],
    ["output:1,output:2", "1, output:2", "output:1 , 2"],
    ["LOCAL", "output:local", "local"],
]


@st.composite
def _two_of_the_same(draw):
    chosen = draw(st.lists(st.sampled_from(range(1, len(SAME))), unique=True, max_size=3))
    texts = []
    for _each in range(2):
        words = [word for index in chosen for word in draw(st.sampled_from(SAME[index]))]
        texts.append(draw(st.sampled_from([",", ", ", " "])).join(draw(st.permutations(words))))
    actions = draw(st.sampled_from(ACTIONS))
    return [{"match": text, "actions": draw(st.sampled_from(actions))} for text in texts]


@settings(max_examples=60)
@given(_two_of_the_same())
def test_a_flow_in_other_words_is_the_same(two):
    host = flow_host()
    run(host, {"name": "br0", "flows": two[:1]})
    settled(host, {"name": "br0", "flows": two[1:]})
