# SPDX-License-Identifier: GPL-3.0-or-later
"""What bridges, VLANs, taps and macvtaps have in common: named links, made and removed by one ``ip -batch``."""

from __future__ import annotations

from dataclasses import replace

from .._model.action import BEST_EFFORT, DONE, FAILED, Action, Result, plain
from .._model.addresses import parse_mac
from .._model.errors import Conflict, Danger, Problem
from .._model.fields import MTU_RANGE, Problems
from .._model.link_table import LinkTable
from .._model.names import parse_alias, parse_own_interface_name
from .link_lines import LinkLines
from .link_wish import NO_MASTER, LinksWish, LinkWish, Making, Setting, dying_with, parse_master
from .port_moves import port_dangers
from .resource import Resource

UDEV_TIMEOUT = 10  # seconds; a busy queue is no error: what we wished is verified by reading it


def _has_ipv6(state):
    return any("inet6_addr_gen_mode" in link.raw for link in state)


def _wait_for_udev(host):
    """Let udev finish with what was just made: it may give it another MAC address (systemd.link(5), MACAddressPolicy)
    and its device file an owner.
    """
    if host.commands.find("udevadm"):
        host.commands.run(["udevadm", "settle", "--timeout=%d" % UDEV_TIMEOUT], timeout=UDEV_TIMEOUT + 5.0, check=False)


def _freed(state, gone, moved):
    """``state`` with the links ``gone`` standing on nothing and those ``moved`` being ports of nothing: who goes too is
    no reason to keep what is below, and who leaves before none to keep the bridge."""
    free = {"link": gone, "master": moved}
    return LinkTable(
        {key: value for key, value in link.raw.items() if link.name not in free.get(key, ())} for link in state
    )


class LinkResource(LinkLines, Resource):
    """Subclasses name the kind, its list parameter and its settings, and may add to :meth:`wish` and the lines."""

    parameter = ""
    mtu_range = MTU_RANGE
    needs = ()  # what every present entry must say beside its name

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
            alias=problems.at("alias").parse(parse_alias, item.get("alias")),
            master=problems.at("master").parse(parse_master, item.get("master")),
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
            if wish.present and wish.master not in (None, NO_MASTER) and wish.master not in state:
                yield Problem(
                    "%s.master" % wish.path, wish.master, "does not exist on this host: make the bridge first"
                )
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
                lost |= dying_with(state, wish.name)
            else:
                actions += self._adjustments(wish, link)
            actions += self.plan_ports(wish, link, state)
        return actions

    def plan_ports(self, wish, link, state):
        return []

    def _wished_fields(self, wish):
        fields = {"mtu": wish.mtu, "mac": wish.mac, "up": wish.up, "lower": wish.lower}
        fields.update(alias=wish.alias, master=wish.master or None)
        fields.update(wish.settings)
        return {key: value for key, value in fields.items() if value is not None}

    def _creation(self, wish, state):
        return Action(
            wish.name,
            "state",
            None,
            self._wished_fields(wish),
            "does not exist yet",
            data=Making(wish, wish.master, _has_ipv6(state)),
        )

    def _removal(self, name, reason):
        return Action(name, "state", "present", None, reason, reversible=BEST_EFFORT)

    def keeping(self, wish, link, state):
        """``wish`` with what it leaves alone as ``link`` has it now, for a link that is made anew."""
        settings = {setting.name: setting.read(link) for setting in self.settings}
        settings = dict({name: value for name, value in settings.items() if value is not None}, **wish.settings)
        old, new = state.get(link.lower), state.get(wish.lower)
        fits = new is None or link.mtu <= new.mtu
        own = old is None or link.mac != old.mac  # else a new link takes the lower device's by itself
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
        making = Making(wish, link.master if wish.master is None else wish.master, _has_ipv6(state))
        return Action(
            wish.name, "replace", before, self._wished_fields(wish), reason, reversible=BEST_EFFORT, data=making
        )

    def _adjustments(self, wish, link):
        actions = [
            Action(wish.name, setting.name, setting.read(link), wish.settings[setting.name], "differs", data=setting)
            for setting in self._differing(wish, link)
        ]
        for name, before, after in (
            ("mtu", link.mtu, wish.mtu),
            ("mac", link.mac, wish.mac),
            ("up", link.up, wish.up),
            ("alias", link.alias or "", wish.alias),
        ):
            if after is not None and before != after:
                actions.append(Action(wish.name, name, before, after, "differs"))
        if wish.master is not None and (link.master or NO_MASTER) != wish.master:
            actions.append(Action(wish.name, "master", link.master, wish.master or None, "differs"))
        return actions

    @staticmethod
    def consumers(host, state, actions, leaving=()):
        """Who uses what, those apart that ``actions`` take away first, and those ``leaving`` what they stand on."""
        from .consumers import Consumers  # much to load, for a run that hurts someone only

        gone = {action.target for action in actions if action.field == "state" and action.after is None}
        moved = {action.target for action in actions if action.field == "master"}
        return Consumers(host, _freed(state, gone.union(leaving), moved))

    def dangers(self, host, desired, state, actions):
        consumers = self.consumers(host, state, actions)
        yield from port_dangers(host, actions)
        for action in actions:
            if (action.field == "state" and action.after is None) or action.field == "replace":
                name = action.target
                for kind, users in (
                    ("remove" if action.after is None else "replace", consumers.of_device(name)),
                    ("port", consumers.of_port(name)),
                ):
                    if users:
                        yield Danger("%s:%s" % (kind, name), "removing %s" % name, tuple(users))

    def disturbs(self, action):
        if (
            action.field in ("replace", "mac", "mtu", "master")
            or action.after is None
            or (action.field == "up" and not action.after)
        ):
            return (action.target,)
        return ()

    def apply(self, host, batch):
        lines, owners = [], []
        for index, action in enumerate(batch):
            if isinstance(action.data, Making) and action.data.ahead:
                lines.append(self.remove_words(action.target))
                owners.append(index)
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

    def has_own_mac(self, link, lower):
        """Whether the address of ``link`` is more than that of the device below it, which a new one takes by itself."""
        return link.mac != lower.mac

    def shown_settings(self, link):
        """``{setting: plain value}`` of all that tell."""
        values = {setting.name: setting.read(link) for setting in self.settings}
        return {name: plain(value) for name, value in values.items() if value is not None}

    def undo(self, desired, before, actions):
        from .link_undo import LinkUndo  # a run that changes nothing does without

        return LinkUndo(self, before, actions).undo()

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
