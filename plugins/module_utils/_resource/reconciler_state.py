# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the reconciler is on a host."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field

from .._host import engine_file
from .._host.network_managers import manager_of
from .._host.unit_files import read_units
from .._model.action import UNKNOWN
from .._model.checkpoint_record import parse_record
from .._model.desired_state import parse_desired_state
from .._model.reconciler_hook import HOOK
from .._model.reconciler_rules import RULES
from .._model.reconciler_units import DIRECTORY, UNITS, WANTED
from .libvirt_hooks import is_unnoticed, read_hook
from .sriov_functions import PhysicalFunctions

DESIRED = "desired.json"
RECORD = "checkpoint.json"
RUNTIME = (WANTED, "/run/kvm-vnic/healed.json")
MODE = 0o644
ABSENT, OTHER, PRESENT = "absent", "another version", "present"


@dataclass(frozen=True)
class ReconcilerState:
    """``resources``: what is kept, None where nothing is, unknown where ``damage`` says why it cannot be read.

    ``engine``: absent, another version or present; ``archive``: its bytes where they are to be put in place. ``files``:
    ``{path: text}`` of those that are there and as root left them, with another mode an empty one; ``units``: ``{name:
    UnitFile}``; ``runtime``: paths of ours below /run; ``guest_vfs``: PCI addresses; ``managers``: of the host's devices;
    ``run_open``: whether a checkpoint waits for its end, which the engine carries.
    """

    resources: object = None
    damage: str = ""
    engine: str = ABSENT
    archive: bytes = b""
    files: dict = field(default_factory=dict)
    units: dict = field(default_factory=dict)
    runtime: tuple = ()
    guest_vfs: tuple = ()
    unknown_vfs: tuple = ()
    managers: tuple = ()
    unnoticed: bool = False
    run_open: bool = False


def unit_path(name):
    return "%s/%s" % (DIRECTORY, name)


def _is_there(host, name):
    return name in host.files.listdir(host.state.directory)


def _kept(host):
    """``(text, why it cannot be read)``, both None where there is none."""
    return host.state.read([DESIRED])[DESIRED] if _is_there(host, DESIRED) else (None, None)


def _resources(host):
    text, why = _kept(host)
    if text is None:
        return (UNKNOWN, why) if why else (None, "")
    try:
        return parse_desired_state(text).resources, ""
    except ValueError as error:
        return UNKNOWN, str(error)


def _file(host, path):
    """Its text, None where there is none, empty where its mode is another."""
    text = host.files.content(path)
    found = host.files.stat(path) if text is not None else None
    return "" if found is not None and stat.S_IMODE(found["mode"]) != MODE else text


def _files(host, units):
    """Without those of masked units, which are the administrator's links."""
    paths = [unit_path(name) for name in UNITS if not units[name].masked]
    found = {path: _file(host, path) for path in paths + [RULES]}
    found[HOOK] = read_hook(host, HOOK)
    return {path: text for path, text in found.items() if text is not None}


def _engine(host, make_archive, wished):
    """``(state, bytes to put in place)``; without ``make_archive`` what is there is taken as it is."""
    installed = engine_file.read(host)
    if not installed:
        return ABSENT, make_archive(b"") if make_archive and wished else b""
    if not make_archive or not wished:
        return PRESENT, b""
    archive = make_archive(installed)
    same = archive == installed and engine_file.is_safe(host.files.stat(engine_file.PATH))
    return (PRESENT, b"") if same else (OTHER, archive)


def _guest_vfs(host, wish):
    """``(addresses, those that are not known, in words)``."""
    found, named = wish.guest_vfs()
    if not named:
        return tuple(sorted(found)), ()
    functions, unknown = PhysicalFunctions(host), []
    for selector, index in named:
        address = None
        try:
            pf = functions.find(selector)
            address = host.pci.vf_addresses(pf).get(index) or host.pci.future_vf_address(pf, index)
        except ValueError:
            pass
        if address is None:
            unknown.append("%s#%d" % (selector[1], index))
        else:
            found.add(address)
    return tuple(sorted(found)), tuple(unknown)


def _managers(host, wish):
    names = set()
    for device in wish.devices():
        names.update(host.pci.netdevs(device) if ":" in device else [device])
    found = (manager_of(host, name) for name in sorted(names) if "/" not in name)
    return tuple(manager for manager in found if manager is not None)


def _run_open(host):
    if not _is_there(host, RECORD):
        return False
    text, _why = host.state.read([RECORD])[RECORD]
    try:
        return text is None or not parse_record(text).ended
    except ValueError:
        return True  # what cannot be read may be open


def read_state(host, wish, make_archive):
    resources, damage = _resources(host)
    engine, archive = _engine(host, make_archive, wish.present)
    units = read_units(host, UNITS)
    addresses, unknown = _guest_vfs(host, wish) if wish.present and wish.unmanaged is None else ((), ())
    return ReconcilerState(
        resources=resources,
        damage=damage,
        engine=engine,
        archive=archive,
        files=_files(host, units),
        units=units,
        runtime=tuple(path for path in RUNTIME if host.files.exists(path)),
        guest_vfs=addresses,
        unknown_vfs=unknown,
        managers=_managers(host, wish) if wish.present else (),
        unnoticed=is_unnoticed(host, HOOK),
        run_open=not wish.present and _run_open(host),
    )
