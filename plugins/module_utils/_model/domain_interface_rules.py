# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings of a NIC exclude each other, whatever the host: libvirt accepts most of these and drops them, or
fails when the guest starts."""

from __future__ import annotations

from .interface_xml_bandwidth import NONE

_VF_ALONE = "is not for type hostdev: %s"
# Settings that a VF does not have, and where the thing is set instead.
_NOT_ON_VF = {
    "model": "the guest sees the VF itself",
    "backend": "the guest drives the VF itself, without vhost or QEMU",
    "queues": "the VF's own driver in the guest sets its queues",
    "rx_queue_size": "the VF's own driver in the guest sets its rings",
    "tx_queue_size": "the VF's own driver in the guest sets its rings",
    "mtu": "the guest sets it, up to the physical function's MTU",
    "link_state": "set the VF's link_state with the module sriov",
    "trust_guest_rx_filters": "set the VF's trust with the module sriov",
    "port_isolated": "only a bridge's port can be isolated",
    "trunks": "a VF takes one tag, vlan",
    "native_vlan": "a VF takes one tag, vlan",
    "bandwidth": "set the VF's max_tx_rate with the module sriov",
}
_VIRTIO_ONLY = ("backend", "queues", "rx_queue_size", "tx_queue_size", "trust_guest_rx_filters")
_CLEARED = (0, False, None, [])
_TRUNK = ("trunks", "native_vlan")


def _asks(settings, name):
    """Whether ``settings`` wish more of ``name`` than that it be off."""
    value = settings.get(name)
    if name == "backend" and value == "none":
        return False
    if name == "bandwidth":
        return any(rates != NONE for rates in (value or {}).values())
    return (
        value not in _CLEARED and not (name == "queues" and value == 1) and not (name == "link_state" and value == "up")
    )


def check_combination(settings, problems):
    """Record in ``problems`` every setting that cannot go with the others."""
    kind, model = settings.get("type"), settings.get("model", "virtio")
    if kind is None:
        return
    if kind == "hostdev":
        for name, where in _NOT_ON_VF.items():
            if _asks(settings, name):
                problems.at(name).add(settings[name], _VF_ALONE % where)
        return
    if model != "virtio":
        for name in _VIRTIO_ONLY:
            if name == "backend" and settings.get(name) == "qemu":
                continue  # an emulated NIC has no other
            if _asks(settings, name):
                problems.at(name).add(
                    settings[name], "goes with model virtio only: %s is emulated by QEMU, with one queue" % model
                )
    _check_switch(settings, problems)
    if kind == "direct":
        _check_direct(settings, problems)
    if kind == "bridge" and _asks(settings, "vlan") and settings.get("virtualport") != "openvswitch":
        problems.at("vlan").add(
            settings["vlan"],
            "cannot be tagged by a plain Linux bridge: put the bridge on a VLAN subinterface (module vlan), or use Open"
            " vSwitch and say source.virtualport: openvswitch",
        )
    if kind == "ethernet":
        for name in ("vlan", "port_isolated"):
            if _asks(settings, name):
                problems.at(name).add(
                    settings[name],
                    "is not for type ethernet: who made the device tags its packets and isolates its port",
                )
    if _asks(settings, "port_isolated") and settings.get("virtualport") == "openvswitch":
        problems.at("port_isolated").add(
            True, "is for ports of Linux bridges: in Open vSwitch use flows or protected ports"
        )


def _check_switch(settings, problems):
    kind = settings["type"]
    for name in _TRUNK:
        if _asks(settings, name) and settings.get("virtualport") != "openvswitch":
            problems.at(name).add(
                settings[name],
                "is for bridges of Open vSwitch only: say type: bridge and source.interface_id or source.virtualport:"
                " openvswitch",
            )
    if _asks(settings, "bandwidth") and kind != "bridge":
        problems.at("bandwidth").add(settings["bandwidth"], "is for type bridge only, and this is type %s" % kind)


def _check_direct(settings, problems):
    if _asks(settings, "vlan") and (settings.get("source") or {}).get("mode") != "passthrough":
        problems.at("vlan").add(
            settings["vlan"],
            "cannot be tagged by a macvtap, except in mode passthrough on a VF: libvirt would define this and not start"
            " the guest; use a VLAN subinterface (module vlan) as source.device",
        )
    if _asks(settings, "mtu"):
        problems.at("mtu").add(
            settings["mtu"], "is not for type direct: the macvtap takes the MTU of its lower device, set that"
        )
    if _asks(settings, "port_isolated"):
        problems.at("port_isolated").add(
            True, "is not for type direct: a macvtap is no bridge's port; mode private keeps guests apart"
        )
