# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.irq_name import (
    COMBINED,
    MISC,
    RX,
    TX,
    VECTOR,
    Role,
    role_of,
    roles,
)


@pytest.mark.parametrize(
    "name, role",
    [
        ("enp1s0-TxRx-7", Role(COMBINED, 7)),  # igb, igc, ixgbe, bnxt
        ("ens2-rx-1", Role(RX, 1)),
        ("ens2-tx-0", Role(TX, 0)),
        ("i40e-eth0-TxRx-12", Role(COMBINED, 12)),
        ("ice-ens5f0np0-TxRx-103", Role(COMBINED, 103)),
        ("iavf-net1-TxRx-0", Role(COMBINED, 0)),
        ("eth%d-TxRx-0", Role(COMBINED, 0)),  # asked for before the device had its name
        ("idpf-eth0-TxRx-3", Role(COMBINED, 3)),
        ("eth0-Tx-Rx-3", Role(COMBINED, 3)),  # ena
        ("mlx5_comp3@pci:0000:3b:00.0", Role(COMBINED, 3)),
        ("mlx5_comp12", Role(COMBINED, 12)),
        ("virtio1-input.0", Role(RX, 0)),
        ("virtio1-output.3", Role(TX, 3)),
        ("virtio1-virtqueues", Role(COMBINED, 0)),
        ("vfio-msix[2](0000:41:10.0)", Role(VECTOR, 2)),
        ("vfio-msi[0](0000:41:10.0)", Role(VECTOR, 0)),
        ("vfio-intx(0000:41:10.0)", Role(VECTOR, 0)),
        ("ens2", Role(MISC)),
        ("virtio1-config", Role(MISC)),
        ("virtio1-control", Role(MISC)),
        ("mlx5_async0@pci:0000:3b:00.0", Role(MISC)),
        ("i40e-0000:3b:00.0:misc", Role(MISC)),
        ("i40e-0000:3b:00.0:fdir-TxRx-0", Role(MISC)),
        ("iavf-0000:3b:02.0:mbx", Role(MISC)),
        ("ice-0000:3b:00.0:misc", Role(MISC)),
        ("", Role(MISC)),
        ("tx-0", Role(MISC)),
        ("enp193s0f0np0-TxR", Role(COMBINED)),  # bnxt keeps 17 characters
        ("xmlx5_comp3", Role(MISC)),
        ("ens2-TxRx-0\nx", Role(MISC)),
    ],
)
def test_by_driver(name, role):
    assert role_of(name) == role


def test_names_of_one_function():
    assert roles(["ens2", "ens2-TxRx-0", "ens2-rx-1"]) == [Role(MISC), Role(COMBINED, 0), Role(RX, 1)]
    assert roles(["ens2v0-rx-0", "ens2v0-tx-0", "ens2v0"]) == [Role(RX, 0), Role(TX, 0), Role(MISC)]


def test_a_single_interrupt_serves_all():
    assert roles(["eth0"]) == [Role(COMBINED, 0)] and roles([""]) == [Role(COMBINED, 0)]
    assert roles(["a", "b"]) == [Role(MISC), Role(MISC)] and roles([]) == []


def test_numbers_that_are_cut_off_are_told_by_the_order():
    cut = ["enp193s0f0np0-TxR"] * 3
    assert roles(cut) == [Role(COMBINED, 0), Role(COMBINED, 1), Role(COMBINED, 2)]
    # 17 characters leave one digit of two
    short = ["enp19s0np0-TxRx-%s" % number for number in ("0", "1", "1", "1")]
    assert [role.queue for role in roles(short)] == [0, 1, 2, 3]
    assert [role.queue for role in roles(["ens2"] + short)] == [None, 0, 1, 2, 3]


def test_duplicate_rx_do_not_renumber_into_tx():
    assert roles(["a-rx-0", "a-rx-0", "a-tx-0"]) == [Role(RX, 0), Role(RX, 1), Role(TX, 0)]


@given(st.lists(st.one_of(st.text(), st.sampled_from(["a-TxRx-1", "b-rx-0", "x" * 12 + "-Tx", "misc"])), max_size=8))
def test_total_and_unambiguous(names):
    found = roles(names)
    assert len(found) == len(names)
    queues = [role for role in found if role.kind != MISC]
    assert len(set(queues)) == len(queues) and all(role.queue is not None for role in queues)
    assert [str(role) for role in found if role.kind == MISC] == [MISC] * (len(found) - len(queues))
