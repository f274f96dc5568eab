# SPDX-License-Identifier: GPL-3.0-or-later
"""What bridges, VLANs, taps and macvtaps have in common: named links, made and removed by one ``ip -batch``."""

from __future__ import annotations

from dataclasses import replace

from .._model.action import BEST_EFFORT, DONE, FAILED, Action, Result
from .._model.addresses import parse_mac
from .._model.errors import Conflict, Danger, Problem
from .._model.fields import MTU_RANGE, Problems
from .._model.link_table import LinkTable
from .._model.names import parse_own_interface_name
from .link_lines import LinkLines
from .link_wish import LinksWish, LinkWish, Making, Setting
from .resource import Resource

UDEV_TIMEOUT = 10  # seconds; a busy queue is no error: what we wished is verified by reading it


def _dying_with(state, name):
    """Names of what stands on ``name`` at any height: the kernel removes it together with its lower device."""
    dying, queue = set(), [name]
    while queue:
        above = set(state.standing_on(queue.pop())) - dying
        dying |= above
        queue += above
    return dying - {name}


def _has_ipv6(state):
    return any("inet6_addr_gen_mode" in link.raw for link in state)


def _wait_for_udev(host):
    """Let udev finish with what was just made: it may give it another MAC address (systemd.link(5), MACAddressPolicy)
    and its device file an owner.
    """
    if host.commands.find("udevadm"):
        host.commands.run(["udevadm", "settle", "--timeout=%d" % UDEV_TIMEOUT], timeout=UDEV_TIMEOUT + 5.0, check=False)


def _freed(state, gone):
    """``state`` with the links ``gone`` standing on nothing: who goes too is no reason to keep what is below."""
    return LinkTable(
        {key: value for key, value in link.raw.items() if key != "link" or link.name not in gone} for link in state
    )


class LinkResource(LinkLines, Resource):
    """Subclasses name the kind, its list parameter and its settings, and may add to :meth:`wish` and the lines."""

    parameter = ""
    mtu_range = MTU_RANGE

    def validate(self, params, host):
        problems = Problems()
        links = self.parse_links(params, problems)
        problems.raise_if_any()
        return LinksWish(links, bool(params.get("purge")))

    def parse_links(self, params, problems):
        """The LinkWishes of the list parameter; what is wrong is recorded, and its wish is None or lacks it."""
        problems = problems.at(self.parameter)
        wishes = tuple(self.wish(item, problems.at(index)) for index, item in enumerate(params[self.parameter]))
        problems.unique([wish and wish.name for wish in wishes], "name")
        return wishes

    def wish(self, item, problems):
        """One LinkWish from one list item, recording what is wrong with it."""
        return LinkWish(
            name=problems.at("name").parse(parse_own_interface_name, item["name"]),
            present=item.get("state", "present") == "present",
            mtu=problems.at("mtu").whole(item.get("mtu"), self.mtu_range[0], self.mtu_range[1], "MTU"),
            mac=problems.at("mac").parse(parse_mac, item.get("mac")),
            up=item.get("up"),
            settings=self.wished_settings(item, problems),
            path=problems.path,
        )

    def wished_settings(self, item, problems):
        return {setting.name: item[setting.name] for setting in self.settings if item.get(setting.name) is not None}

    def observe(self, host, desired):
        return host.ip.links()

    def missing(self, desired, state):
        going = set(self._going(desired, state))
        listed = {wish.name for wish in desired.links if wish.present}
        for wish in desired.links:
            if not wish.present or wish.lower is None or wish.lower in listed:
                continue
            if wish.lower not in state:
                yield Problem(
                    "%s.lower" % wish.path,
                    wish.lower,
                    "does not exist on this host: it must be there before what stands on it",
                )
            elif wish.lower in going:
                yield Problem(
                    "%s.lower" % wish.path,
                    wish.lower,
                    "is removed by the same call, and what stands on it goes with it",
                )
            else:
                yield from self.unready(wish, state.get(wish.lower), desired)

    def unready(self, wish, lower, desired):
        """Problems of a lower device that exists but cannot carry the link yet."""
        return ()

    def is_mine(self, link):
        """Whether ``link`` is of the kind that this resource makes."""
        return link.kind == self.link_kind

    def _going(self, desired, state):
        """``{name: reason}`` of the links that are removed for good, what stands on others first."""
        going = {wish.name: "not wished" for wish in desired.links if not wish.present and wish.name in state}
        if desired.purge:
            listed = {wish.name for wish in desired.links}
            for link in state:
                if self.is_mine(link) and link.ours and link.name not in listed:
                    going[link.name] = "made by kvm.vnic and not listed"
        return {name: going[name] for name in sorted(going, key=lambda name: -len(state.lowers(name)))}

    def plan(self, desired, state):
        for wish in desired.links:
            link = state.get(wish.name)
            if link is not None and not self.is_mine(link):
                raise Conflict(
                    "%s exists already and is a %s, not a %s: choose another name"
                    % (wish.name, link.kind or "network card", self.kind)
                )
        going = self._going(desired, state)
        actions = [self._removal(name, reason) for name, reason in going.items()]
        lost = set()  # what the kernel removes with its lower device
        for wish in desired.links:
            link = state.get(wish.name)
            if not wish.present:
                continue
            if link is None or wish.name in lost:
                actions.append(self._creation(wish, state))
            elif self._must_be_made_anew(wish, link):
                actions.append(self._replacement(wish, link, state))
                lost |= _dying_with(state, wish.name)
            else:
                actions += self._adjustments(wish, link)
            actions += self.plan_ports(wish, link, state)
        return actions

    def plan_ports(self, wish, link, state):
        return []

    def _wished_fields(self, wish):
        fields = {"mtu": wish.mtu, "mac": wish.mac, "up": wish.up, "lower": wish.lower}
        fields.update(wish.settings)
        return {key: value for key, value in fields.items() if value is not None}

    def _creation(self, wish, state):
        return Action(
            wish.name,
            "state",
            None,
            self._wished_fields(wish),
            "does not exist yet",
            data=Making(wish, None, _has_ipv6(state)),
        )

    def _removal(self, name, reason):
        return Action(name, "state", "present", None, reason, reversible=BEST_EFFORT)

    def keeping(self, wish, link, state):
        """``wish`` with what it leaves alone as ``link`` has it now, for a link that is made anew."""
        settings = {setting.name: setting.read(link) for setting in self.settings}
        settings = dict({name: value for name, value in settings.items() if value is not None}, **wish.settings)
        old, new = state.get(link.lower), state.get(wish.lower)
        fits = new is None or link.mtu <= new.mtu
        own = old is None or link.mac != old.mac  # else it is the lower device's, which a new link takes by itself
        mtu, mac = wish.mtu or (link.mtu if fits else None), wish.mac or (link.mac if own else None)
        return replace(wish, settings=settings, mtu=mtu, mac=mac)

    def _must_be_made_anew(self, wish, link):
        if wish.lower is not None and link.lower != wish.lower:
            return True
        return any(
            not setting.can_change(setting.read(link), wish.settings[setting.name])
            for setting in self._differing(wish, link)
        )

    def _differing(self, wish, link):
        return [
            setting
            for setting in self.settings
            if setting.compared and setting.name in wish.settings and setting.read(link) != wish.settings[setting.name]
        ]

    def _replacement(self, wish, link, state):
        before = {setting.name: setting.read(link) for setting in self.settings if setting.name in wish.settings}
        if wish.lower is not None:
            before["lower"] = link.lower
        reason = "cannot change while it exists: removed and made anew"
        wish = self.keeping(wish, link, state)
        making = Making(wish, link.master, _has_ipv6(state))
        return Action(
            wish.name, "replace", before, self._wished_fields(wish), reason, reversible=BEST_EFFORT, data=making
        )

    def _adjustments(self, wish, link):
        actions = [
            Action(wish.name, setting.name, setting.read(link), wish.settings[setting.name], "differs", data=setting)
            for setting in self._differing(wish, link)
        ]
        for name, before, after in (("mtu", link.mtu, wish.mtu), ("mac", link.mac, wish.mac), ("up", link.up, wish.up)):
            if after is not None and before != after:
                actions.append(Action(wish.name, name, before, after, "differs"))
        return actions

    def dangers(self, host, desired, state, actions):
        from .consumers import Consumers  # much to load, for a run that hurts someone only

        gone = {action.target for action in actions if action.field == "state" and action.after is None}
        consumers = Consumers(host, _freed(state, gone))
        for action in actions:
            if (action.field == "state" and action.after is None) or action.field == "replace":
                users = consumers.of_removed(action.target)
                if users:
                    yield Danger(
                        "%s:%s" % ("remove" if action.after is None else "replace", action.target),
                        "removing %s" % action.target,
                        tuple(users),
                    )

    def disturbs(self, action):
        if (
            action.field in ("replace", "mac", "mtu")
            or action.after is None
            or (action.field == "up" and not action.after)
        ):
            return (action.target,)
        return ()

    def apply(self, host, batch):
        lines, owners = [], []
        for index, action in enumerate(batch):
            made = self.lines(action)
            lines += made
            owners += [index] * len(made)
        answers = host.ip.batch(lines)
        failures = {}
        for owner, line, answer in zip(owners, lines, answers):
            if answer is not None:
                failures.setdefault(owner, "ip %s: %s" % (" ".join(line), answer))
        if self.for_guests and any(
            action.field in ("state", "replace") and action.after is not None for action in batch
        ):
            _wait_for_udev(host)
        return [
            Result(action, FAILED if index in failures else DONE, failures.get(index, ""))
            for index, action in enumerate(batch)
        ]

    def show(self, state):
        shown = {}
        for link in state:
            if not self.is_mine(link):
                continue
            entry = {"mtu": link.mtu, "mac": link.mac, "up": link.up}
            if link.lower:
                entry["lower"] = link.lower
            entry.update({setting.name: setting.read(link) for setting in self.settings})
            shown[link.name] = entry
        return shown


__all__ = ["LinkResource", "LinkWish", "LinksWish", "Setting"]
