# SPDX-License-Identifier: GPL-3.0-or-later
"""One change to how packets are spread."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.errors import ApplyFailed
from .._model.ethtool_features import OFFLOADS
from .._model.rx_filters import MacRule
from .._model.steering_drivers import CHANNELS, MAC_RULES, RSS
from .._model.steering_wish import ALL
from .packet_steering_plan import RFS, RPS, XPS
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


def _xps(wish, queues):
    if isinstance(wish.xps, tuple):
        return {xps_path(wish.device, queue): wish.xps[queue] for queue in queues if queue < len(wish.xps)}
    return {xps_path(wish.device, queue): wish.xps for queue in queues}


def _set_channels(host, device, channels, wish):
    try:
        host.ethtool.change("-L", device, *[word for kind, number in channels.items() for word in (kind, number)])
    except ApplyFailed as error:
        if "indirection table" in error.cause and wish.rss_queues is None:
            raise ApplyFailed(error.command, error.cause + "; state rss_queues of %s too, and its table makes way first" % device) from None
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
    elif field == RSS:
        host.ethtool.change("-X", device, *(["default"] if wish.rss_queues == ALL else ["equal", wish.rss_queues]))
    elif field.startswith(MAC_RULES) and isinstance(wish, MacRule):
        host.ethtool.change("-N", device, "delete", wish.location)
    elif field.startswith(MAC_RULES):
        host.ethtool.change("-N", device, "flow-type", "ether", "dst", wish.mac, "action", wish.queue)
    elif field == RPS:
        _write(host, {rps_path(device, queue): wish.rps for queue in _queues(host, device, "rx-")})
    elif field == RFS:
        _write(host, {rfs_path(device, queue): wish.rfs_flows for queue in _queues(host, device, "rx-")})
    elif field == XPS:
        _write(host, _xps(wish, _queues(host, device, "tx-")))
