# SPDX-License-Identifier: GPL-3.0-or-later
"""What bridges, VLANs, taps and macvtaps have in common: a named link that is made, adjusted and removed by one ``ip -batch``."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._model.action import BEST_EFFORT, DONE, FAILED, Action, Result
from .._model.addresses import parse_mac
from .._model.errors import Conflict, Danger, Problem
from .._model.fields import MTU_RANGE, Problems
from .._model.link_table import OWNER_ALIAS, LinkTable
from .._model.names import parse_own_interface_name
from .consumers import Consumers
from .resource import Resource


@dataclass(frozen=True)
class Setting:
    """One kind-specific setting: how rtnetlink's JSON shows it and how ip-link(8) takes it.

    ``read(link)`` gives the canonical value; ``words(value)`` the words after ``type KIND``; ``live``: can change without making the link anew.
    """

    name: str
    read: object
    words: object
    live: bool = True


@dataclass(frozen=True)
class LinkWish:
    """One link as wished; None leaves a thing alone. ``settings``: ``{setting name: canonical value}``; ``ports``: names, for bridges."""

    name: str
    present: bool = True
    mtu: object = None
    mac: object = None
    up: object = None
    lower: object = None
    settings: dict = field(default_factory=dict)
    ports: object = None
    purge_ports: bool = False


@dataclass(frozen=True)
class LinksWish:
    """All links of one kind in one call; ``purge``: remove those of ours that are not listed."""

    links: tuple
    purge: bool = False


class LinkResource(Resource):
    """Subclasses name the kind, its list parameter and its settings, and may add to :meth:`wish` and :meth:`create_words`."""

    link_kind = ""
    parameter = ""
    settings = ()

    def validate(self, params, host):
        problems = Problems().at(self.parameter)
        items = params[self.parameter]
        wishes = [self.wish(item, problems.at(index)) for index, item in enumerate(items)]
        problems.unique([item.get("name") for item in items], "name")
        problems.raise_if_any()
        return LinksWish(tuple(wishes), bool(params.get("purge")))

    def wish(self, item, problems):
        """One LinkWish from one list item, recording what is wrong with it."""
        return LinkWish(
            name=problems.at("name").parse(parse_own_interface_name, item["name"]),
            present=item.get("state", "present") == "present",
            mtu=problems.at("mtu").whole(item.get("mtu"), MTU_RANGE[0], MTU_RANGE[1], "MTU"),
            mac=problems.at("mac").parse(parse_mac, item.get("mac")),
            up=item.get("up"),
            settings=self.wished_settings(item, problems),
        )

    def wished_settings(self, item, problems):
        return {setting.name: item[setting.name] for setting in self.settings if item.get(setting.name) is not None}

    def observe(self, host, desired):
        return host.ip.links()

    def missing(self, desired, state):
        return [
            Problem("%s.lower" % wish.name, wish.lower, "does not exist on this host: it must be there before what stands on it")
            for wish in desired.links
            if wish.present and wish.lower and wish.lower not in state
        ]

    def plan(self, desired, state):
        actions = []
        for wish in desired.links:
            link = state.get(wish.name)
            if link is not None and link.kind != self.link_kind:
                raise Conflict("%s exists already and is a %s, not a %s: choose another name" % (wish.name, link.kind or "network card", self.link_kind))
            if not wish.present:
                actions += [self._removal(wish.name, "not wished")] if link is not None else []
            elif link is None:
                actions.append(self._creation(wish))
            elif self._must_be_made_anew(wish, link):
                actions.append(self._replacement(wish, link))
            else:
                actions += self._adjustments(wish, link)
            if wish.present:
                actions += self.plan_ports(wish, link, state)
        if desired.purge:
            listed = {wish.name for wish in desired.links}
            actions = [
                self._removal(link.name, "made by kvm.vnic and not listed")
                for link in state.of_kind(self.link_kind)
                if link.ours and link.name not in listed
            ] + actions
        return actions

    def plan_ports(self, wish, link, state):
        return []

    def _wished_fields(self, wish):
        fields = {"mtu": wish.mtu, "mac": wish.mac, "up": wish.up, "lower": wish.lower}
        fields.update(wish.settings)
        return {key: value for key, value in fields.items() if value is not None}

    def _creation(self, wish):
        return Action(wish.name, "state", None, self._wished_fields(wish), "does not exist yet", data=wish)

    def _removal(self, name, reason):
        return Action(name, "state", "present", None, reason, reversible=BEST_EFFORT)

    def _must_be_made_anew(self, wish, link):
        if wish.lower is not None and link.lower != wish.lower:
            return True
        return any(not s.live and s.name in wish.settings and s.read(link) != wish.settings[s.name] for s in self.settings)

    def _replacement(self, wish, link):
        before = {setting.name: setting.read(link) for setting in self.settings if setting.name in wish.settings}
        if wish.lower is not None:
            before["lower"] = link.lower
        return Action(
            wish.name, "replace", before, self._wished_fields(wish), "cannot change while it exists: removed and made anew", reversible=BEST_EFFORT, data=wish
        )

    def _adjustments(self, wish, link):
        actions = [
            Action(wish.name, setting.name, setting.read(link), wish.settings[setting.name], "differs", data=setting)
            for setting in self.settings
            if setting.name in wish.settings and setting.read(link) != wish.settings[setting.name]
        ]
        for name, before, after in (("mtu", link.mtu, wish.mtu), ("mac", link.mac, wish.mac), ("up", link.up, wish.up)):
            if after is not None and before != after:
                actions.append(Action(wish.name, name, before, after, "differs"))
        return actions

    def dangers(self, host, desired, state, actions):
        consumers = Consumers(host, state)
        for action in actions:
            if (action.field == "state" and action.after is None) or action.field == "replace":
                users = consumers.of_device(action.target)
                if users:
                    yield Danger("%s:%s" % ("remove" if action.after is None else "replace", action.target), "removing %s" % action.target, tuple(users))

    def disturbs(self, action):
        if action.field in ("replace", "mac", "mtu") or action.after is None or (action.field == "up" and not action.after):
            return (action.target,)
        return ()

    def create_words(self, wish):
        """The words of ``ip link add`` for one wish."""
        words = ["link", "add"]
        words += ["link", wish.lower] if wish.lower else []
        words += ["name", wish.name]
        words += ["address", wish.mac] if wish.mac else []
        words += ["mtu", str(wish.mtu)] if wish.mtu else []
        words += ["up"] if wish.up else []
        words += ["type", self.link_kind]
        for setting in self.settings:
            if setting.name in wish.settings:
                words += setting.words(wish.settings[setting.name])
        return words

    def remove_words(self, name):
        return ["link", "delete", "dev", name]

    def lines(self, action):
        """The batch lines that carry out one action."""
        if action.field == "state" and action.after is None:
            return [self.remove_words(action.target)]
        if action.field in ("state", "replace"):
            made = [self.create_words(action.data), ["link", "set", "dev", action.target, "alias", OWNER_ALIAS]]
            return ([self.remove_words(action.target)] if action.field == "replace" else []) + made
        if action.field == "up":
            return [["link", "set", "dev", action.target, "up" if action.after else "down"]]
        if action.field in ("mtu", "mac"):
            return [["link", "set", "dev", action.target, {"mac": "address"}.get(action.field, action.field), str(action.after)]]
        return [["link", "set", "dev", action.target, "type", self.link_kind] + action.data.words(action.after)]

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
        return [
            Result(action, FAILED if index in failures else DONE, failures.get(index, "")) for index, action in enumerate(batch)
        ]

    def show(self, state):
        shown = {}
        for link in state.of_kind(self.link_kind):
            entry = {"mtu": link.mtu, "mac": link.mac, "up": link.up}
            if link.lower:
                entry["lower"] = link.lower
            entry.update({setting.name: setting.read(link) for setting in self.settings})
            shown[link.name] = entry
        return shown


__all__ = ["LinkResource", "LinkTable", "LinkWish", "LinksWish", "Setting"]
