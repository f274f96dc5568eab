# SPDX-License-Identifier: GPL-3.0-or-later
"""Macvtaps, made ahead of time for QEMU without libvirt, and the devices that carry them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._model.errors import Conflict, Danger, Problem
from .._model.fields import Problems
from .._model.names import parse_interface_name
from .link_resource import LinkResource, LinksWish, Setting
from .lower_device import LOWER_DEVICES, absent, lower_dangers, parse_lower_devices, plan_lower_devices, refuse_port

PASSTHRU = "passthru"
_CARRIERS = (None, "vlan", "bond", "team")  # kinds that usually are lower devices
_SIBLINGS = ("macvlan", "macvtap")  # one port of the lower device holds both (drivers/net/macvlan.c)


def _some(names):
    """The first names of a list that may be long."""
    names = sorted(names)
    return ", ".join(names[:3]) + (" and %d more" % (len(names) - 3) if len(names) > 3 else "")


@dataclass(frozen=True)
class MacvtapsWish(LinksWish):
    lower_devices: tuple = ()


class Macvtap(LinkResource):
    kind = "macvtap"
    link_kind = "macvtap"
    parameter = "macvtaps"
    needs = ("lower", "mode")
    for_guests = True
    settings = (
        Setting(
            "mode",
            lambda link: link.data.get("mode"),
            lambda value: ["mode", value],
            # drivers/net/macvlan.c, macvlan_changelink: "Passthrough mode can't be set or cleared dynamically"
            live=lambda before, after: PASSTHRU not in (before, after),
        ),
    )

    def validate(self, params, host):
        problems = Problems()
        links = self.parse_links(params, problems)
        lower_devices = parse_lower_devices(params[LOWER_DEVICES], problems.at(LOWER_DEVICES))
        present = [wish for wish in links if wish.present]
        for wish in present:
            others = [other.name or other.path for other in present if other is not wish and other.lower == wish.lower]
            if wish.settings.get("mode") == PASSTHRU and others:
                problems.at(wish.path).at("mode").add(
                    PASSTHRU,
                    "has its lower device %s for itself, where %s is to stand too" % (wish.lower, _some(others)),
                )
        problems.raise_if_any()
        return MacvtapsWish(links, bool(params.get("purge")), lower_devices)

    def wish(self, item, problems):
        lower = problems.at("lower").parse(parse_interface_name, item.get("lower"))
        if item.get("state", "present") == "present":
            if item.get("lower") is None:
                problems.at("lower").add(
                    None, "is missing: name the device that the macvtap stands on, for example 'enp59s0f1'"
                )
            if item.get("mode") is None:
                problems.at("mode").add(
                    None,
                    "is missing: choose bridge, private, vepa, passthru or source (no default: vepa, which libvirt "
                    "takes, needs a hairpin switch)",
                )
        return replace(super().wish(item, problems), lower=lower)

    def keeping(self, wish, link, state):
        kept = super().keeping(wish, link, state)
        return (
            replace(kept, mac=wish.mac) if kept.settings["mode"] == PASSTHRU else kept
        )  # its lower device's, not its own of before

    def missing(self, desired, state):
        yield from absent(desired.lower_devices, state)
        yield from super().missing(desired, state)

    def unready(self, wish, lower, desired):
        if lower.kind in _SIBLINGS:
            # the kernel goes down to the device below (drivers/net/macvlan.c, macvlan_common_newlink)
            yield Problem(
                "%s.lower" % wish.path,
                lower.name,
                "is a %s itself: name the device below it, %s" % (lower.kind, lower.lower),
            )
        largest = {device.name: device.mtu for device in desired.lower_devices if device.mtu is not None}.get(
            lower.name, lower.mtu
        )
        if wish.mtu is not None and wish.mtu > largest:
            yield Problem(
                "%s.mtu" % wish.path,
                wish.mtu,
                "is above the %d of its lower device %s: allowed is at most that; raise the lower's in lower_devices"
                % (largest, lower.name),
            )

    def plan(self, desired, state):
        actions = super().plan(desired, state)
        staying = {link.name: link for link in state if link.kind in _SIBLINGS}
        for action in actions:
            if action.after is None:
                staying.pop(action.target, None)
        for action in actions:
            if self._makes(action):
                self._refuse_neighbours(action.data.wish, staying, state)
        going = [action for action in actions if action.after is None]  # what goes needs no lower device
        return going + plan_lower_devices(desired.lower_devices, state) + actions[len(going) :]

    @staticmethod
    def _makes(action):
        return action.field in ("state", "replace") and action.after is not None

    @staticmethod
    def _refuse_neighbours(wish, staying, state):
        lower = state.get(wish.lower)
        if lower is not None:
            refuse_port(lower, state)
        neighbours = [link for link in staying.values() if link.lower == wish.lower and link.name != wish.name]
        passthru = [link.name for link in neighbours if link.data.get("mode") == PASSTHRU]
        if passthru:
            raise Conflict(
                "%s cannot stand on %s: %s has it for itself (mode passthru)" % (wish.name, wish.lower, passthru[0])
            )
        if wish.settings.get("mode") == PASSTHRU and neighbours:
            names = _some(link.name for link in neighbours)
            raise Conflict(
                "%s wants %s for itself (mode passthru), where these stand already: %s" % (wish.name, wish.lower, names)
            )

    def dangers(self, host, desired, state, actions):
        yield from super().dangers(host, desired, state, actions)
        leaving = [
            action.target
            for action in actions
            if action.field == "replace" and state.get(action.target).lower != action.data.wish.lower
        ]
        consumers = self.consumers(host, state, actions, leaving)
        yield from lower_dangers(desired.lower_devices, state, actions, consumers)
        for action in actions:
            if self._makes(action) and action.after.get("mode") == PASSTHRU:
                lower = action.data.wish.lower
                neighbours = [
                    "%s, which stands on it" % link.name
                    for link in state
                    if link.lower == lower and link.kind in _SIBLINGS
                ]
                users = [
                    user for user in consumers.of_device(lower) if user not in neighbours
                ]  # those that stay were refused before
                if users:
                    yield Danger("passthru:%s" % lower, "giving all of %s to %s" % (lower, action.target), tuple(users))

    def has_own_mac(self, link, lower):
        return True  # a random one, if it was given none; and with passthru the lower device has it from here

    def undo(self, desired, before, actions):
        from .macvtap_undo import MacvtapUndo  # a run that changes nothing does without

        return MacvtapUndo(self, before, actions).undo()

    def disturbs(self, action):
        taken = (action.data.wish.lower,) if self._makes(action) and action.after.get("mode") == PASSTHRU else ()
        return super().disturbs(action) + taken

    def create_words(self, wish):
        # made with an address of its own, a passthru macvtap takes its lower's all the same (drivers/net/macvlan.c,
        # macvlan_common_newlink)
        return super().create_words(replace(wish, mac=None) if wish.settings["mode"] == PASSTHRU else wish)

    def create_lines(self, making):
        wish = making.wish
        words = ["address", wish.mac] if wish.mac and wish.settings["mode"] == PASSTHRU else []
        return [self.create_words(wish)] + self.quiet_lines(making, *words)

    def notes(self, desired, state):
        for wish in desired.links:
            lower = state.get(wish.lower) if wish.present else None
            if lower is None:
                continue
            if wish.settings["mode"] == PASSTHRU:
                yield "%s (mode passthru) makes its lower device %s promiscuous, and gives %s the MAC address of %s" % (
                    wish.name,
                    lower.name,
                    lower.name,
                    wish.name,
                )
            if wish.up and not lower.up:
                yield "%s passes no traffic while its lower device %s is down: lower_devices brings it up" % (
                    wish.name,
                    lower.name,
                )

    def show(self, state):
        shown = super().show(state)
        carriers = {entry["lower"] for entry in shown.values() if "lower" in entry}
        for link in state:
            if link.name in carriers or (link.kind in _CARRIERS and link.name != "lo"):
                shown[link.name] = {"mtu": link.mtu, "up": link.up}
        return shown
