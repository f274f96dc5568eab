# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out steps by libvirt's device calls, each on what is there at that moment, and wait until the guest shows
it."""

from __future__ import annotations

from copy import deepcopy

from .._model.action import DONE, FAILED, Result
from .._model.domain_interface_slots import Slots
from .._model.errors import ApplyFailed, Conflict, VnicError
from .._model.interface_xml import edited, rendered, text_of
from .._model.interface_xml_document import replace_interface
from .._model.names import is_libvirts_own
from .domain_interface_match import place_of
from .domain_interface_plan import ATTACH, DETACH, LIVE, PERSISTENT, REDEFINE, REPLUG, UPDATE
from .guests import read_guest

RELEASE_SECONDS = 60.0  # a device is gone when the guest's own kernel let it go; emulated guests take their time
REMINDER_SECONDS = 10.0  # a guest that boots misses the request; QEMU takes another one after 5 s (hw/acpi/pcihp.c)
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0


def _placed(element, root, address):
    """``element`` at ``address`` where that is free in the domain ``root``, else wherever libvirt puts it."""
    for found in element.findall("address"):
        element.remove(found)
    if address is not None and Slots(root).take_address(address):
        element.append(deepcopy(address))
    return element


def _is(nic, match):
    """Whether ``nic`` is what was made for the wish."""
    return nic.name == match.wish.name if match.wish.named else nic.mac == match.wish.settings["mac"]


class Apply:
    """The writes of one run. NICs are independent of each other; one whose step failed is not touched further."""

    def __init__(self, host):
        self._libvirt = host.libvirt
        self._clock = host.clock
        self._calls = {
            (PERSISTENT, ATTACH): self._attach_persistent,
            (PERSISTENT, UPDATE): self._update_persistent,
            (PERSISTENT, REDEFINE): self._redefine,
            (PERSISTENT, DETACH): self._detach_persistent,
            (LIVE, ATTACH): self._attach_live,
            (LIVE, UPDATE): self._update_live,
            (LIVE, DETACH): self._detach_live,
            (LIVE, REPLUG): self._replug,
        }

    def run(self, actions):
        """One Result for each action, in order; actions that share a step are one call."""
        answers, failed = {}, set()
        for action in actions:
            if id(action.data) in answers:
                continue
            if action.target in failed:
                answers[id(action.data)] = "not tried, because an earlier step of this NIC failed"
                continue
            try:
                self._calls[action.data.scope, action.data.verb](action.data)
                answers[id(action.data)] = ""
            except VnicError as error:
                failed.add(action.target)
                answers[id(action.data)] = str(error)
        return [
            Result(action, FAILED if answers[id(action.data)] else DONE, answers[id(action.data)]) for action in actions
        ]

    def _guest(self, step):
        domain = self._libvirt.domain(step.match.guest.uuid)
        if domain is None:
            raise Conflict("guest %s was undefined in between" % step.match.guest.name)
        return read_guest(domain)

    @staticmethod
    def _changed(step):
        return Conflict(
            "NIC %s was changed by somebody else in between: it was left alone, run again" % step.match.target
        )

    def _persistent(self, step):
        """The guest as it is now and the NIC in its definition, which must still be what the plan was made on."""
        guest = self._guest(step)
        planned = text_of(step.nic.element).strip()
        for nic in guest.persistent.nics if guest.persistent is not None else ():
            if text_of(nic.element).strip() == planned:
                return guest, nic
        raise self._changed(step)

    def _live(self, step):
        """The guest as it is now and its running NIC; details such as the guest's receive filters may have moved on."""
        guest = self._guest(step)
        nic = self._same(guest, step)
        if nic is None:
            raise self._changed(step)
        return guest, nic

    @staticmethod
    def _same(guest, step):
        wanted = (step.nic.alias, step.nic.mac, step.nic.address)
        nics = guest.live.nics if guest.live is not None else ()
        return next((nic for nic in nics if (nic.alias, nic.mac, nic.address) == wanted), None)

    def _attach_persistent(self, step):
        guest = self._guest(step)
        if guest.persistent is None:
            raise self._changed(step)
        twin = step.match.live
        settings = dict(step.settings)
        if twin is not None:
            settings.setdefault("mac", twin.mac)
        element = _placed(rendered(settings), guest.persistent.root, place_of(step.match, twin))
        self._libvirt.attach(guest.uuid, text_of(element), live=False, config=True)

    def _update_persistent(self, step):
        guest, nic = self._persistent(step)
        self._libvirt.update(guest.uuid, text_of(edited(nic.element, step.settings)), live=False, config=True)

    def _redefine(self, step):
        guest, nic = self._persistent(step)
        position = guest.persistent.at(nic)
        self._libvirt.redefine(
            guest.uuid,
            guest.persistent.text,
            lambda text: replace_interface(text, position, lambda old: edited(old, step.settings)),
        )

    def _detach_persistent(self, step):
        guest, nic = self._persistent(step)
        self._libvirt.detach(guest.uuid, text_of(nic.element), live=False, config=True)

    def _update_live(self, step):
        guest, nic = self._live(step)
        changes = {name: step.settings[name] for name in step.changes}
        self._libvirt.update(guest.uuid, text_of(edited(nic.element, changes)), live=True, config=False)

    def _detach_live(self, step):
        guest = self._guest(step)
        nic = self._same(guest, step)
        if nic is None:
            return  # the guest released it in the meantime
        deadline = self._clock.monotonic() + RELEASE_SECONDS
        while self._clock.monotonic() < deadline:
            self._ask_to_release(guest, nic)
            if self._until(lambda: self._same(self._guest(step), step) is None, REMINDER_SECONDS):
                return
        raise ApplyFailed(
            "unplug NIC %s" % step.match.target,
            "the guest did not release it within %g s: it must be past booting and handle PCI hot-unplug; run again"
            % RELEASE_SECONDS,
        )

    def _ask_to_release(self, guest, nic):
        try:
            self._libvirt.detach(guest.uuid, text_of(nic.element), live=True, config=False)
        except ApplyFailed as error:
            # asked before and not answered yet, or answered just now
            if not any(words in error.cause for words in ("in the process of unplug", "device not found")):
                raise

    def _attach_live(self, step):
        """Plug in what the definition says, so that the next start changes nothing: same MAC address and, where it is
        free, same slot."""
        guest = self._guest(step)
        if guest.live is None:
            raise Conflict("guest %s was shut off in between: its definition is as wished" % guest.name)
        as_defined = guest.persistent is not None and step.match.speaks_of(PERSISTENT)
        twin = next((nic for nic in guest.persistent.nics if _is(nic, step.match)), None) if as_defined else None
        element = rendered(step.settings) if twin is None else deepcopy(twin.element)
        element = _placed(element, guest.live.root, place_of(step.match, twin))
        self._libvirt.attach(guest.uuid, text_of(element), live=True, config=False)
        if not self._until(lambda: self._shows(step), RELEASE_SECONDS):
            raise ApplyFailed("plug in NIC %s" % step.match.target, "libvirt took it, and the guest does not show it")

    def _shows(self, step):
        guest = self._guest(step)
        return guest.live is not None and any(_is(nic, step.match) for nic in guest.live.nics)

    def _replug(self, step):
        self._detach_live(step)
        try:
            if step.match.guest.persistent is not None and step.match.speaks_of(PERSISTENT):
                self._attach_live(step)
            else:
                self._plug_transient(step)
        except VnicError as error:
            raise ApplyFailed(
                "plug in NIC %s again" % step.match.target, "%s (it is unplugged now; run again)" % error
            ) from None

    def _plug_transient(self, step):
        element = edited(step.nic.element, step.settings)
        target = element.find("target")
        if target is not None and is_libvirts_own(target.get("dev", "")):
            element.remove(target)
        self._libvirt.attach(step.match.guest.uuid, text_of(element), live=True, config=False)

    def _until(self, holds, seconds):
        deadline = self._clock.monotonic() + seconds
        pause = _FIRST_PAUSE
        while not holds():
            if self._clock.monotonic() + pause > deadline:
                return False
            self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return True
