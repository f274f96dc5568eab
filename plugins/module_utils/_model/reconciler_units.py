# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of systemd's units that run a pass: at boot, on events and now and then."""

from __future__ import annotations

from .systemd_text import executable

DIRECTORY = "/etc/systemd/system"
HOST, GUESTS = "kvm-vnic-host.service", "kvm-vnic-guests.service"
PATH, TIMER = "kvm-vnic-guests.path", "kvm-vnic-guests.timer"
SOON = "kvm-vnic-guests-soon.timer"
UNITS = (HOST, GUESTS, PATH, TIMER, SOON)
STARTED = (PATH, TIMER)  # at once; the services wait for a boot or an event
ENABLED = (HOST, GUESTS, PATH, TIMER)
WANTED = "/run/kvm-vnic/wanted"
ARCHIVE = "/usr/local/libexec/kvm-vnic.pyz"

_HEAD = "# Written by the module reconciler of kvm.vnic, which replaces and removes it.\n"
# Those that write what a pass reads, or would write over it if they came later; absent ones make no difference.
_SERVICES = "openvswitch.service openvswitch-switch.service ovs-vswitchd.service irqbalance.service tuned.service"

# The host's devices that the kernel still finds come in time for libvirt, or by an event afterwards. Nothing requires
# the service, so that libvirt starts all the same where it fails.
_HOST = """[Unit]
Description=NICs of guests as they were confirmed: the host's side, before libvirt (kvm.vnic)
After=network.target %(services)s
Before=libvirtd.service virtqemud.service virtnetworkd.service

[Service]
Type=oneshot
ExecStartPre=-/usr/bin/udevadm settle --timeout=60
ExecStart=%(python)s -I -u %(archive)s host
TimeoutStartSec=600
SyslogIdentifier=kvm-vnic

[Install]
WantedBy=multi-user.target
"""

# The file that asks for a pass goes before the pass begins, whatever becomes of it: while it is there, the path unit
# starts the service again as soon as it ends (src/core/path.c, path_trigger_notify). What comes up meanwhile puts it there
# anew. A start limit would end the path unit for good (PATH_FAILURE_UNIT_START_LIMIT_HIT).
_GUESTS = """[Unit]
Description=NICs of guests as they were confirmed (kvm.vnic)
After=network.target kvm-vnic-host.service libvirtd.service virtqemud.service %(services)s
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStartPre=-/usr/bin/rm -f %(wanted)s
ExecStart=%(python)s -I -u %(archive)s guests
TimeoutStartSec=900
SyslogIdentifier=kvm-vnic

[Install]
# not of multi-user.target, which would wait for it: no boot takes longer for what follows libvirt
WantedBy=libvirtd.service virtqemud.service ovs-vswitchd.service
"""

_PATH = """[Unit]
Description=Events after which NICs of guests are looked after (kvm.vnic)

[Path]
PathExists=%(wanted)s
Unit=kvm-vnic-guests.service

[Install]
WantedBy=paths.target
"""

_TIMER = """[Unit]
Description=Now and then, NICs of guests are looked after (kvm.vnic)

[Timer]
OnActiveSec=%(interval)d
OnUnitInactiveSec=%(interval)d
AccuracySec=10
Unit=kvm-vnic-guests.service

[Install]
WantedBy=timers.target
"""

# A passed-through device gets its interrupts only when the guest's own driver comes up, of which the host is not told.
_SOON = """[Unit]
Description=Some time after a guest started, NICs of guests are looked after (kvm.vnic)

[Timer]
OnActiveSec=30
OnActiveSec=120
OnActiveSec=300
AccuracySec=5
Unit=kvm-vnic-guests.service
"""


def unit_texts(python, interval):
    """``{name: text}``; without the timer where ``interval`` is 0. Raises ValueError for an interpreter of such a path
    that no unit can start it."""
    values = {
        "python": executable(python),
        "archive": ARCHIVE,
        "wanted": WANTED,
        "services": _SERVICES,
        "interval": interval,
    }
    texts = {HOST: _HOST, GUESTS: _GUESTS, PATH: _PATH, SOON: _SOON}
    if interval:
        texts[TIMER] = _TIMER
    return {name: _HEAD + text % values for name, text in texts.items()}


def interval_in(text):
    """The seconds in the timer's text, 0 where there is none."""
    for line in (text or "").splitlines():
        key, _equals, value = line.partition("=")
        if key == "OnUnitInactiveSec" and value.isdigit():
            return int(value)
    return 0
