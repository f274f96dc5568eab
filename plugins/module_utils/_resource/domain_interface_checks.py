# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the host can tell about a wish: things that are not there, and things that libvirt takes and a guest then
cannot start with."""

from __future__ import annotations

from .._model.definition_scope import overlap
from .._model.domain_interface_port import OPENVSWITCH
from .._model.errors import Problem


def _nics(desired, state):
    for guest_wish, guest in zip(desired.guests, state.wished):
        for nic in guest_wish.nics:
            if nic.present:
                yield guest, nic, nic.settings.get("type"), nic.settings.get("source", {})


def missing(desired, state):
    """A Problem for everything that a wish builds on and that is not on this host; an earlier step may make it."""
    found = []
    for _guest, nic, kind, source in _nics(desired, state):
        path = "%s.source" % nic.path
        if kind == "hostdev":
            found += _missing_vf(nic, state, path)
        elif kind == "network":
            network = state.networks[source["network"]]
            if network is None or not network[1]:
                trouble = (
                    "is no network of libvirt here" if network is None else "is not active: start it (virsh net-start)"
                )
                found.append(Problem(path + ".network", source["network"], trouble))
        else:
            key = "bridge" if kind == "bridge" else "device"
            if source[key] not in state.links:
                found.append(Problem("%s.%s" % (path, key), source[key], "does not exist on this host: make it first"))
    return found


def _missing_vf(nic, state, path):
    if nic.vf is None:
        vf = state.vfs[nic.settings["source"]["pci"]]
        shown = nic.settings["source"]["pci"]
        absent = "is no virtual function of this host: create the VFs first (module sriov)"
    else:
        vf = state.vfs[nic.vf]
        shown = "%s#%d" % (nic.vf[0][1], nic.vf[1])
        absent = "has no virtual function of that index: create the VFs first (module sriov)"
        if vf.problem:
            return [Problem(path + ".pf", nic.vf[0][1], vf.problem)]
    if vf.pci is None:
        return [Problem(path, shown, absent)]
    if vf.pf is not None and not vf.pf.up:
        # src/util/virnetdev.c, virNetDevSetVfConfig: libvirt refuses, and does not bring it up itself
        return [
            Problem(
                path,
                shown,
                "belongs to %s, which is down: bring it up first (module sriov), libvirt refuses its VFs till then"
                % vf.pf.name,
            )
        ]
    return []


def refusals(desired, state, matches):
    """A Problem for every wish that this host or its guest cannot carry out."""
    found = list(_twice(desired, state))
    for guest, nic, kind, source in _nics(desired, state):
        check = {"direct": _direct, "bridge": _bridge, "ethernet": _ethernet, "network": _network}.get(kind)
        found += check(nic, source, state) if check else []
        found += _boot_order(guest, nic)
    for match in matches:
        found += _on_emulated(match)
    return found


def _twice(desired, state):
    """A NIC that is listed twice for one definition, because its guest is listed for several."""
    seen = {}
    for guest_wish, guest in zip(desired.guests, state.wished):
        for nic in guest_wish.nics:
            others = seen.setdefault((guest.uuid, nic.name), [])
            for scope, path in others:
                if overlap(scope, guest_wish.scope):
                    message = "is listed as %s too, for the same definition of guest %s" % (path, guest.name)
                    yield Problem(nic.path + ".name", nic.name, message)
            others.append((guest_wish.scope, nic.path))


def _problem(nic, field, message, value=None):
    return Problem("%s.%s" % (nic.path, field), nic.settings.get(field) if value is None else value, message)


def _direct(nic, source, state):
    link = state.links.get(source["device"])
    if link is None:
        return
    if nic.settings.get("vlan") and link.name not in state.vf_devices:
        yield _problem(
            nic,
            "vlan",
            "cannot be tagged: %s is no virtual function; use a VLAN subinterface (module vlan) as source.device"
            % link.name,
        )
    master = state.links.get(link.master) if link.master else None
    if master is not None and master.kind in ("bridge", "openvswitch"):
        yield _problem(
            nic,
            "source.device",
            "is a port of %s, and one device is either a bridge's port or a macvtap's parent" % master.name,
            link.name,
        )


def _bridge(nic, source, state):
    link = state.links.get(source["bridge"])
    if link is None:
        return
    ovs = nic.settings.get("virtualport") == OPENVSWITCH
    if link.kind == "bridge" and ovs:
        field = "interface_id" if "interface_id" in nic.settings else "virtualport"
        yield _problem(nic, "source." + field, "does not fit: %s is a Linux bridge" % link.name, nic.settings[field])
    elif link.kind == "openvswitch" and not ovs:
        yield _problem(
            nic,
            "source.bridge",
            "is a bridge of Open vSwitch: say source.interface_id or source.virtualport: openvswitch",
            link.name,
        )
    elif ovs and link.kind == "tun":
        return  # the local port of a bridge with the datapath netdev (lib/netdev-linux.c, netdev_linux_construct_tap)
    elif link.kind not in ("bridge", "openvswitch"):
        yield _problem(nic, "source.bridge", "is no bridge, but a %s" % (link.kind or "network card"), link.name)


def _ethernet(nic, source, state):
    link = state.links.get(source["device"])
    if link is None:
        return
    if link.kind not in ("tun", "macvtap"):
        yield _problem(
            nic, "source.device", "is neither a tap nor a macvtap, but a %s" % (link.kind or "network card"), link.name
        )
    elif link.kind == "tun" and isinstance(link.data.get("multi_queue"), bool):
        # drivers/net/tun.c, tun_not_capable and tun_set_iff: the flag has to be the device's, else EINVAL
        several = nic.settings.get("queues", 1) > 1
        if several != link.data["multi_queue"]:
            wanted = (
                "without multi_queue, for 1 queue"
                if link.data["multi_queue"]
                else "with multi_queue, for %d queues" % nic.settings["queues"]
            )
            yield _problem(
                nic, "source.device", "cannot be opened as it is: make it anew %s (module tap)" % wanted, link.name
            )


def _network(nic, source, state):
    network = state.networks[source["network"]]
    if network is None:
        return
    root = network[0]
    groups = [group.get("name") for group in root.findall("portgroup")]
    if source.get("portgroup") and source["portgroup"] not in groups:
        yield _problem(
            nic,
            "source.portgroup",
            "is no port group of %s: allowed are %s" % (source["network"], ", ".join(groups) or "none"),
            source["portgroup"],
        )
    forward = root.find("forward")
    port = root.find("virtualport")
    tags = (forward is not None and forward.get("mode") in ("hostdev", "passthrough")) or (
        port is not None and port.get("type") == "openvswitch"
    )
    if nic.settings.get("vlan") and not tags:
        yield _problem(
            nic,
            "vlan",
            "cannot be tagged: network %s has neither virtual functions nor Open vSwitch" % source["network"],
        )


def _boot_order(guest, nic):
    order = nic.settings.get("boot_order")
    if not order or guest.persistent is None:
        return
    root = guest.persistent.root
    if root.find("os/boot") is not None:
        yield _problem(
            nic,
            "boot_order",
            "does not go with <os><boot dev=…>, which guest %s has: libvirt takes one or the other" % guest.name,
        )
    for device in root.findall("devices/*"):
        boot = device.find("boot")
        if boot is None or boot.get("order") != str(order):
            continue
        alias = device.find("alias")
        if device.tag != "interface" or alias is None or alias.get("name") != "ua-" + nic.name:
            mac = device.find("mac")
            if mac is None or (mac.get("address") or "").lower() != nic.settings.get("mac"):
                yield _problem(nic, "boot_order", "is taken by another %s of guest %s" % (device.tag, guest.name))


_VIRTIO = ("backend", "rx_queue_size", "tx_queue_size", "queues")


def _on_emulated(match):
    """Settings of virtio on a NIC that has another model and keeps it, because the wish names none."""
    nic, wish = match.persistent or match.live, match.wish
    if (
        nic is None
        or "model" in wish.settings
        or nic.model in (None, "virtio")
        or nic.type != wish.settings.get("type")
    ):
        return
    for name in _VIRTIO:
        if wish.settings.get(name) not in (None, 0, 1, "qemu"):
            yield _problem(
                wish,
                name,
                "goes with model virtio only, and this NIC is an %s: say model: virtio to change it" % nic.model,
            )
