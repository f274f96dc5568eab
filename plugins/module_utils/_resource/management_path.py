# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices carry the connection we came in by."""

from __future__ import annotations

import ipaddress

from .._model.errors import ApplyFailed


def _carriers(addresses, local):
    """Names of the devices that hold the address ``local``."""
    wanted = ipaddress.ip_address(local.split("%")[0])
    if getattr(wanted, "ipv4_mapped", None):
        wanted = wanted.ipv4_mapped
    names = set()
    for device in addresses:
        for info in device.get("addr_info", ()):
            if info.get("local") and ipaddress.ip_address(info["local"]) == wanted:
                names.add(device["ifname"])
    return names


def _masters(links, name):
    found, link = set(), links.get(name)
    while link is not None and link.master and link.master not in found:
        found.add(link.master)
        link = links.get(link.master)
    return found


def _leads_nowhere(links, name):
    """Whether packets for an address there come in over another device."""
    link = links.get(name)
    return name == "lo" or (link is not None and link.kind == "dummy")


def _of_default_routes(host):
    names = set()
    for family in ("-4", "-6"):
        try:
            routes = host.ip.routes(family)
        except ApplyFailed:  # a kernel without IPv6
            continue
        for route in routes:
            if route.get("dst") == "default":
                names |= {hop["dev"] for hop in [route, *route.get("nexthops", ())] if hop.get("dev")}
    return names


def management_path(host):
    """Names of the devices that carry the connection: the one with its address, all below it (ports, lower devices),
    and the masters above it.

    What merely stands on one of them, as a guest's macvtap on the uplink with the address, takes nothing from the
    connection when it changes.
    Without an ssh connection (console, ansible-pull) the devices of the default routes stand in, because most reach
    the host through them; so they do beside an address that no link carries, as that of a routed host on its loopback.
    """
    links = host.ip.links()
    names = set()
    local = host.session.local_address()
    if local and not ipaddress.ip_address(local.split("%")[0]).is_loopback:
        names = _carriers(host.ip.addresses(), local)
    if all(_leads_nowhere(links, name) for name in names):
        names |= _of_default_routes(host)
    path = set()
    for name in names:
        path |= {name} | links.lowers(name) | _masters(links, name)
    return path
