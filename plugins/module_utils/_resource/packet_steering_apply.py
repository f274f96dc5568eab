# SPDX-License-Identifier: GPL-3.0-or-later
"""One change to how packets are spread."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.errors import ApplyFailed
from .._model.ethtool_features import OFFLOADS
from .._model.rx_filters import MacRule
from .._model.steering_drivers import CHANNELS, MAC_RULES, RSS
from .._model.steering_wish import ALL, RFS, RPS, XPS
from .packet_steering_state import CLASS, DEFAULT_MASK, FLOW_ENTRIES, mask_of, rfs_path, rps_path, xps_path


def _queues(host, device, kind):
    entries = host.files.listdir("%s/%s/queues" % (CLASS, device))
    return sorted(int(name[3:]) for name in entries if name.startswith(kind) and name[3:].isdigit())


def _write(host, wished):
    """``{path: value}``: what differs, each file by itself; every one is tried."""
    found = host.files.read_many(list(wished))
    for path, value in wished.items():
        text = found[path]
        same = mask_of(text) == value if not isinstance(value, int) else text is not UNKNOWN and text == str(value)
        if not same:
            host.files.write(path, value if isinstance(value, int) else value.to_mask())


_PLACES = {RPS: ("rx-", rps_path), RFS: ("rx-", rfs_path), XPS: ("tx-", xps_path)}


def _set_queues(host, wish, field):
    kind, place = _PLACES[field]
    wished = wish.of_queues(field, _queues(host, wish.device, kind))
    _write(host, {place(wish.device, queue): value for queue, value in wished.items()})


def _set_table(host, wish):
    """Where the driver's own is as wished, it stays the driver's: one that somebody set keeps queues from going."""
    device, rings = wish.device, len(set(wish.rss_table))
    if max(wish.rss_table) + 1 == rings:
        told = host.ethtool.spreading([device])
        if told is not UNKNOWN and (told.get(device) or {}).get("rings") == rings:
            host.ethtool.change("-X", device, "default")
            if list(host.ethtool.spreading([device])[device]["table"] or ()) == list(wish.rss_table):
                return
    host.ethtool.set_table(device, wish.rss_table)


def _set_channels(host, device, channels, wish):
    try:
        host.ethtool.change("-L", device, *[word for kind, number in channels.items() for word in (kind, number)])
    except ApplyFailed as error:
        if "indirection table" in error.cause and not wish.spreads:
            raise ApplyFailed(
                error.command, error.cause + "; state rss_queues of %s too, and its table makes way first" % device
            ) from None
        raise


def carry_out(host, action):
    """Raises ApplyFailed."""
    wish, device, field = action.data, action.target, action.field
    if field == "rps_default_cpus":
        host.files.write(DEFAULT_MASK, wish.default_cpus.to_mask())
    elif field == "rps_sock_flow_entries":
        host.files.write(FLOW_ENTRIES, wish.flow_entries)
    elif field == CHANNELS:
        _set_channels(host, device, action.after, wish)
    elif field in OFFLOADS:
        host.ethtool.change("-K", device, OFFLOADS[field], "on" if action.after else "off")
    elif field == RSS and wish.rss_table is not None:
        _set_table(host, wish)
    elif field == RSS:
        host.ethtool.change("-X", device, *(["default"] if wish.rss_queues == ALL else ["equal", wish.rss_queues]))
    elif field.startswith(MAC_RULES) and isinstance(wish, MacRule):
        host.ethtool.change("-N", device, "delete", wish.location)
    elif field.startswith(MAC_RULES):
        host.ethtool.change("-N", device, "flow-type", "ether", "dst", wish.mac, "action", wish.queue)
    elif field in _PLACES:
        _set_queues(host, wish, field)
