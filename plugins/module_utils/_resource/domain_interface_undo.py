# SPDX-License-Identifier: GPL-3.0-or-later
"""How what a run does to guests' NICs is led back. Pure."""

from __future__ import annotations

from copy import deepcopy

from .._model.definition_scope import BOTH
from .._model.domain_interface_former import changed_settings, former, lost, set_settings
from .._model.domain_interface_slots import slot_address
from .._model.interface_xml import completed, edited, rendered
from .._model.undo import Undo
from .domain_interface_plan import ATTACH, DETACH, LIVE, PERSISTENT, REPLUG

_IS_REPLUGGED = (
    "NIC %s is unplugged and plugged in anew: its definition goes back, and the running guest keeps what it then has"
    " until it starts again"
)
_IS_NONE = "NIC %s cannot be led back: no parameter of this module stands for its %s"
_IS_UNSPEAKABLE = "NIC %r stays plugged in till its guest stops: unplugging needs a consent by name, and this name begins with a blank"
_LOSES = "NIC %s does not get back %s of its %s definition, for which this module has no parameter"


def _alike(persistent, live):
    """Whether both are led back by the same parameters. A name of ours reaches the running guest at its next start only,
    till then it is known by its address."""
    if persistent is None or live is None:
        return False
    either = {*persistent, *live} - {"named"}
    if "mac" not in persistent or "mac" not in live:
        either -= {"mac"}
    return all(persistent.get(key) == live.get(key) for key in either)


class _Nic:
    """One NIC's way back: ``items``: ``[(scope, parameters)]``."""

    def __init__(self, target, steps):
        self._target, self._steps = target, steps
        self._match = next(iter(steps.values())).match
        self.items, self.uncovered = [], []
        items = {scope: self._item(scope, step) for scope, step in steps.items()}
        if len(items) == 2 and self._same(items):
            items = {BOTH: items[PERSISTENT]}
        elif len(items) == 1:
            ((scope, item),) = items.items()
            items = {BOTH if self._is_all(scope, item) else scope: item}
        if self._made and not self.consents:
            self.uncovered.append(_IS_UNSPEAKABLE % self._target)
            items = {LIVE: None, PERSISTENT: items.get(BOTH, items.get(PERSISTENT))}
        self.items = [(scope, item) for scope, item in items.items() if item is not None]

    @property
    def _made(self):
        return any(step.verb == ATTACH for step in self._steps.values())

    @property
    def consents(self):
        """A blank after the colon is refused in a consent, because it looks like a mistake."""
        return ("unplug:%s" % self._target,) if self._made and not self._target[0].isspace() else ()

    def _same(self, items):
        if self._steps[LIVE].verb == REPLUG:
            return True
        return _alike(items[PERSISTENT], items[LIVE])

    def _is_all(self, scope, item):
        """Whether the way back of the only definition that is touched holds for the other one too."""
        guest, match = self._match.guest, self._match
        if guest.live is None or guest.persistent is None:
            return True
        other = match.persistent if scope == LIVE else match.live
        if scope == LIVE or item is None or self._steps[scope].verb == DETACH:
            return False
        if self._steps[scope].verb == ATTACH:
            return other is None
        if other is None:
            return False
        return _alike(item, former(match.wish.name, other.element, self._changed(self._steps[scope]))[0])

    def _item(self, scope, step):
        name = self._match.wish.name
        if step.verb == ATTACH:
            return {"name": name, "state": "absent"}
        if step.verb == REPLUG:
            self.uncovered.append(_IS_REPLUGGED % self._target)
            return None
        element = step.nic.element
        whole = step.verb == DETACH
        names = set_settings(element) | {"name", "backend", "mac"} if whole else self._changed(step)
        item, wish, unsaid = former(name, element, names)
        if item is None:
            self.uncovered.append(_IS_NONE % (self._target, " and ".join(unsaid)))
            return None
        if whole:
            if step.nic.address:
                item["slot"] = step.nic.address
            back = rendered(completed(wish.settings))
            if step.nic.address:
                back.append(slot_address(step.nic.address))
        else:
            after = self._after(step)
            back = edited(after, completed(wish.settings, after))
        gone = ["<%s>" % tag for tag in lost(element, back)]
        if gone:
            self.uncovered.append(_LOSES % (self._target, ", ".join(gone), scope))
        return item

    def _after(self, step):
        settings = step.settings
        if step.scope == LIVE:
            settings = {name: settings[name] for name in step.changes}
        return edited(deepcopy(step.nic.element), settings)

    def _changed(self, step):
        return changed_settings(step.nic.element, self._after(step))


def undo_of(actions):
    """The :class:`Undo` of ``actions`` of domain_interface."""
    steps = {}
    for action in actions:
        step = action.data
        steps.setdefault((step.match.guest.uuid, action.target), {})[step.scope] = step
    entries, consents, uncovered = {}, [], []
    for (uuid, target), of_nic in steps.items():
        nic = _Nic(target, of_nic)
        for scope, item in nic.items:
            entry = entries.setdefault((uuid, scope), {"uuid": uuid, "scope": scope, "interfaces": []})
            entry["interfaces"].append(item)
        consents += nic.consents
        uncovered += nic.uncovered
    params = {"domains": list(entries.values())} if entries else None
    return Undo(params, tuple(consents), tuple(uncovered))
