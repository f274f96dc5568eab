# SPDX-License-Identifier: GPL-3.0-or-later
"""The NICs of libvirt's guests, as they run and as they are defined."""

from __future__ import annotations

from dataclasses import replace

from .._model.domain_interface_guest import GuestsWish, parse_guests
from .._model.domain_interface_port import OPENVSWITCH
from .._model.errors import Danger, InvalidInput
from .._model.fields import Problems
from .._model.interface_xml import SETTINGS
from .._model.interface_xml_bandwidth import NONE, read_bandwidth
from .domain_interface_checks import missing, refusals
from .domain_interface_claims import refuse_conflicts
from .domain_interface_match import matches_of
from .domain_interface_plan import ATTACH, DETACH, LIVE, REPLUG, definitions, removals, running, waiting
from .domain_interface_state import read_state
from .resource import Resource

_WRITING_SECONDS = 5.0


class _Replugs:
    """The ``GUEST/NIC`` that the consent names; guests given by UUID get their names later."""

    def __init__(self, consent):
        self._consent = consent

    def __contains__(self, target):
        return self._consent.covers("replug:%s" % target)


class DomainInterface(Resource):
    kind = "domain_interface"

    def validate(self, params, host):
        problems = Problems().at("domains")
        guests = parse_guests(params["domains"] or (), problems)
        problems.raise_if_any()
        return GuestsWish(guests)

    def consented(self, desired, consent):
        return replace(desired, replug=_Replugs(consent))

    def observe(self, host, desired):
        return read_state(host, desired)

    def missing(self, desired, state):
        return missing(desired, state)

    def plan(self, desired, state):
        matches = matches_of(desired, state)
        problems = refusals(desired, state, matches)
        if problems:
            raise InvalidInput(problems)
        refuse_conflicts(matches, state)
        return removals(matches) + definitions(matches) + running(matches)

    def dangers(self, host, desired, state, actions):
        for action in actions:
            step = action.data
            if step.scope != LIVE or step.verb not in (DETACH, REPLUG):
                continue
            who = "running guest %s, which loses its NIC %s (%s)" % (
                step.match.guest.name,
                step.match.wish.name,
                step.nic.mac,
            )
            if step.verb == REPLUG:
                yield Danger(
                    "replug:%s" % action.target,
                    "unplugging NIC %s and plugging it in anew" % action.target,
                    (who + " for a while",),
                )
            else:
                yield Danger("unplug:%s" % action.target, "unplugging NIC %s" % action.target, (who,))

    def disturbs(self, action):
        """A macvtap in mode passthrough and a VF take the whole of their device from the host."""
        step = action.data
        source = step.settings.get("source", {})
        if step.settings.get("type") == "direct" and source.get("mode") == "passthrough" and "source" in step.changes:
            return (source["device"],)
        return step.match.netdevs if "source" in step.changes else ()

    def pending(self, desired, state):
        return waiting(matches_of(desired, state))

    def notes(self, desired, state):
        found = []
        for match in matches_of(desired, state):
            if match.wish.present:
                found += _notes(match, state)
        saved = [guest.name for guest in state.wished if guest.saved and guest.live is None]
        return found + [
            "guest %s has a managed-save image: libvirt restores it with the NICs it was saved with" % name
            for name in saved
        ]

    def apply(self, host, batch):
        from .domain_interface_apply import Apply  # only a run that changes something needs it

        return Apply(host).run(batch)

    def undo(self, desired, before, actions):
        from .domain_interface_undo import undo_of  # only a run that changes something needs it

        return undo_of(actions)

    def budget(self, actions):
        from .domain_interface_apply import RELEASE_SECONDS

        plugged = {
            id(action.data)
            for action in actions
            if action.data.scope == LIVE and action.data.verb in (ATTACH, DETACH, REPLUG)
        }
        return _WRITING_SECONDS + RELEASE_SECONDS * len(plugged)

    def show(self, state):
        return {
            guest.name: {
                name: _shown(found) for name, found in (("persistent", guest.persistent), ("live", guest.live))
            }
            for guest in state.wished
        }


def _shown(definition):
    if definition is None:
        return None
    return [
        {setting.name: setting.read(nic.element) for setting in SETTINGS if setting.read(nic.element) is not None}
        for nic in definition.nics
    ]


def _gets_without_a_peak(match):
    limit = match.wish.settings.get("bandwidth", {}).get("inbound", NONE)
    if limit == NONE or "peak" in limit:
        return limit != NONE and not limit["peak"]
    held = [read_bandwidth(nic.element) or {} for nic in (match.persistent, match.live) if nic is not None]
    return not any(limits.get("inbound", {}).get("peak") for limits in held)


def _notes(match, state):
    vcpus, queues = match.guest.count_of_vcpus(), match.wish.settings.get("queues", 1)
    if vcpus is not None and queues > vcpus:
        yield "%s has %d queues and the guest %d vCPUs: its driver uses no more than it has vCPUs" % (
            match.target,
            queues,
            vcpus,
        )
    limit = match.wish.settings.get("bandwidth", {}).get("outbound", NONE)
    if limit != NONE and limit.get("peak"):
        yield "%s has an outbound peak, which the kernel does not know: average and burst hold" % match.target
    if match.wish.settings.get("virtualport") == OPENVSWITCH and _gets_without_a_peak(match):
        yield (
            "%s has an inbound limit without a peak, of which Open vSwitch makes what the port gets at least: give peak"
            " the most that it may get" % match.target
        )
    source = match.wish.settings.get("source", {})
    link = state.links.get(source.get("device")) if match.wish.settings.get("type") == "direct" else None
    if link is not None and not link.up:
        yield "%s stands on %s, which is down" % (match.target, link.name)
