# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a device: the one look-up that every guard asks.

The kernel keeps nobody from destroying a VF that a guest runs on: its only check, pci_vfs_assigned, knows of Xen alone
(drivers/pci/iov.c).
Hence this file. It also answers while libvirt is stopped, and what it cannot find out it reports as a user whose
sentence begins with "unknown:".
"""

from __future__ import annotations

from .consumers_libvirt import LibvirtUses
from .consumers_links import LinkUses
from .consumers_namespaces import Namespaces
from .consumers_processes import Processes
from .consumers_user import User, is_unknown, unknown
from .sriov_functions import own_netdev

_USERSPACE_DRIVERS = ("uio_pci_generic", "igb_uio")


class Consumers:
    """Answers for one moment of one host; reads what it needs once, and only when asked for it."""

    def __init__(self, host, links):
        self._host = host
        self._links = links
        self._on_links = LinkUses(host, links)
        self._processes = Processes(host)
        self._libvirt_uses = None
        self._elsewhere = Namespaces(host)

    @property
    def _libvirt(self):
        if self._libvirt_uses is None:
            self._libvirt_uses = LibvirtUses(self._host)
        return self._libvirt_uses

    def of_device(self, name):
        """Sentences naming each user of the network device ``name``: ports, devices above it, guests, networks,
        processes that hold it, addresses, or routes where it has none.
        Empty when nobody uses it."""
        on_links = self._on_links
        own = on_links.addresses(name) or on_links.routes(name, announced=False)
        return _sentences(on_links.ports(name) + self._above(name) + self._device_users(name) + own)

    def of_port(self, name):
        """Sentences naming the switch or bond whose port a device is, and each user of that. Empty when it serves nobody
        else."""
        link = self._links.get(name)
        if link is None or not link.master or link.kind == "tun":  # who holds a tap is a user of the tap
            return []
        beyond = [sentence for sentence in self.of_device(link.master) if sentence != "port %s" % name]
        return _sentences(self._on_links.master(name)) + beyond if beyond else []

    def _above(self, name):
        link = self._links.get(name)
        return self._on_links.above(name) + ([] if link is None else self._elsewhere.above(link.index))

    def _device_users(self, name):
        users = self._libvirt.of_device(name) + list(self._libvirt.unread)
        link = self._links.get(name)
        if link is not None and link.kind == "tun":
            users += self._processes.of_tap(name)
        elif link is not None and link.kind in ("macvtap", "ipvtap"):
            users += self._processes.of_files(["/dev/tap%s" % link.index])
        return users

    def of_vf(self, pf, index):
        """Sentences naming each user of one VF of the physical function at the PCI address ``pf``; empty when it is
        free or does not exist."""
        return self.of_vfs(pf).get(index, [])

    def of_vfs(self, pf):
        """``{index: [sentences]}`` for every VF of the physical function at the PCI address ``pf``; a free one has an
        empty list."""
        return {index: _sentences(users) for index, users in self.vf_users(pf).items()}

    def vf_users(self, pf):
        """``{index: [User]}`` for every VF of the physical function at the PCI address ``pf``."""
        functions = self._host.pci.virtual_functions(pf)
        if not functions:
            return {}
        pool = self._pool_users(pf)
        return {vf.index: self._vf_users(vf, pool) for vf in functions}

    def future_users(self, pf, index):
        """Users of a VF yet to be made: guests and networks of libvirt that name its address or its whole PF."""
        return self._libvirt.of_pci(self._host.pci.future_vf_address(pf, index)) + self._pool_users(pf)

    def _pool_users(self, pf):
        # libvirt resolves a pool's device when it starts the network, so that an alias of the name counts too
        link = self._links.get(own_netdev(self._host, pf, self._links) or "")
        names = [] if link is None else [link.name] + list(link.raw.get("altnames") or ())
        return [user for name in names for user in self._libvirt.of_pool(name)]

    def _vf_users(self, vf, pool):
        users = self._libvirt.of_pci(vf.pci) + pool + list(self._libvirt.unread)
        if vf.vfio:
            users += self._vfio_users(vf, any(user.active and not is_unknown(user.text) for user in users))
        elif vf.driver in _USERSPACE_DRIVERS:
            users.append(User("its driver %s, which hands it to a program in user space (DPDK)" % vf.driver))
        elif vf.driver is not None and not vf.netdevs:
            users.append(self._in_another_namespace(vf))
        for name in vf.netdevs:
            users += self._netdev_users(name)
        return list(dict.fromkeys(users))

    def _vfio_users(self, vf, known):
        """VFIO enables a device when a program opens it, and not before (drivers/vfio/pci/vfio_pci_core.c,
        vfio_pci_core_enable)."""
        if vf.enabled == 0:
            return []
        if known:
            return []  # the guest that libvirt names is the process that would be found
        files = ["/dev/vfio/%s" % vf.group] + [
            "/dev/vfio/devices/%s" % device for device in self._host.pci.vfio_devices(vf.pci)
        ]
        users = self._processes.of_files(files)
        return users or [unknown("a program has it open through VFIO, and which one could not be found")]

    def _netdev_users(self, name):
        on_links = self._on_links
        users = (
            on_links.master(name)
            + self._above(name)
            + on_links.addresses(name)
            + on_links.routes(name)
            + on_links.programs(name)
        )
        return [
            User("%s (as %s)" % (user.text, name), user.active, user.owner) for user in users
        ] + self._libvirt.of_device(name)

    def _in_another_namespace(self, vf):
        """sysfs shows a network device only in its own network namespace (net/core/net-sysfs.c), so a driver without
        one means that it was moved."""
        place = self._elsewhere.of_card(vf.pci)
        return User(
            "network namespace %s" % place
            if place
            else "an unknown network namespace: its driver %s is bound, and its device is not here" % vf.driver
        )


def _sentences(users):
    return list(dict.fromkeys(user.text for user in users))
