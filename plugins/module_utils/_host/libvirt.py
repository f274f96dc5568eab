# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to libvirt's QEMU driver."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.errors import ApplyFailed, Conflict, Unsupported
from .libvirt_placement import Placement
from .within import bounded

try:
    import libvirt
except ImportError:  # python3-libvirt is needed only where libvirt's guests are
    libvirt = None

URI = "qemu:///system"


@dataclass(frozen=True)
class Domain:
    """One guest. ``live_xml`` is None when it does not run, ``persistent_xml`` None when it is transient;
    ``saved``: has a managed-save image; ``paused``: it runs none of its own code, so that it cannot let a device go."""

    name: str
    uuid: str
    live_xml: object
    persistent_xml: object
    saved: bool = False
    paused: bool = False

    @property
    def running(self):
        return self.live_xml is not None


class Libvirt(Placement):
    """Opened at first use and read-write, which starts nothing but libvirt's own daemon through its socket.

    Raises :class:`ApplyFailed` in libvirt's words, and :class:`InFlight` when the daemon does not answer in time.
    """

    def __init__(self, uri=URI):
        self._uri = uri
        self._connection = None
        self._only_reads = self._kept_closed = False
        self.stuck = None

    @property
    def _open(self):
        if self._kept_closed:
            raise ApplyFailed("connect to %s" % self._uri, "left alone until its own service has started")
        if libvirt is None:
            raise Unsupported("python3-libvirt is not installed on this host: its package is 'python3-libvirt'")
        if self._connection is not None and not self._connection.isAlive():  # its daemon was restarted
            self._connection = None
        if self._connection is None:
            libvirt.registerErrorHandler(
                lambda context, error: None, None
            )  # otherwise every error is printed as well as raised
            self._connection = self._call(
                "connect to %s" % self._uri, libvirt.openReadOnly if self._only_reads else libvirt.open, self._uri
            )
        return self._connection

    @staticmethod
    def _call(what, function, *arguments):
        try:
            return function(*arguments)
        except libvirt.libvirtError as error:
            raise ApplyFailed(what, error.get_error_message() or str(error)) from None

    def only_read(self):
        """Ask for a connection that cannot change anything, which libvirt gives to every user; to be called before
        anything is asked."""
        self._only_reads = True

    def keep_closed(self):
        """From now on every call fails as with a daemon that is stopped. A connection would start it through its socket,
        and at boot it may wait for the very service that we run in."""
        self._kept_closed = True

    @bounded
    def version(self):
        """The daemon's version, such as ``11.3.0``. Raises :class:`Unsupported` or :class:`ApplyFailed`."""
        number = self._call("ask for libvirt's version", self._open.getLibVersion)
        return "%d.%d.%d" % (number // 1000000, number // 1000 % 1000, number % 1000)

    def available(self):
        """True when libvirt answers; never raises."""
        try:
            return self._connected()
        except (Unsupported, ApplyFailed):
            return False

    @bounded
    def _connected(self):
        return self._open is not None

    @bounded
    def domains(self):
        """Every :class:`Domain`, sorted by name. Raises :class:`Unsupported` or :class:`ApplyFailed`."""
        found = [self._domain(domain) for domain in self._call("list domains", self._open.listAllDomains, 0)]
        return sorted((domain for domain in found if domain is not None), key=lambda domain: (domain.name, domain.uuid))

    @bounded
    def domain(self, uuid):
        """The :class:`Domain` of that UUID as it is now, or None."""
        try:
            return self._domain(self._open.lookupByUUIDString(uuid))
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise ApplyFailed("look up domain %s" % uuid, error.get_error_message() or str(error)) from None

    def _domain(self, domain):
        try:
            active, persistent = domain.isActive(), domain.isPersistent()
            state = domain.state()[0] if active else libvirt.VIR_DOMAIN_SHUTOFF
            halted = (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PMSUSPENDED, libvirt.VIR_DOMAIN_CRASHED)
            return Domain(
                name=domain.name(),
                uuid=domain.UUIDString(),
                live_xml=domain.XMLDesc(0) if active else None,
                persistent_xml=domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) if persistent else None,
                saved=bool(domain.hasManagedSaveImage(0)),
                paused=state in halted,
            )
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:  # undefined between listing and reading
                return None
            raise ApplyFailed("read domain", error.get_error_message() or str(error)) from None

    def attach(self, uuid, xml, live, config):
        """Attach one device to the running (``live``) and/or persistent (``config``) definition."""
        self._device("attach", uuid, xml, live, config)

    def update(self, uuid, xml, live, config):
        self._device("update", uuid, xml, live, config)

    def detach(self, uuid, xml, live, config):
        """Ask for removal; in a running guest it is gone only when the guest released it and :meth:`domains` no
        longer shows it."""
        self._device("detach", uuid, xml, live, config)

    @bounded
    def redefine(self, uuid, seen, change):
        """Put ``change(XML)`` in the place of the persistent definition, whole or not at all.

        ``seen``: the ``persistent_xml`` that the change was thought out on. Raises :class:`Conflict` when it is no
        longer that: somebody else redefined the guest. Only here secrets are read, because libvirt would forget those
        that a definition leaves out.
        """
        domain = self._call("look up domain %s" % uuid, self._open.lookupByUUIDString, uuid)
        inactive = libvirt.VIR_DOMAIN_XML_INACTIVE
        whole = self._call("read %s" % domain.name(), domain.XMLDesc, inactive | libvirt.VIR_DOMAIN_XML_SECURE)
        changed = change(whole)
        if self._call("read %s" % domain.name(), domain.XMLDesc, inactive) != seen:
            raise Conflict(
                "guest %s was redefined by somebody else in between: nothing was written, run again" % domain.name()
            )
        self._call("define %s" % domain.name(), self._open.defineXML, changed)

    @bounded
    def network(self, name):
        """``(XML, whether it is active)`` of a libvirt network, or None."""
        try:
            network = self._open.networkLookupByName(name)
            return network.XMLDesc(0), bool(network.isActive())
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_NETWORK:
                return None
            raise ApplyFailed("read network %s" % name, error.get_error_message() or str(error)) from None

    def _device(self, verb, uuid, xml, live, config):
        self._write("%s device" % verb, uuid, verb + "DeviceFlags", (xml,), live, config)

    @bounded
    def _write(self, what, uuid, function, arguments, live, config):
        flags = (libvirt.VIR_DOMAIN_AFFECT_LIVE if live else 0) | (libvirt.VIR_DOMAIN_AFFECT_CONFIG if config else 0)
        domain = self._call("look up domain %s" % uuid, self._open.lookupByUUIDString, uuid)
        self._call("%s of %s" % (what, domain.name()), getattr(domain, function), *arguments, flags)

    def close(self):
        if self._connection is not None and not self.stuck:
            self._connection.close()
        self._connection = None
