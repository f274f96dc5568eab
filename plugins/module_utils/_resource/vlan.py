# SPDX-License-Identifier: GPL-3.0-or-later
"""VLAN subinterfaces: the tagged half of an uplink as a device of its own."""

from __future__ import annotations

from dataclasses import replace

from .._model.errors import Conflict, Problem
from .._model.fields import VLAN_RANGE
from .._model.names import parse_interface_name
from .link_resource import LinkResource, Setting

DEFAULT_PROTOCOL = "802.1Q"


class Vlan(LinkResource):
    kind = "vlan"
    link_kind = "vlan"
    parameter = "vlans"
    needs = ("lower", "id")
    settings = (
        # net/8021q/vlan_netlink.c, vlan_changelink: flags and QoS maps alone can change
        Setting(
            "protocol",
            lambda link: link.data.get("protocol", DEFAULT_PROTOCOL),
            lambda value: ["protocol", value],
            live=False,
        ),
        Setting("id", lambda link: link.data.get("id"), lambda value: ["id", str(value)], live=False),
    )

    def wish(self, item, problems):
        present = item.get("state", "present") == "present"
        lower = problems.at("lower").parse(parse_interface_name, item.get("lower"))
        number = problems.at("id").whole(item.get("id"), VLAN_RANGE[0], VLAN_RANGE[1], "VLAN id")
        if present and item.get("lower") is None:
            problems.at("lower").add(
                None, "is missing: name the device that the VLAN stands on, for example 'enp59s0f1'"
            )
        if present and item.get("id") is None:
            problems.at("id").add(None, "is missing: allowed are whole numbers from %d to %d" % VLAN_RANGE)
        name = item.get("name")
        if name is None:
            name = self._default_name(lower, number, problems, present)
            if name is None:
                return None
        return replace(super().wish(dict(item, name=name), problems), lower=lower)

    @staticmethod
    def _default_name(lower, number, problems, present):
        if lower is None or number is None:
            if not present:
                problems.at("name").add(None, "is missing: give the VLAN's name, or its lower and id")
            return None
        name = "%s.%d" % (lower, number)
        try:
            parse_interface_name(name)
        except ValueError as error:
            problems.at("name").add(name, "was made from lower and id and %s: give the VLAN a name of your own" % error)
            return None
        return name

    def unready(self, wish, lower, desired):
        if wish.up and not lower.up:
            yield Problem(
                "%s.lower" % wish.path,
                lower.name,
                "is down, and the kernel brings no VLAN up on it: bring it up before (lower_devices of the module "
                "macvtap does), or wish the VLAN up: false",
            )
        if wish.mtu is not None and wish.mtu > lower.mtu:
            yield Problem(
                "%s.mtu" % wish.path,
                wish.mtu,
                "is above the %d of its lower device %s: allowed is at most that; raise the lower's first "
                "(lower_devices of the module macvtap does)" % (lower.mtu, lower.name),
            )

    def plan(self, desired, state):
        actions = super().plan(desired, state)
        freed = {action.target for action in actions if action.field in ("state", "replace")}
        taken = {
            self._tag(link.lower, link.data): link.name
            for link in state.of_kind(self.link_kind)
            if link.name not in freed
        }
        for action in actions:
            if action.field in ("state", "replace") and action.after is not None:
                tag = self._tag(action.after.get("lower"), action.after)
                if tag in taken:
                    raise Conflict(
                        "%s: VLAN %d (%s) exists on %s already as %s: use that name, or have it removed"
                        % (action.target, tag[2], tag[1], tag[0], taken[tag])
                    )
                taken[tag] = action.target
        return [self._trading(action, taken, state) for action in actions]

    def _trading(self, action, wanted, state):
        """``action``, marked when another link takes the tag of the one that it makes anew: it must be free by then."""
        if action.field != "replace":
            return action
        former = state.get(action.target)
        if wanted.get(self._tag(former.lower, former.data), action.target) == action.target:
            return action
        return replace(action, data=replace(action.data, ahead=True))

    @staticmethod
    def _tag(lower, fields):
        return (lower, fields.get("protocol", DEFAULT_PROTOCOL), fields.get("id"))
