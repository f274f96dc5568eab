# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_cookie import GUARD, GUEST, PLAIN, cookie_of
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_count import count_flows

ID, OTHER = "6f2ab9a4-0c1e-5b57-9d10-1f1c9f9f0001", "6f2ab9a4-0c1e-5b57-9d10-1f1c9f9f0002"
COOKIE = "0x%x" % cookie_of(GUEST, ID)


def test_nothing_and_the_head_of_a_reply_are_no_flow():
    found = count_flows("NXST_FLOW reply (xid=0x4):\n\nOFPST_FLOW reply (OF1.4) (xid=0x2):\n")
    assert (found.total, found.ours, found.guest, found.guard, found.received) == (0, 0, 0, 0, {})


def test_a_port_has_the_flows_of_its_cookie_and_number():
    found = count_flows(
        " cookie=%s, priority=100,in_port=4,dl_src=52:54:00:00:00:01 actions=NORMAL\n" % COOKIE
        + " cookie=%s, priority=90,arp,in_port=4,arp_spa=192.0.2.1 actions=NORMAL\n" % COOKIE
        + " cookie=%s, priority=100,in_port=7 actions=NORMAL\n" % COOKIE  # of the number that it had before
        + " cookie=%s, priority=100,dl_dst=52:54:00:00:00:01 actions=output:4\n" % COOKIE
        + " cookie=0x%x, in_port=4 actions=drop\n" % cookie_of(GUEST, OTHER)
    )
    assert (found.guest, found.of_port(ID, 4), found.of_port(ID, 7), found.of_port(OTHER, 4)) == (5, 2, 1, 1)
    assert found.of_port(ID.upper(), 4) == 2
    assert count_flows(" cookie=0x6b76010000000000, in_port=4 actions=drop").of_port(None, 4) == 0
    assert found.of_port(OTHER, 7) == found.of_port(None, 4) == found.of_port(ID, None) == 0


@pytest.mark.parametrize(
    "line",
    [
        " cookie=0x6b75010000000000, priority=1,in_port=4 actions=drop",
        " cookie=0x1, priority=1 actions=learn(table=1,cookie=%s)" % COOKIE,
        " priority=1 actions=learn(table=1,in_port=4,cookie=%s)" % COOKIE,
        " cookie=0x6b76, priority=1 actions=drop",
    ],
)
def test_the_flows_of_others(line):
    found = count_flows(line + "\n")
    assert (found.total, found.ours, found.of_port(ID, 4)) == (1, 0, 0)


def test_a_kind_of_a_later_release_is_ours_all_the_same():
    found = count_flows(" cookie=0x6b76ff0000000000, priority=1,in_port=4 actions=drop\n")
    assert (found.total, found.ours, found.guest, found.guard) == (1, 1, 0, 0)


def test_with_statistics_too():
    text = (
        " cookie=%s, duration=0.083s, table=0, n_packets=0, n_bytes=0, idle_age=0, in_port=1 actions=NORMAL\n" % COOKIE
    )
    assert count_flows(text).of_port(ID, 1) == 1


FLOWS = st.lists(
    st.tuples(
        st.sampled_from([None, PLAIN, GUEST, GUARD]), st.sampled_from([ID, OTHER]), st.sampled_from([None, 1, 2, 65534])
    )
)


@given(FLOWS)
def test_every_flow_is_counted_once(flows):
    lines = []
    for kind, owner, port in flows:
        cookie = "" if kind is None else "cookie=0x%x, " % cookie_of(kind, owner)
        lines.append(
            " %spriority=3%s actions=output:%s" % (cookie, "" if port is None else ",in_port=%d" % port, port or 1)
        )
    found = count_flows("\n".join(lines))
    kinds = [kind for kind, _owner, _port in flows]
    assert (found.total, found.ours) == (len(flows), sum(1 for kind in kinds if kind is not None))
    assert (found.guest, found.guard) == (kinds.count(GUEST), kinds.count(GUARD))
    for owner in (ID, OTHER):
        assert found.of_port(owner, 2) == flows.count((GUEST, owner, 2))


@given(st.text())
def test_any_text_is_counted(text):
    assert count_flows(text).total >= 0
