# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel allows of VLANs and macvtaps, and what it does to them by itself; each answer was seen on a real one
(6.12).
"""

from __future__ import annotations

SHARERS = ("macvlan", "macvtap")
INVALID = "RTNETLINK answers: Invalid argument"
BUSY = "RTNETLINK answers: Device or resource busy"


class Refused(Exception):
    """What the kernel answers; the text is rtnetlink's."""


def _kind(link):
    return link.get("linkinfo", {}).get("info_kind")


def _data(link):
    return link.get("linkinfo", {}).get("info_data", {})


def _above(ip, name, kinds):
    return [link for link in ip.links.values() if link.get("link") == name and _kind(link) in kinds]


def _pairs(settings):
    return dict(zip(settings[::2], settings[1::2]))


def check_new(ip, kind, options, settings, up):
    """The settings of a new link, with the kernel's defaults; Refused where the kernel would."""
    lower, wished = ip.get(options["link"]), _pairs(settings)
    mtu = int(options.get("mtu", lower["mtu"]))
    if mtu > lower["mtu"]:
        raise Refused(INVALID)
    if kind == "vlan":
        wished.setdefault("protocol", "802.1Q")
        for other in _above(ip, options["link"], ("vlan",)):
            if (_data(other)["protocol"], str(_data(other)["id"])) == (wished["protocol"], wished["id"]):
                raise Refused("RTNETLINK answers: File exists")
        if up and "UP" not in lower["flags"]:
            raise Refused("RTNETLINK answers: Network is down")
    if kind in SHARERS:
        wished.setdefault("mode", "vepa")
        if lower.get("master"):
            raise Refused(BUSY)
        if _kind(lower) in SHARERS:
            options["link"] = lower["link"]
        there = [_data(link)["mode"] for link in _above(ip, options["link"], SHARERS)]
        if "passthru" in there or (there and wished["mode"] == "passthru"):
            raise Refused(INVALID)
    return [word for pair in wished.items() for word in pair]


def added(ip, link):
    if _kind(link) in SHARERS and _data(link)["mode"] == "passthru":
        lower = ip.get(link["link"])
        lower["own_address"] = link["address"] = lower["address"]
        lower["promiscuity"] = 1


def removed(ip, link):
    lower = ip.links.get(link.get("link"))
    if lower is not None and _kind(link) in SHARERS and _data(link)["mode"] == "passthru":
        lower["address"] = lower.pop("own_address")
        lower["promiscuity"] = 0


def may_set(link, kind, settings):
    """Whether settings of an existing link take effect: a VLAN's are ignored, without a word."""
    if kind in SHARERS and ("passthru" in settings) != (_data(link)["mode"] == "passthru"):
        raise Refused(INVALID)
    return kind != "vlan"


def check_port(ip, link):
    if _above(ip, link["ifname"], SHARERS):
        raise Refused(BUSY)


def set_up(ip, link, up):
    lower = ip.links.get(link.get("link"))
    if up and _kind(link) == "vlan" and "UP" not in lower["flags"]:
        raise Refused("RTNETLINK answers: Network is down")
    link["flags"] = [flag for flag in link["flags"] if flag not in ("UP", "LOWER_UP")] + (
        ["UP", "LOWER_UP"] if up else []
    )
    if not up:
        for upper in _above(ip, link["ifname"], ("vlan",)):
            set_up(ip, upper, False)


def set_mtu(ip, link, mtu):
    if "link" in link and mtu > ip.get(link["link"])["mtu"]:
        raise Refused("RTNETLINK answers: Numerical result out of range")
    link["mtu"] = mtu
    for upper in _above(ip, link["ifname"], SHARERS + ("vlan",)):
        set_mtu(ip, upper, min(mtu, upper["mtu"]))


def set_address(ip, link, address):
    link["address"] = address
    if _kind(link) in SHARERS and _data(link)["mode"] == "passthru":
        ip.get(link["link"])["address"] = address
