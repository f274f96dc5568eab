# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model import errors
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import Action


def test_every_kind_tells_who_must_act():
    kinds = {
        name: value.kind
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.VnicError)
    }
    assert kinds == {
        "VnicError": "error",
        "InvalidInput": "value",
        "Unsupported": "unsupported",
        "Conflict": "conflict",
        "ApplyFailed": "apply",
        "InFlight": "in_flight",
        "AppliedUnverified": "applied_unverified",
        "NotJournalled": "journal",
        "RunInProgress": "locked",
        "VerificationFailed": "verification",
    }


def test_details_are_what_a_program_needs():
    problem = errors.Problem("mtu", 1, "is too small")
    assert errors.InvalidInput([problem]).details() == {
        "problems": [{"path": "mtu", "value": 1, "message": "is too small"}]
    }
    danger = errors.Danger("vf:enp1s0#3", "taking VF 3", ("guest web1",))
    conflict = errors.Conflict("refused", [danger])
    assert conflict.details() == {
        "dangers": [{"consent": "vf:enp1s0#3", "what": "taking VF 3", "users": ["guest web1"]}]
    }
    assert "guest web1" in str(danger) and "'vf:enp1s0#3'" in str(danger)
    assert errors.ApplyFailed("write 1", "EBUSY").details() == {"command": "write 1", "cause": "EBUSY"}
    assert errors.VerificationFailed("x", [Action("a", "b", 1, 2)]).details()["remaining"][0]["target"] == "a"


@pytest.mark.parametrize("error", [errors.Unsupported("no ip"), errors.InFlight("write 1", "stuck")])
def test_messages_are_the_exception_s_own(error):
    assert str(error) in ("no ip", "write 1: stuck")
