# SPDX-License-Identifier: GPL-3.0-or-later
"""vhost-net: whether the kernel moves virtio packets itself, and how."""

from __future__ import annotations

from ..._model.action import UNKNOWN

DEVICE = "/dev/vhost-net"
_MODULES = ("vhost", "vhost_net")


def _parameters(host):
    paths = []
    for module in _MODULES:
        directory = "/sys/module/%s/parameters" % module
        paths += ["%s/%s" % (directory, name) for name in host.files.listdir(directory)]
    return {"%s.%s" % tuple(path.split("/")[3::2]): value for path, value in host.files.read_many(paths).items()}


def _zero_copy(value):
    """The parameter is a number (drivers/vhost/net.c): anything but 0 is on."""
    return UNKNOWN if value is UNKNOWN else value != "0"


def read_vhost_net(host):
    """``{loaded, device, zero_copy, parameters}``.

    ``device``: ``{mode, uid, gid}`` of ``/dev/vhost-net``, mode in octal, or null when it is not there. The device
    exists without the module, which opening it loads. ``zero_copy``: transmissions without a copy are on.
    ``parameters``: ``{"vhost_net.experimental_zcopytx": "0", …}``.
    """
    status = host.files.stat(DEVICE)
    loaded = host.files.exists("/sys/module/vhost_net")
    parameters = _parameters(host)
    return {
        "loaded": loaded,
        "device": status and {"mode": "%04o" % (status["mode"] & 0o7777), "uid": status["uid"], "gid": status["gid"]},
        "zero_copy": _zero_copy(parameters.get("vhost_net.experimental_zcopytx", UNKNOWN)) if loaded else False,
        "parameters": parameters,
    }
