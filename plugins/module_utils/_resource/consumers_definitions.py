# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's guests and networks, from libvirt or, while it does not answer, from the files it leaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._model.action import UNKNOWN
from .._model.domain_xml import parse
from .._model.errors import ApplyFailed, Unsupported
from .consumers_user import unknown

# src/qemu/qemu_conf.c, virQEMUDriverConfigNew and src/network/bridge_driver.c, networkStateInitialize: where the
# system's daemons keep their state
PERSISTENT = "/etc/libvirt/qemu"
AUTOSTART = PERSISTENT + "/autostart"
STATUS = "/run/libvirt/qemu"
SAVED = "/var/lib/libvirt/qemu/save"
NETWORKS = PERSISTENT + "/networks"
NETWORK_STATUS = "/run/libvirt/network"


@dataclass(frozen=True)
class Guest:
    """``elements``: its ``<domain>`` as it runs and as it is defined; ``state``: running, paused, saved or defined."""

    name: str
    state: str
    elements: tuple

    @property
    def active(self):
        return self.state in ("running", "paused")

    def __str__(self):
        return "guest %s (%s)" % (self.name, {"defined": "defined, not running"}.get(self.state, self.state))


@dataclass(frozen=True)
class Definitions:
    """``networks``: ``{name: [its <network> elements]}``; ``unread``: a User for everything that exists and could not
    be read."""

    guests: tuple
    networks: dict
    unread: tuple = field(default_factory=tuple)


class _Reader:
    def __init__(self, host):
        self._files = host.files
        self._libvirt = host.libvirt
        self.unread = []

    def guests(self):
        if self._libvirt.available():
            try:
                return [guest for guest in map(self._from_daemon, self._libvirt.domains()) if guest is not None]
            except (ApplyFailed, Unsupported):
                pass  # it went away in between: its files are still there
        return self._from_files()

    def _parsed(self, text, what):
        try:
            return parse(text)
        except (ValueError, SyntaxError) as error:  # ElementTree's ParseError is a SyntaxError
            self.unread.append(unknown("%s cannot be understood (%s)" % (what, error)))
            return None

    def _from_daemon(self, domain):
        texts = [text for text in (domain.live_xml, domain.persistent_xml) if text is not None]
        elements = [self._parsed(text, "the definition of guest %s" % domain.name) for text in texts]
        state = (
            "paused"
            if domain.running and domain.paused
            else "running"
            if domain.running
            else "saved"
            if domain.saved
            else "defined"
        )
        return Guest(domain.name, state, tuple(element for element in elements if element is not None))

    def _documents(self, directories):
        """``(path, root element)`` of every XML file below ``directories`` that could be read."""
        paths = {}
        for directory in directories:
            names = self._files.list_or(directory)
            if names is UNKNOWN:
                self.unread.append(
                    unknown("%s cannot be read, so guests and networks of libvirt may use it" % directory)
                )
                continue
            paths.update(("%s/%s" % (directory, name), None) for name in names if name.endswith(".xml"))
        found = []
        for path, text in self._files.read_many(paths).items():
            if text is UNKNOWN:
                if self._files.exists(path):
                    self.unread.append(unknown("%s cannot be read" % path))
                continue
            element = self._parsed(text, path)
            if element is not None:
                found.append((path, element))
        return found

    def _from_files(self):
        elements, states = {}, {}
        for _path, root in self._documents((STATUS,)):
            domain = root.find("domain") if root.tag == "domstatus" else None
            if domain is None or not self._alive(root.get("pid")):
                continue
            key = self._key(domain)
            elements.setdefault(key, []).append(domain)
            states[key] = "paused" if root.get("state") == "paused" else "running"
        for _path, domain in self._documents((PERSISTENT, AUTOSTART)):
            if domain.tag == "domain":
                elements.setdefault(self._key(domain), []).append(domain)
        images = self._files.list_or(SAVED)
        if images is UNKNOWN:
            images = []  # whether a guest that is defined is saved too makes no difference to who may take its devices
        for key in elements:
            states.setdefault(key, "saved" if "%s.save" % key[0] in images else "defined")
        return [Guest(key[0], states[key], tuple(found)) for key, found in sorted(elements.items())]

    @staticmethod
    def _key(domain):
        return domain.findtext("name") or "?", domain.findtext("uuid") or ""

    def _alive(self, pid):
        """A guest may have ended while libvirt was not there to notice."""
        return pid is None or self._files.exists("/proc/%s/stat" % pid)

    def networks(self):
        found = {}
        for _path, root in self._documents((NETWORKS, NETWORK_STATUS)):
            network = root if root.tag == "network" else root.find("network")
            if network is not None:
                found.setdefault(network.findtext("name") or "?", []).append(network)
        return found


def read_definitions(host):
    """The :class:`Definitions` of this moment; a host without libvirt has none."""
    reader = _Reader(host)
    guests, networks = reader.guests(), reader.networks()
    return Definitions(tuple(guests), networks, tuple(dict.fromkeys(reader.unread)))
