# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._engine.peaceful import Peaceful
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import Action
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource


class Things(Resource):
    kind = "things"

    def __init__(self, *fields):
        self.fields = fields

    def plan(self, desired, state):
        return [Action(target, field, 0, 1) for target, field in self.fields]


def plan(fought, *fields):
    asked = []

    def ask():
        asked.append(True)
        return dict.fromkeys(fought, "healing")

    resource = Peaceful(Things(*fields), ask)
    actions = [(each.target, each.field) for each in resource.plan(None, None)]
    return actions, set(resource.left), len(asked)


def test_what_differs_nowhere_asks_for_no_record():
    assert plan([("br0", "mtu")]) == ([], set(), 0)


def test_what_is_fought_over_is_left_out_and_the_rest_stays():
    actions, left, _asked = plan([("br0", "mtu")], ("br0", "mtu"), ("br0", "stp"), ("br1", "mtu"))
    assert actions == [("br0", "stp"), ("br1", "mtu")] and left == {("br0", "mtu")}


def test_of_a_thing_that_is_not_made_nothing_is_set():
    fields = [("br0", "state"), ("br0", "mtu"), ("br0/p1", "vlan"), ("ens2#1", "mac"), ("br00", "mtu")]
    actions, left, _asked = plan([("br0", "state"), ("ens2", "state")], *fields)
    assert actions == [("ens2#1", "mac"), ("br00", "mtu")] and left == {("br0", "state")}


def test_whatever_else_is_asked_is_the_resources_own_answer():
    assert Peaceful(Things(), dict).kind == "things"
    assert Peaceful(Things(), dict).budget([]) == 5.0
