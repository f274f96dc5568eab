# SPDX-License-Identifier: GPL-3.0-or-later
"""What Open vSwitch of a host is to have: bridges as the module ovs_bridge takes them, and flows of guests' ports as
ovs_flows does. Ports of guests are libvirt's: what is theirs stands in their definition, as domain_interface takes it.
"""

from __future__ import annotations

import re
import uuid

from ...module_utils._model.ovs_in_band import KEY, OFF
from .ovs_intent import trunks_of
from .ovs_mirrors import is_made, no_output
from .port_flows import LOCAL, PortRules, port_flows
from .rules import OVS
from .words import few, short

_NAMESPACE = uuid.UUID("d225574c-f3e7-5dc6-b0a0-395241db8deb")  # uuid5 of "kvm.vnic" as a name of DNS
# What a flow can name in braces; {port} is the guest's own
_PLAIN_NAME = re.compile(r"(?!port\Z)[A-Za-z][A-Za-z0-9_.-]*\Z", re.ASCII)
_OUR_MIRROR = "kvm-vnic-"
_KBYTE_PER_MBIT = 125  # libvirt's average is in kilobytes a second (formatdomain, bandwidth)


def interface_id(entry):
    """The NIC's identity in Open vSwitch: the one that it has, else one made of guest and NIC name, on every host the
    same.
    """
    kept = entry.interface.interface_id if entry.interface is not None else None
    return kept or str(uuid.uuid5(_NAMESPACE, "%s\0%s" % (entry.nic.guest, entry.nic.name)))


def _limit(mbit, *rates):
    return "none" if mbit == 0 else dict.fromkeys(rates, mbit * _KBYTE_PER_MBIT)


def bandwidth(port):
    """A NIC's limits as domain_interface takes them, or None: ``inbound`` is what the guest receives.

    Of ``inbound`` libvirt makes a queue whose least rate is ``average`` and whose most is ``peak``, of ``outbound`` a
    policing rate that is ``average`` (src/util/virnetdevopenvswitch.c, virNetDevOpenvswitchInterfaceSetQos).
    """
    stated = (("inbound", port.to_guest, ("average", "peak")), ("outbound", port.from_guest, ("average",)))
    return {direction: _limit(mbit, *rates) for direction, mbit, rates in stated if mbit is not None} or None


class OvsSide:
    """Gathers what the NICs' networks need. ``networks``: all that this host looks at, by name."""

    def __init__(self, facts, networks, purge, problems):
        self._facts, self._purge, self._problems = facts, purge, problems
        self._uplinks = {device.name: name for name in sorted(networks) for device in networks[name].devices}
        self._bridges, self._guarded, self._ports, self._owners, self._counts = {}, set(), {}, {}, {}
        self._planned, self._ways_in = set(), set()

    def add(self, entry):
        if entry.place.attachment != OVS:
            return
        network, name = entry.local.network, entry.place.bridge
        self._add_bridge(entry.place, network)
        if network.ovs.guarded:
            self._guarded.add(name)
        if any(device is not None and device.management for device in (entry.place.uplink, self._facts.device(name))):
            self._ways_in.add(name)
        identity = interface_id(entry)
        owner = self._owners.setdefault(identity, str(entry.nic))
        if owner != str(entry.nic):
            self._problems.at(entry.nic.path).add(
                identity,
                "is the interface id of %s in Open vSwitch, and of %s: give one of them another" % (entry.nic, owner),
            )
        domain = entry.resident.domain
        self._planned.update({(domain.name if domain is not None else None, entry.nic.name), entry.mac})
        flows = port_flows(self._rules(entry, network))
        self._counts[str(entry.nic)] = len(flows)
        self._ports.setdefault(name, []).append(
            {
                "interface_id": identity,
                "guest": domain.name if domain is not None else entry.nic.guest,
                "protected": network.ovs.guarded,
                "flows": flows,
            }
        )

    def _rules(self, entry, network):
        uplink = entry.place.port or LOCAL
        if network.ovs.isolated and not _PLAIN_NAME.match(uplink):
            self._problems.at(network.path).at("switch").at("isolated").add(
                True,
                "needs an uplink whose name a flow can hold, and %s is none: give the device a plain name" % uplink,
            )
        return PortRules(
            entry.mac,
            network.vlan,
            trunks_of(network, entry.nic),
            network.ovs.anti_spoofing,
            network.ovs.isolated,
            entry.nic.port.addresses,
            uplink,
        )

    def _add_bridge(self, place, network):
        found = self._bridges.setdefault(place.bridge, {"name": place.bridge})
        mirrors = self._facts.ovs_mirrors.get(place.bridge, ())
        if self._purge and all(name.startswith(_OUR_MIRROR) for name in mirrors):
            found["purge_mirrors"] = True  # the module knows no mirror's owner, so that others' keep ours from going
        for key in ("datapath_type", "fail_mode"):
            if getattr(network.ovs, key) is not None:
                found[key] = getattr(network.ovs, key)
        if place.port is not None:
            self._add_port(found, {"name": place.port})
        if network.ovs.mirror_to is not None:
            self._add_mirror(found, place, network)

    def _add_mirror(self, found, place, network):
        port, mirrors = network.ovs.mirror_to, found.setdefault("mirrors", [])
        name = _OUR_MIRROR + network.name
        if any(mirror["name"] == name for mirror in mirrors):
            return
        reason = no_output(self._facts, self._uplinks, place.bridge, port)
        if reason:
            self._problems.at(network.path).at("switch").at("mirror_to").add(port, reason)
        self._add_port(found, {"name": port, **({"type": "internal"} if is_made(self._facts, port) else {})})
        vlans = sorted({network.vlan or 0, *network.ovs.trunks})
        mirror = {
            "name": name,
            "select_all": True,
            "select_vlans": [] if vlans == [0] else vlans,  # a network without VLANs has the bridge's every packet
            "output_port": port,
        }
        mirrors.append(mirror)
        mirrors.sort(key=lambda entry: entry["name"])

    @staticmethod
    def _add_port(found, port):
        ports = found.setdefault("ports", [])
        if port not in ports:
            ports.append(port)
            ports.sort(key=lambda entry: entry["name"])

    def flows_of(self, entry):
        """How many flows the NIC's port has; None without Open vSwitch."""
        if entry.place.attachment != OVS:
            return None
        return self._counts[str(entry.nic)] if entry.place.bridge in self._guarded else 0

    def plan(self):
        """``{bridges, flows}``, in order of bridge. A bridge without anything to guard is listed too, so that what
        guarded it before goes.
        """
        names = sorted(self._bridges)
        return {
            "bridges": [dict(self._bridges[name], **self._in_band(name)) for name in names],
            "flows": [
                {
                    "name": name,
                    "guest_ports": sorted(self._ports[name], key=lambda port: port["interface_id"])
                    if name in self._guarded
                    else [],
                    "unlisted_ports": "drop" if name in self._guarded else "none",
                }
                for name in names
            ],
        }

    def _in_band(self, name):
        return {"other_config": {KEY: OFF}} if name in self._guarded else {}

    def notes(self):
        """Who loses the network by it: on a guarded bridge, ports that the inventory does not list, and all of them after
        a boot, because ovs-vswitchd begins without flows.
        """
        for name in sorted(self._guarded & self._ways_in):
            yield (
                "Open vSwitch bridge %s may carry the connection to this host, and carries nothing after a boot until a "
                "guest of it starts, because a network of it has anti_spoofing or isolated: keep the connection off it"
                % name
            )
        for name in sorted(self._guarded):
            remotes = self._facts.ovs_in_band.get(name)
            if remotes:
                yield (
                    "Open vSwitch bridge %s lets guests' false packets through for its connection to %s, which is turned off "
                    "(in-band control): a connection over the bridge itself is the host's own traffic then, and after a "
                    "boot is there when a guest of it starts" % (name, few(remotes))
                )
            strangers = sorted(
                domain.name
                for domain in self._facts.domains
                for interface in domain.interfaces or ()
                if interface.bridge == name
                and interface.mac not in self._planned
                and (domain.name, interface.name) not in self._planned
            )
            if strangers:
                yield (
                    "Open vSwitch bridge %s lets nothing through from guests' ports that the inventory does not list, "
                    "because a network of it has anti_spoofing or isolated: NICs of %s"
                    % (name, few([short(guest) for guest in dict.fromkeys(strangers)]))
                )
