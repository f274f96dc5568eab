# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's domains, in memory."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._host.libvirt import Domain
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed


class MemoryLibvirt:
    """``listed``: the domains; ``running``: whether the daemon answers; ``writes``: every device call."""

    def __init__(self):
        self.listed = []
        self.running = True
        self.writes = []

    def define(self, name, uuid, live_xml=None, persistent_xml=None, **more):
        self.listed.append(Domain(name=name, uuid=uuid, live_xml=live_xml, persistent_xml=persistent_xml, **more))

    def available(self):
        return self.running

    def domains(self):
        if not self.running:
            raise ApplyFailed("connect to qemu:///system", "Failed to connect socket")
        return sorted(self.listed, key=lambda domain: domain.name)

    def close(self):
        pass
