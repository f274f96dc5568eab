# SPDX-License-Identifier: GPL-3.0-or-later
"""One moment of a host: what several readers need is asked for once."""

from __future__ import annotations

from ..._model.errors import VnicError


class _Once:
    """A door whose questions named in ``questions`` are answered from memory the second time, errors included."""

    def __init__(self, door, questions):
        self._door = door
        self._questions = questions
        self._answers = {}

    def __getattr__(self, name):
        method = getattr(self._door, name)
        if name not in self._questions:
            return method

        def ask(*arguments):
            key = (name, arguments)
            if key not in self._answers:
                try:
                    self._answers[key] = (method(*arguments), None)
                except VnicError as error:
                    self._answers[key] = (None, error)
            answer, error = self._answers[key]
            if error is not None:
                raise error
            return answer

        return ask


class Moment:
    """The doors of ``host``, for reading only; stands wherever a reader takes a Host."""

    def __init__(self, host):
        self.name = host.name
        self.files = host.files
        self.commands = host.commands
        self.session = host.session
        self.clock = host.clock
        self.threads = host.threads
        self.ethtool = host.ethtool
        self.ovs = host.ovs
        self.ip = _Once(host.ip, ("links", "links_in", "addresses", "routes", "namespaces"))
        self.pci = _Once(host.pci, ("physical_functions", "virtual_functions", "vf_addresses", "netdevs"))
        self.libvirt = _Once(host.libvirt, ("available", "version", "domains"))
