# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that users give to things; names found on the host are opaque data and never pass through here."""

from __future__ import annotations

import re

IFNAMSIZ = 16  # include/uapi/linux/if.h: 15 characters and the end mark
IFALIASZ = 256  # the same file, likewise

_INTERFACE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z", re.ASCII)
_LIBVIRT_OWN = re.compile(
    r"^(vnet|macvtap|macvlan|vif)\d+\Z", re.ASCII
)  # libvirt: src/util/virnetdev*.h, VIR_NET_GENERATED_*_PREFIX
# Open vSwitch: lib/netdev.c, netdev_is_reserved_name, with what lib/netdev-vport.c has as dpif_port: each names a device that the
# datapath makes for all tunnels of a kind. LOCAL is the bridge's own port in flows, in any case (lib/ofp-port.c).
_OVS_OWN = re.compile(
    r"^((genev|vxlan|gre|ip6gre|erspan|ip6erspan|lisp|stt|gtpu|udp|srv6)_sys.*|ovs-(system|netdev)|(?i:local))\Z",
    re.ASCII,
)
_ALIAS = re.compile(r"^[A-Za-z0-9_-]{1,60}\Z", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.ASCII)


def parse_interface_name(text):
    """A name for a network device that every tool reads as a name: letters, digits, ``_ . -``, at most 15 characters.

    The kernel allows far more (``;id``, ``-rf``): we don't create such. Raises ValueError.
    """
    if not isinstance(text, str) or not text:
        raise ValueError("is no interface name: it must be a non-empty string")
    if len(text.encode()) >= IFNAMSIZ:
        raise ValueError("is too long for an interface name: the kernel keeps 15 characters")
    if text in (".", "..", "all", "default", "lo") or not _INTERFACE.match(text):
        raise ValueError(
            "is no interface name we create: allowed are letters, digits, '_', '.', '-', beginning with a letter or digit"
        )
    return text


def is_libvirts_own(name):
    """Whether libvirt generated the name, makes the interface and removes it by itself."""
    return bool(_LIBVIRT_OWN.match(name))


def parse_own_interface_name(text):
    """Like :func:`parse_interface_name`, and not one that libvirt generates and removes by itself (``vnet0``, ``macvtap3``),
    or that Open vSwitch keeps for itself (``ovs-system``, ``vxlan_sys_4789``)."""
    parse_interface_name(text)
    if text in ("True", "False"):  # Ansible gives a str parameter the text of what YAML read
        raise ValueError("is what YAML makes of an unquoted on, yes, off or no: write the name in quotes")
    if is_libvirts_own(text):
        raise ValueError(
            "is reserved: libvirt makes and removes interfaces of that name by itself; choose another, for example 'tap-web1'"
        )
    if _OVS_OWN.match(text):
        raise ValueError(
            "is reserved: Open vSwitch has it for a port or device of its own, and would take one for the other; choose another"
        )
    return text


def parse_alias(text):
    """A network device's alias; empty for none. Raises ValueError."""
    if not isinstance(text, str) or len(text.encode()) >= IFALIASZ or not text.isprintable():
        raise ValueError("is no alias: allowed are up to 255 bytes of printable characters")
    return text


def parse_nic_name(text):
    """The identity of a guest's NIC; it is kept in the domain XML as ``<alias name='ua-NAME'/>``. Raises ValueError."""
    if not isinstance(text, str) or not _ALIAS.match(text):
        raise ValueError("is no NIC name: allowed are 1 to 60 letters, digits, '_' and '-'")
    return text


def parse_uuid(text):
    """The canonical lower-case form with dashes. Raises ValueError."""
    given = str(text).strip().lower()
    if not _UUID.fullmatch(given):
        raise ValueError('is no UUID: expected 32 hexadecimal digits such as "0f5b1e2c-6a3d-4c8e-9b7f-1d2e3f4a5b6c"')
    plain = given.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
