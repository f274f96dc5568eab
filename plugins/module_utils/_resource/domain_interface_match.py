# SPDX-License-Identifier: GPL-3.0-or-later
"""Which NIC of a guest a wish speaks of: by its name in the alias, else by MAC address, so that NICs made by others
are adopted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._model.definition_scope import BOTH, LIVE, PERSISTENT, overlap
from .._model.domain_interface_port import OPENVSWITCH
from .._model.domain_interface_slots import Slots, slot_address
from .._model.domain_interface_wish import NicWish
from .._model.errors import Conflict
from .._model.interface_xml import BY_NAME, completed, differences


@dataclass(frozen=True)
class Match:
    """One wish and what there is of it. ``persistent``, ``live``: DomainInterfaces or None; ``netdevs``: the wished
    VF's network devices in the host; ``homeless``: the running guest has no slot for it; ``replug``: the user lets it
    be taken out and plugged in again; ``scope``: the definition that the wish is about (definition_scope)."""

    guest: object
    wish: object
    persistent: object
    live: object
    netdevs: tuple = ()
    homeless: bool = False
    replug: bool = False
    scope: str = BOTH

    @property
    def target(self):
        return "%s/%s" % (self.guest.name, self.wish.name)

    def speaks_of(self, definition):
        """Whether the wish is about the ``persistent`` or the ``live`` definition."""
        return overlap(self.scope, definition)

    def wished(self, nic):
        """The complete settings for one definition; ``nic``: the DomainInterface there, or None."""
        return completed(self.wish.settings, None if nic is None else nic.element)

    def persistent_differences(self):
        return differences(self.persistent.element, self.wished(self.persistent))

    def live_differences(self):
        """``(what can change at once, what cannot)``, both as ``[(setting, before, after)]``."""
        found = [item for item in differences(self.live.element, self.wished(self.live)) if item[0] != "name"]
        names = {name for name, _before, _after in found}
        now = [item for item in found if self._changes_live(item[0], names)]
        return now, [item for item in found if item not in now]

    def _changes_live(self, setting, differing):
        """What libvirt changes in a running guest (src/qemu/qemu_hotplug.c, qemuDomainChangeNet)."""
        if self.live.type == "hostdev" or "type" in differing:
            return False
        on_bridge = self.live.type == "bridge" and "virtualport" not in differing
        on_ovs = BY_NAME["virtualport"].read(self.live.element) == OPENVSWITCH
        if setting == "source":
            # before libvirt 10.7 a port of Open vSwitch stays on its bridge; and its flows would be missing on another
            return on_bridge and not on_ovs
        if setting in ("vlan", "trunks", "native_vlan"):
            # tags belong to the bridge that they were thought out for
            return on_bridge and on_ovs and "source" not in differing
        if setting == "bandwidth":
            return on_bridge
        return setting in ("link_state", "trust_guest_rx_filters", "port_isolated")

    def will_replug(self):
        """Whether the running NIC is to be taken out and plugged in again. A guest without a definition has no next
        start to wait for."""
        if self.live is None or not self.wish.present or not self.speaks_of(LIVE):
            return False
        later = [name for name, _before, _after in self.live_differences()[1]]
        return (self.replug or self.guest.persistent is None) and any(name != "boot_order" for name in later)


def _find(guest, nics, wish, macs, address=None):
    for nic in nics:
        if nic.name == wish.name:
            return nic
    same = [nic for nic in nics if nic.mac is not None and nic.mac in macs]
    if len(same) > 1:
        raise Conflict(
            "%s: %d NICs of guest %s carry the MAC address %s, so that none can be adopted as %s: give each its"
            " own first" % (wish.path, len(same), guest.name, same[0].mac, wish.name)
        )
    if same and same[0].name is not None:
        raise Conflict(
            "%s: the NIC of guest %s with the MAC address %s is called %s already: list it by that name, or"
            " give %s another mac" % (wish.path, guest.name, same[0].mac, same[0].name, wish.name)
        )
    if same:
        return same[0]
    # an adopted NIC that got another MAC in its definition runs under the old one, without a name, in its old place
    return next((nic for nic in nics if address is not None and nic.name is None and nic.address == address), None)


def _match(guest, wish):
    persistent_nics = guest.persistent.nics if guest.persistent is not None else ()
    live_nics = guest.live.nics if guest.live is not None else ()
    wished = {wish.settings["mac"]} if "mac" in wish.settings else set()
    named = next((nic for nic in live_nics if nic.name == wish.name), None)
    persistent = _find(guest, persistent_nics, wish, wished | ({named.mac} if named is not None else set()))
    if persistent is None:
        return Match(guest, wish, None, _find(guest, live_nics, wish, wished))
    elsewhere = {nic.mac for nic in persistent_nics if nic is not persistent}
    nics = [nic for nic in live_nics if nic.mac not in elsewhere or nic.name == wish.name]
    return Match(guest, wish, persistent, _find(guest, nics, wish, wished | {persistent.mac}, persistent.address))


def _vf(wish, state):
    return state.vfs.get(wish.vf or wish.settings.get("source", {}).get("pci"))


def _resolved(wish, state):
    """``wish`` with its VF's PCI address; a VF that is not there yet stays named by its PF, which no definition
    shows."""
    if wish.vf is None:
        return wish
    vf = _vf(wish, state)
    return wish.with_settings(source={"pci": vf.pci} if vf.pci else {"pf": wish.vf[0][1], "index": wish.vf[1]})


def _unlisted(guest, guest_wish):
    listed = {nic.name for nic in guest_wish.nics}
    of_scope = [
        definition
        for scope, definition in ((PERSISTENT, guest.persistent), (LIVE, guest.live))
        if definition is not None and overlap(guest_wish.scope, scope)
    ]
    names = [
        nic.name
        for definition in of_scope
        for nic in definition.nics
        if nic.name is not None and nic.name not in listed
    ]
    return [NicWish(name, present=False, path=guest_wish.path) for name in dict.fromkeys(names)]


def place_of(match, twin):
    """The ``<address>`` that a NIC which is made is to have in the guest: the wished one, else that of its ``twin`` in
    the other definition."""
    if match.wish.slot is not None:
        return slot_address(match.wish.slot)
    return None if twin is None else twin.element.find("address")


def _with_places(matches):
    """``matches`` with those marked for which the running guest has no free slot."""
    found, slots, leaving = [], {}, {}
    for match in matches:
        if match.live is not None and not match.wish.present and match.speaks_of(LIVE):
            leaving.setdefault(match.guest.uuid, []).append(match.live.element)
    for match in matches:
        guest = match.guest
        if match.wish.present and match.live is None and guest.live is not None and match.speaks_of(LIVE):
            if guest.uuid not in slots:
                slots[guest.uuid] = Slots(guest.live.root, leaving.get(guest.uuid, ()))
            place = place_of(match, match.persistent)
            if not slots[guest.uuid].take_address(place) and not slots[guest.uuid].take(
                match.wished(None).get("model")
            ):
                match = replace(match, homeless=True)
        found.append(match)
    return found


def matches_of(desired, state):
    """A :class:`Match` for every NIC that is listed or to be purged. Raises Conflict where it is not clear which NIC
    is meant."""
    found = []
    for guest_wish, guest in zip(desired.guests, state.wished):
        nics = list(guest_wish.nics) + (_unlisted(guest, guest_wish) if guest_wish.purge else [])
        for wish in nics:
            match, vf = _match(guest, _resolved(wish, state)), _vf(wish, state)
            found.append(
                replace(
                    match,
                    netdevs=vf.netdevs if vf else (),
                    replug=match.target in desired.replug,
                    scope=guest_wish.scope,
                )
            )
    return _with_places(found)
