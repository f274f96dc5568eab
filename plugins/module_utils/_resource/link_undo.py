# SPDX-License-Identifier: GPL-3.0-or-later
"""What leads named links back to how they were before a run. Pure."""

from __future__ import annotations

from .._model.names import parse_own_interface_name
from .._model.undo import Undo
from .link_wish import dying_with

# What the kernel forgets with a link and no module of ours keeps.
_LOST = (
    "%s comes back with what the module %s manages: its addresses and routes, and settings that the module does not know, "
    "are lost"
)


class LinkUndo:
    """Of one run of ``resource`` (a LinkResource) that found ``before`` and is about to do ``actions``.

    Subclasses add to :meth:`take`, which learns from one action, and to :meth:`more_params`.
    """

    def __init__(self, resource, before, actions):
        self.resource, self.before, self.actions = resource, before, actions
        self.items, self.consents, self.uncovered = {}, {}, {}
        # what is made on a link that the run makes anew goes with it again, and comes back with it
        self._made_upon = {action.data.wish.lower for action in actions if self._makes(action)}

    def undo(self):
        for action in self.actions:
            self.take(action)
        params = dict(self.more_params(), **{self.resource.parameter: self.from_below(self.items)})
        if not any(params.values()):
            return Undo(None, (), tuple(self.uncovered))
        return Undo(params, tuple(self.consents), tuple(self.uncovered))

    def from_below(self, items):
        """The entries ``{name: entry}``, each behind what it stands on."""
        return [items[name] for name in sorted(items, key=lambda name: len(self.before.lowers(name)))]

    def more_params(self):
        return {}

    @staticmethod
    def _makes(action):
        return action.field in ("state", "replace") and action.after is not None

    def tell(self, text):
        self.uncovered[text] = True

    def consent(self, kind, name):
        self.consents["%s:%s" % (kind, name)] = True

    def take(self, action):
        name, link = action.target, self.before.get(action.target)
        # what the run changed may carry the connection by now, and comes back by leading it back
        self.consent("management", name)
        if link is None:
            self.items[name] = {"name": name, "state": "absent"}
            if self._makes(action):
                self._leaves_again(action)
        elif action.field in ("state", "replace"):
            self._whole(link)
            self._dying(link)
            if self._makes(action):
                self._leaves_again(action)
                if action.data.wish.master is not None and name in self.items:
                    self.items[name].setdefault("master", "none")
                    self.consent("port", name)
            if action.field == "replace" and name in self._made_upon:
                self.consent("replace", name)
        else:
            if action.field == "master":
                self._return_to_master(link, self.items.setdefault(name, self.named(link)))
                self.consent("port", name)
            else:
                self._field(link, action.field, action.before)
            self._shaken(link, action)

    def _leaves_again(self, action):
        """Who lives by the port that ``action`` makes did without it before, or for as long as it was made anew."""
        if action.data.master:
            self.consent("port", action.target)

    def _field(self, link, field, value):
        item = self.items.setdefault(link.name, self.named(link))
        item[field] = value if value is None or isinstance(value, (bool, int)) else str(value)

    def named(self, link):
        """The entry that names ``link`` and leaves all of it alone."""
        shown = dict(self.resource.shown_settings(link), lower=link.lower)
        return dict({"name": link.name, "state": "present"}, **{key: shown[key] for key in self.resource.needs})

    def _whole(self, link):
        if "lower" in self.resource.needs and link.lower is None:
            self.tell("%s does not come back: it stands on a device of another network namespace" % link.name)
            return
        item = dict(self.named(link), mtu=link.mtu, up=link.up, alias=link.alias or "")
        lower = self.before.get(link.lower)
        if lower is None or self.resource.has_own_mac(link, lower):
            item["mac"] = link.mac
        item.update(self.resource.shown_settings(link))
        if link.master:
            self._return_to_master(link, item)
        self.items[link.name] = dict(self.items.get(link.name, {}), **item)
        self.tell(_LOST % (link.name, self.resource.kind))
        if self.resource.for_guests and not link.ours:
            self.tell("%s gets no IPv6 link-local address when it comes back (addrgenmode none)" % link.name)

    def _return_to_master(self, link, item):
        master = self.before.get(link.master)
        if not link.master:
            item["master"] = "none"
        elif master is not None and master.kind == "bridge":
            item["master"] = link.master
        elif master is None or master.kind != "openvswitch":  # ovs-vswitchd takes its ports back by itself
            self.tell("%s was a port of %s and is none when it comes back" % (link.name, link.master))

    def _dying(self, link):
        """What the kernel removes together with ``link`` though nobody asked for that."""
        for name in sorted(dying_with(self.before, link.name)):
            upper = self.before.get(name)
            if self._can_make(upper):
                self._whole(upper)
                self.consent("management", name)
            else:
                self.tell("%s (%s), which goes with %s below it, does not come back" % (name, upper.kind, link.name))

    def _can_make(self, link):
        try:
            parse_own_interface_name(link.name)
        except ValueError:
            return False
        return self.resource.is_mine(link)

    def _shaken(self, link, action):
        """The kernel shrinks what stands on a link that shrinks (net/8021q/vlan.c, vlan_device_event), and takes down
        the VLANs on one that goes down."""
        for name in sorted(dying_with(self.before, link.name)):
            upper = self.before.get(name)
            if action.field == "mtu" and upper.mtu > action.after:
                self.restore(upper, "mtu", upper.mtu)
            elif action.field == "up" and not action.after and upper.kind == "vlan" and upper.up:
                self.restore(upper, "up", True)

    def restore(self, link, field, value):
        """Lead back ``field`` of a link that was changed along with another."""
        if self._can_make(link):
            self._field(link, field, value)
            self.consent("management", link.name)
        else:
            self.tell("%s of %s, which changed along with what it stands on, is not led back" % (field, link.name))
