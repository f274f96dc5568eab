# SPDX-License-Identifier: GPL-3.0-or-later
"""How a link is made, adjusted and removed in the words of ``ip -batch``."""

from __future__ import annotations

from .._model.link_table import OWNER_ALIAS


class LinkLines:
    """Subclasses name the kind and its settings, and may add to :meth:`create_words` and :meth:`create_lines`."""

    link_kind = ""
    settings = ()
    # the host itself neither has addresses on it nor speaks over it, and udev gives a guest's process access to it
    for_guests = False

    def create_words(self, wish):
        """The words of ``ip link add`` for one wish."""
        words = ["link", "add"]
        words += ["link", wish.lower] if wish.lower else []
        words += ["name", wish.name]
        words += ["address", wish.mac] if wish.mac else []
        words += ["mtu", str(wish.mtu)] if wish.mtu else []
        words += ["up"] if wish.up and not self.for_guests else []
        return words + ["type", self.link_kind] + self.setting_words(wish)

    def setting_words(self, wish):
        return [
            word
            for setting in self.settings
            if setting.name in wish.settings
            for word in setting.words(wish.settings[setting.name])
        ]

    def create_lines(self, making):
        """The batch lines that make one wished link."""
        mark = self.mark_words(making.wish)
        return [self.create_words(making.wish)] + ([["link", "set", "dev", making.wish.name] + mark] if mark else [])

    @staticmethod
    def mark_words(wish):
        """The words that give a new link its alias: that it is ours, unless the wish says otherwise."""
        alias = OWNER_ALIAS if wish.alias is None else wish.alias
        return ["alias", alias] if alias else []

    def quiet_lines(self, making, *words):
        """The lines that mark what a guest is to use as ours, and bring it up without an address by which guest and
        host could meet.
        """
        name = making.wish.name
        quiet = ["addrgenmode", "none"] if making.ipv6 else []
        mark = self.mark_words(making.wish) + quiet + list(words)
        return ([["link", "set", "dev", name] + mark] if mark else []) + (
            [["link", "set", "dev", name, "up"]] if making.wish.up else []
        )

    def remove_words(self, name):
        return ["link", "delete", "dev", name]

    def lines(self, action):
        """The batch lines that carry out one action."""
        if action.field == "state" and action.after is None:
            return [self.remove_words(action.target)]
        if action.field in ("state", "replace"):
            replaces = action.field == "replace" and not action.data.ahead
            before = [self.remove_words(action.target)] if replaces else []
            master = action.data.master  # a bridge's port stays one
            after = [["link", "set", "dev", action.target, "master", master]] if master else []
            return before + self.create_lines(action.data) + after
        if action.field == "up":
            return [["link", "set", "dev", action.target, "up" if action.after else "down"]]
        if action.field == "master":
            words = ["master", action.after] + list(action.data or ()) if action.after else ["nomaster"]
            return [["link", "set", "dev", action.target] + words]
        if action.field in ("mtu", "mac", "alias"):
            word = {"mac": "address"}.get(action.field, action.field)
            return [["link", "set", "dev", action.target, word, str(action.after)]]
        return [["link", "set", "dev", action.target, "type", self.link_kind] + action.data.words(action.after)]
