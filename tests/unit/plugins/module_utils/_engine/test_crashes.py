# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way in which a batch of links can break off, and the run after it."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.plugins.module_utils._resource.bridge import Bridge
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.journal import MemoryJournal

ERRORS = ["Operation not permitted", "Device or resource busy", "Cannot allocate memory", "No space left on device"]
CONSENTS = ["port:eth1", "port:eth2", "remove:br-old"]
WISH = {
    "bridges": [
        {"name": "br0", "mtu": 9000, "stp": True, "forward_delay": 2, "ports": ["eth0", "eth1"], "up": True},
        {"name": "br1", "vlan_filtering": True, "ports": ["eth2"], "up": True},
        {"name": "br2", "ageing_time": 30, "mtu": 1400, "up": False},
        {"name": "br-old", "state": "absent"},
    ],
    "purge": True,
}


def machine():
    host = MemoryHost()
    for name in ("eth0", "eth1", "eth2"):
        host.kernel.add(name, up=True)
    host.kernel.add("br-other", "bridge", up=True)
    host.kernel.links["eth1"]["master"] = "br-other"
    host.kernel.add("br-old", "bridge")
    host.kernel.links["eth2"]["master"] = "br-old"
    host.kernel.add("br-purged", "bridge", ifalias="kvm.vnic")
    host.kernel.add("br2", "bridge", {"ageing_time": 30000}, up=True, mtu=1500)
    return host


def run(host):
    return converge(Bridge(), WISH, host, Consent(CONSENTS), MemoryJournal())


def state(host):
    """The links, without the mark that they are ours.

    The kernel takes the mark only from a link that exists (net/core/rtnetlink.c, rtnl_create_link): cut off between the
    two, a link is as wished and unmarked. Nobody can tell it from a stranger's then, so it stays so: never purged.
    """
    links = {name: dict(link, ifindex=0, address="", ifalias="") for name, link in host.kernel.links.items()}
    return {name: dict(link, flags=sorted(link["flags"])) for name, link in links.items()}


def fault_free():
    host = machine()
    run(host)
    return list(host.kernel.writes), state(host)


LINES, FINAL = fault_free()


def test_there_are_lines_to_break():
    assert len(LINES) > 10 and not run_again(machine()).changed


def run_again(host):
    run(host)
    return run(host)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("error", ERRORS[:1])
def test_each_line_refused_once_is_named_and_mended_by_the_next_run(line, error):
    host = machine()
    host.kernel.failures[line] = "RTNETLINK answers: " + error
    with pytest.raises(ApplyFailed) as caught:
        run(host)
    assert error in str(caught.value) and line in str(caught.value)
    host.kernel.failures.clear()
    run(host)
    assert state(host) == FINAL
    assert not run(host).changed


class Killed(BaseException):
    pass


@pytest.mark.parametrize("allowed", range(len(LINES)))
def test_killed_after_each_line_the_next_run_converges(allowed):
    host = machine()
    take, done = host.kernel._line, []

    def until(line):
        if len(done) == allowed:
            raise Killed
        done.append(line)
        return take(line)

    host.kernel._line = until
    with pytest.raises(Killed):
        run(host)
    host.kernel._line = take
    run(host)
    assert state(host) == FINAL
    assert not run(host).changed
