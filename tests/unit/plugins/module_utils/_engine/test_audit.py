# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan without apply, with a toy that would tell of any write."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.audit import audit
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import (
    BOOT,
    GUEST_START,
    NOW,
    UNKNOWN,
    Action,
    Pending,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import (
    ApplyFailed,
    Conflict,
    InvalidInput,
    Problem,
    Unsupported,
)
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource


class Toy(Resource):
    """Answers what the test says; applying it fails the test."""

    kind = "toy"

    def __init__(self, *actions, pending=(), lacks=(), error=None):
        self.actions, self.waits, self.lacks, self.error = actions, pending, lacks, error

    def validate(self, params, host):
        return params

    def observe(self, host, desired):
        if self.error is not None:
            raise self.error
        return {}

    def plan(self, desired, state):
        return list(self.actions)

    def missing(self, desired, state):
        return self.lacks

    def pending(self, desired, state):
        return self.waits

    def apply(self, host, batch):
        raise AssertionError("an audit applied something")

    def dangers(self, host, desired, state, actions):
        raise AssertionError("nothing is done, so nothing is in danger")


def brief(findings):
    return [(finding.id, finding.severity, finding.subject) for finding in findings]


def test_nothing_differs():
    assert audit(Toy(), {}, None) == []


def test_what_differs_now_is_a_warning():
    (finding,) = audit(Toy(Action("br0", "mtu", 1500, 9000)), {}, None)
    assert (finding.id, finding.severity, finding.subject) == ("toy_differs", "warning", "br0")
    assert finding.summary == "mtu of br0 is 1500, wished is 9000"
    assert finding.evidence == {"field": "mtu", "found": 1500, "wanted": 9000, "effect": NOW, "reason": ""}
    assert "kvm.vnic.site" in finding.remedy


@pytest.mark.parametrize(
    "action, words",
    [
        (Action("br0", "stp", True, False), "stp of br0 is on, wished is off"),
        (Action("br0", "ports", (), ("a", "b")), "ports of br0 is none, wished is a, b"),
        (Action("br0", "mac", None, {"x": ""}), "mac of br0 is none, wished is x none"),
    ],
)
def test_values_in_words(action, words):
    assert audit(Toy(action), {}, None)[0].summary == words


def test_what_takes_effect_later_or_is_unknown_is_a_notice():
    later = Action("web1", "memory", "none", "preferred 1", effect=GUEST_START)
    unknown = Action("ens2", "rps", UNKNOWN, "off")
    found = audit(Toy(later, unknown), {}, None)
    assert brief(found) == [("toy_differs", "notice", "web1"), ("toy_differs", "notice", "ens2")]
    assert found[0].summary.endswith("in effect from the next guest start") and "unknown" in found[1].summary


def test_what_waits_is_a_notice_once():
    waits = (Pending("vhost_net", "zero_copy", False, True, BOOT), Pending("br0", "mtu", 1, 2, BOOT))
    found = audit(Toy(Action("br0", "mtu", 1500, 9000), pending=waits), {}, None)
    assert brief(found) == [("toy_differs", "warning", "br0"), ("toy_pending", "notice", "vhost_net")]
    assert found[1].summary == "zero_copy of vhost_net is off and will be on from the next boot"


def test_what_is_missing_is_a_warning():
    found = audit(Toy(lacks=[Problem("ports[0]", "ens9", "is not there")]), {}, None)
    assert brief(found) == [("toy_missing", "warning", "ens9")] and "is not there" in found[0].summary


@pytest.mark.parametrize(
    "error", [InvalidInput([Problem("vfs", 9, "is more than 7")]), Unsupported("no"), Conflict("taken")]
)
def test_a_wish_that_cannot_be_had_is_an_error(error):
    (finding,) = audit(Toy(error=error), {}, None)
    assert (finding.id, finding.severity) == ("toy_refused", "error") and str(error) in finding.summary
    assert finding.evidence["kind"] == error.kind


@pytest.mark.parametrize("error", [ApplyFailed("ip link show", "ENOENT"), OSError(5, "EIO"), ValueError("odd")])
def test_what_cannot_be_read_ends_only_its_own_part(error):
    (finding,) = audit(Toy(error=error), {}, None)
    assert (finding.id, finding.severity, finding.subject) == ("toy_unreadable", "warning", "toy")
