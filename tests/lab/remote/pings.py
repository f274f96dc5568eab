# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: pings from it, or from one of its namespaces."""

from __future__ import annotations

import subprocess


def command(namespace, *words):
    """``ping`` with these words, from ``namespace`` when one is given."""
    return (["ip", "netns", "exec", namespace] if namespace else []) + ["ping", "-n", "-q", *words]


def begin(places, seconds):
    """Ping each ``(namespace or None, address)`` 20 times a second, all at once: the processes, which end by themselves."""
    return [
        subprocess.Popen(command(namespace, "-i", "0.05", "-w", str(seconds), address), stdout=subprocess.DEVNULL)
        for namespace, address in places
    ]
