# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import read_interface
from ansible_collections.kvm.vnic.plugins.module_utils._model.vhost_attribution import (
    ORDER,
    TRAFFIC,
    Sample,
    Served,
    VhostNic,
    attribute,
    vhost_nics,
)

MS = 1000000


def nics(*queues):
    return [VhostNic("n%d" % index, None, None, "vnet%d" % index, count) for index, count in enumerate(queues)]


def samples(ran, moved):
    """Two samples between which ``{tid: ns}`` were run and ``{place: packets}`` moved."""
    return (
        Sample(dict.fromkeys(ran, 7 * MS), dict.fromkeys(moved, 1000)),
        Sample({tid: 7 * MS + time for tid, time in ran.items()}, {at: 1000 + count for at, count in moved.items()}),
    )


def test_order():
    assert attribute([10, 11, 12], nics(1, 2)) == (
        Served(10, 0, 0, ORDER),
        Served(11, 1, 0, ORDER),
        Served(12, 1, 1, ORDER),
    )


@pytest.mark.parametrize("tids", [[], [10, 11], [10, 11, 12, 13]])
def test_another_number_of_workers_than_queues_tells_nothing(tids):
    assert attribute(tids, nics(1, 2)) == tuple(Served(tid) for tid in tids)


def test_traffic_confirms_the_order():
    found = attribute([10, 11, 12], nics(1, 2), *samples({10: 0, 11: 0, 12: 5 * MS}, {0: 0, 1: 50}))
    assert found[2] == Served(12, 1, 1, TRAFFIC) and found[0].how == found[1].how == ORDER


def test_traffic_that_contradicts_the_order_takes_the_others_with_it():
    found = attribute([10, 11], nics(1, 1), *samples({10: 5 * MS, 11: 0}, {0: 0, 1: 50}))
    assert found == (Served(10, 1, 0, TRAFFIC), Served(11))


def test_traffic_alone_tells_the_queue_only_if_all_of_the_nic_ran():
    both = attribute([10, 11, 12, 13], nics(1, 2), *samples({10: 0, 11: 3 * MS, 12: 0, 13: 5 * MS}, {0: 0, 1: 50}))
    assert both[1::2] == (Served(11, 1, 0, TRAFFIC), Served(13, 1, 1, TRAFFIC))
    one = attribute([10, 11, 12, 13], nics(1, 2), *samples({10: 0, 11: 3 * MS, 12: 0, 13: 0}, {0: 0, 1: 50}))
    assert one[1] == Served(11, 1, None, TRAFFIC)


@pytest.mark.parametrize(
    "ran, moved",
    [
        ({10: 5 * MS, 11: 0, 12: 0}, {0: 50, 1: 1}),  # a packet of another NIC
        ({10: 5 * MS, 11: 0, 12: 0}, {0: 9, 1: 0}),  # too few
        ({10: 900, 11: 0, 12: 0}, {0: 50, 1: 0}),  # nobody ran
        ({10: 5 * MS, 11: 5 * MS, 12: 0}, {0: 50, 1: 0}),  # more ran than the NIC has queues
        ({10: 5 * MS, 11: 0, 12: 0}, {0: 50}),  # a NIC whose packets are not known
    ],
)
def test_doubtful_traffic_is_not_believed(ran, moved):
    tids = [10, 11, 12, 13]
    assert attribute(tids, nics(1, 2), *samples({**ran, 13: 0}, moved)) == tuple(Served(tid) for tid in tids)


def test_a_worker_that_only_woke_up_does_not_count():
    found = attribute([10, 11, 12], nics(1, 1), *samples({10: 5 * MS, 11: 40000, 12: 0}, {0: 50, 1: 0}))
    assert found == (Served(10, 0, 0, TRAFFIC), Served(11), Served(12))


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.integers(0, 8),
    st.dictionaries(st.integers(0, 7), st.integers(0, 10 * MS)),
    st.dictionaries(st.integers(0, 3), st.integers(0, 100)),
)
def test_no_queue_has_two_workers_and_none_is_forgotten(queues, count, ran, moved):
    tids = list(range(count))
    found = attribute(tids, nics(*queues), *samples(ran, moved))
    assert [one.tid for one in found] == tids
    places = [(one.nic, one.queue) for one in found if one.queue is not None]
    assert len(set(places)) == len(places)
    assert all(one.queue < queues[one.nic] for one in found if one.queue is not None)
    assert all((one.nic is None) == (one.how is None) for one in found)


def interface(kind, model, driver=""):
    return read_interface(
        ElementTree.fromstring(
            "<interface type='%s'><model type='%s'/>%s<target dev='vnet0'/></interface>" % (kind, model, driver)
        )
    )


@pytest.mark.parametrize(
    "given_, queues",
    [
        (("bridge", "virtio"), [1]),
        (("direct", "virtio-non-transitional", "<driver name='vhost' queues='4'/>"), [4]),
        (("bridge", "virtio", "<driver name='qemu'/>"), []),
        (("bridge", "e1000"), []),
        (("vhostuser", "virtio"), []),
        (("hostdev", "virtio"), []),
    ],
)
def test_nics_that_vhost_serves(given_, queues):
    assert [nic.queues for nic in vhost_nics([interface(*given_)])] == queues
