# SPDX-License-Identifier: GPL-3.0-or-later
"""What every kind of link inherits, on kinds of links made up for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import DONE, FAILED, Action
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Conflict, InvalidInput
from ansible_collections.kvm.vnic.plugins.module_utils._model.link_table import OWNER_ALIAS, LinkTable
from ansible_collections.kvm.vnic.plugins.module_utils._resource.link_resource import (
    LinkResource,
    LinksWish,
    LinkWish,
    Setting,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost


def _setting(name, **more):
    return Setting(name, lambda link: link.data.get(name), lambda value: [name, value], **more)


class Plain(LinkResource):
    """A kind with a setting that changes in place, one that does not, one that does unless it is 'x', and one that is
    not compared.
    """

    kind = link_kind = "plain"
    parameter = "plains"
    settings = (
        _setting("live"),
        _setting("fixed", live=False),
        _setting("some", live=lambda before, after: "x" not in (before, after)),
        _setting("given", compared=False),
    )

    def wish(self, item, problems):
        return replace(super().wish(item, problems), lower=item.get("lower"))


def raw(name, kind="plain", data=None, **more):
    link = {"ifname": name, "mtu": 1500, "address": "02:00:00:00:00:01", "flags": ["UP"], "ifalias": OWNER_ALIAS}
    return dict(link, linkinfo={"info_kind": kind, "info_data": data or {}}, **more)


def plan(wishes, *links, purge=False):
    return Plain().plan(LinksWish(tuple(wishes), purge), LinkTable(links))


def told(actions):
    return [(action.target, action.field, action.before, action.after) for action in actions]


def lines(actions):
    return [" ".join(line) for action in actions for line in Plain().lines(action)]


def test_validation_gives_each_wish_its_path():
    wish = Plain().validate(
        {"plains": [{"name": "p0"}, {"name": "p1", "live": "a", "state": "absent"}], "purge": True}, None
    )
    assert wish.purge and [(link.path, link.name, link.present, link.settings) for link in wish.links] == [
        ("plains[0]", "p0", True, {}),
        ("plains[1]", "p1", False, {"live": "a"}),
    ]


def test_validation_collects_every_problem():
    with pytest.raises(InvalidInput) as raised:
        Plain().validate({"plains": [{"name": "p0", "mtu": 1, "mac": "x"}, {"name": "p0"}, {"name": "vnet0"}]}, None)
    assert [problem.path for problem in raised.value.problems] == [
        "plains[0].mtu",
        "plains[0].mac",
        "plains[2].name",
        "plains[1]",
    ]


def test_creation_makes_marks_and_brings_up_in_two_lines():
    wish = LinkWish(
        "p0", lower="eth0", mtu=1400, mac="02:00:00:00:00:09", up=True, settings={"fixed": "a", "given": "b"}
    )
    actions = plan([wish])
    assert told(actions) == [
        (
            "p0",
            "state",
            None,
            {"mtu": 1400, "mac": "02:00:00:00:00:09", "up": True, "lower": "eth0", "fixed": "a", "given": "b"},
        )
    ]
    assert lines(actions) == [
        "link add link eth0 name p0 address 02:00:00:00:00:09 mtu 1400 up type plain fixed a given b",
        "link set dev p0 alias kvm.vnic",
    ]


def test_what_is_as_wished_or_left_alone_needs_nothing():
    wish = LinkWish("p0", mtu=1500, mac="02:00:00:00:00:01", up=True, settings={"live": "a", "given": "else"})
    assert plan([wish], raw("p0", data={"live": "a", "fixed": "b", "given": "c"})) == []
    assert plan([LinkWish("p0")], raw("p0")) == []
    assert plan([LinkWish("p0", present=False)]) == []


def test_differences_that_are_live_are_adjusted_one_by_one():
    wish = LinkWish("p0", mtu=1400, mac="02:00:00:00:00:09", up=False, settings={"live": "b", "some": "c"})
    actions = plan([wish], raw("p0", data={"live": "a", "some": "b"}))
    assert told(actions) == [
        ("p0", "live", "a", "b"),
        ("p0", "some", "b", "c"),
        ("p0", "mtu", 1500, 1400),
        ("p0", "mac", "02:00:00:00:00:01", "02:00:00:00:00:09"),
        ("p0", "up", True, False),
    ]
    assert lines(actions) == [
        "link set dev p0 type plain live b",
        "link set dev p0 type plain some c",
        "link set dev p0 mtu 1400",
        "link set dev p0 address 02:00:00:00:00:09",
        "link set dev p0 down",
    ]


@pytest.mark.parametrize("settings", [{"fixed": "b"}, {"some": "x"}])
def test_a_difference_that_is_not_live_means_a_new_link_that_keeps_the_rest(settings):
    actions = plan(
        [LinkWish("p0", settings=settings)], raw("p0", data={"live": "a", "fixed": "a", "some": "a"}, master="br0")
    )
    assert [(action.target, action.field) for action in actions] == [("p0", "replace")]
    made = lines(actions)
    assert made[0] == "link delete dev p0" and made[-1] == "link set dev p0 master br0"
    assert "live a" in made[1] and "mtu 1500" in made[1] and "address 02:00:00:00:00:01" in made[1]


def test_one_action_for_one_link_even_if_more_differs():
    actions = plan(
        [LinkWish("p0", mtu=1400, settings={"fixed": "b", "live": "b"})], raw("p0", data={"fixed": "a", "live": "a"})
    )
    assert [action.field for action in actions] == ["replace"]


def test_a_name_that_is_something_else_is_a_conflict_whether_wished_or_not():
    for present in (True, False):
        with pytest.raises(Conflict, match="p0 exists already and is a bridge, not a plain"):
            plan([LinkWish("p0", present=present)], raw("p0", "bridge"))
    with pytest.raises(Conflict, match="network card"):
        plan([LinkWish("eth0")], {"ifname": "eth0"})


def test_purge_takes_ours_of_this_kind_that_are_not_listed():
    links = [raw("p0"), raw("p1"), dict(raw("p2"), ifalias="somebody's"), raw("br0", "bridge")]
    assert told(plan([LinkWish("p0")], *links, purge=True)) == [("p1", "state", "present", None)]
    assert plan([LinkWish("p0")], *links) == []


def test_removals_come_first_and_what_stands_on_another_before_it():
    links = [raw("low"), raw("high", link="low"), raw("higher", link="high")]
    wishes = [LinkWish("low", present=False), LinkWish("new"), LinkWish("high", present=False)]
    assert [(action.target, action.after is None) for action in plan(wishes, *links, purge=True)] == [
        ("higher", True),
        ("high", True),
        ("low", True),
        ("new", False),
    ]


def test_what_the_kernel_takes_with_a_replaced_one_is_made_again():
    links = [
        raw("low", data={"fixed": "a"}),
        raw("high", link="low"),
        raw("higher", link="high"),
        raw("beside", link="eth0"),
    ]
    wishes = [
        LinkWish("low", settings={"fixed": "b"}),
        LinkWish("high", lower="low"),
        LinkWish("higher", lower="high"),
        LinkWish("beside", lower="eth0"),
    ]
    assert [(action.target, action.field) for action in plan(wishes, *links)] == [
        ("low", "replace"),
        ("high", "state"),
        ("higher", "state"),
    ]


def test_missing_lower_devices():
    wishes = [
        LinkWish("p0", lower="eth0", path="plains[0]"),
        LinkWish("p1", lower="eth9", path="plains[1]"),
        LinkWish("p2", lower="p0", path="plains[2]"),
        LinkWish("p3", lower="old", path="plains[3]"),
        LinkWish("p4", lower="eth9", path="plains[4]", present=False),
    ]
    found = Plain().missing(LinksWish(tuple(wishes), True), LinkTable([{"ifname": "eth0"}, raw("old")]))
    assert [(problem.path, problem.value) for problem in found] == [
        ("plains[1].lower", "eth9"),
        ("plains[3].lower", "old"),
    ]


@pytest.fixture
def host():
    host = MemoryHost()
    host.kernel.add("eth0", up=True)
    return host


def dangers(host, *wishes, purge=False):
    resource, desired = Plain(), LinksWish(tuple(wishes), purge)
    state = resource.observe(host, desired)
    return [
        (danger.consent, danger.users)
        for danger in resource.dangers(host, desired, state, resource.plan(desired, state))
    ]


def test_removing_and_replacing_what_is_used_are_dangers(host):
    host.kernel.add("p0", "plain", {"fixed": "a"})
    assert dangers(host, LinkWish("p0", present=False)) == []
    host.kernel.add("up0", "macvtap", {"mode": "bridge"}, link="p0")
    for wish, consent in (
        (LinkWish("p0", present=False), "remove:p0"),
        (LinkWish("p0", settings={"fixed": "b"}), "replace:p0"),
    ):
        ((named, users),) = dangers(host, wish)
        assert named == consent and any("up0" in user for user in users)
    assert dangers(host, LinkWish("p0", mtu=1400, settings={"live": "b"})) == []


def test_who_goes_too_is_no_reason_to_keep_what_is_below(host):
    host.kernel.add("low", "plain", ifalias=OWNER_ALIAS)
    host.kernel.add("high", "plain", link="low", ifalias=OWNER_ALIAS)
    assert dangers(host, purge=True) == []
    assert [consent for consent, users in dangers(host, LinkWish("low", present=False))] == ["remove:low"]


@pytest.mark.parametrize(
    "field, before, after, disturbed",
    [
        ("state", "present", None, True),
        ("state", None, {}, False),
        ("replace", {}, {}, True),
        ("mtu", 1500, 9000, True),
        ("mac", "a", "b", True),
        ("up", True, False, True),
        ("up", False, True, False),
        ("live", "a", "b", False),
    ],
)
def test_what_interrupts_traffic(field, before, after, disturbed):
    assert Plain().disturbs(Action("p0", field, before, after)) == (("p0",) if disturbed else ())


def test_a_refused_line_fails_its_own_action_only(host):
    actions = plan([LinkWish("p0"), LinkWish("p1", settings={"live": "a"}), LinkWish("p2")])
    host.kernel.failures["link add name p1 type plain live a"] = "RTNETLINK answers: Operation not supported"
    results = Plain().apply(host, actions)
    assert [result.status for result in results] == [DONE, FAILED, DONE]
    # the first refusal counts: that the mark found no device is its consequence
    assert results[1].message == "ip link add name p1 type plain live a: RTNETLINK answers: Operation not supported"
    assert host.commands.calls == [["ip", "-force", "-batch", "-"]]


SETTINGS = st.fixed_dictionaries(
    {}, optional={"live": st.sampled_from("abx"), "fixed": st.sampled_from("ab"), "some": st.sampled_from("abx")}
)
WISHES = st.builds(
    LinkWish,
    name=st.sampled_from(["p0", "p1", "p2", "p3"]),
    present=st.booleans(),
    mtu=st.sampled_from([None, 1400, 1500]),
    mac=st.sampled_from([None, "02:00:00:00:00:aa", "02:00:00:00:00:bb"]),
    up=st.sampled_from([None, True, False]),
    lower=st.sampled_from(["eth0", "eth1"]),
    settings=SETTINGS,
)
CALLS = st.builds(LinksWish, st.lists(WISHES, unique_by=lambda wish: wish.name).map(tuple), st.booleans())


@given(st.lists(CALLS, min_size=1, max_size=3))
def test_whatever_was_there_one_run_leads_to_the_wish_and_a_second_has_nothing_to_do(calls):
    host, resource = MemoryHost(), Plain()
    for name in ("eth0", "eth1"):
        host.kernel.add(name, up=True)
    for desired in calls:
        actions = resource.plan(desired, resource.observe(host, desired))
        assert all(result.status == DONE for result in resource.apply(host, actions)) or not actions
        state = resource.observe(host, desired)
        assert resource.plan(desired, state) == []
        assert {wish.name for wish in desired.links if wish.present} <= {link.name for link in state}
        assert not {wish.name for wish in desired.links if not wish.present} & {link.name for link in state}
