# SPDX-License-Identifier: GPL-3.0-or-later
"""lab-guest: small KVM guests without a NIC, and what they say about the NICs they are given."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

import libvirt
from guest_domain import domain_xml, nic_spec
from guest_reports import LOGS, console_of, has_nics, latest, log_of


class GuestError(Exception):
    """Something to tell without a traceback."""


def domain(name: str) -> libvirt.virDomain:
    try:
        return libvirt.open("qemu:///system").lookupByName(name)
    except libvirt.libvirtError as error:
        raise GuestError(str(error)) from error


def define(options: argparse.Namespace) -> None:
    xml = domain_xml(options.name, options.vcpus, options.memory, options.nic, options.ping)
    if options.xml:
        print(xml)
        return
    LOGS.mkdir(exist_ok=True)
    libvirt.open("qemu:///system").defineXML(xml)


def start(options: argparse.Namespace) -> None:
    guest = domain(options.name)
    if not guest.isActive():
        # The last run's reports are not this one's.
        log_of(options.name).unlink(missing_ok=True)
        guest.create()


def stop(options: argparse.Namespace) -> None:
    guest = domain(options.name)
    if guest.isActive():
        guest.destroy()


def undefine(options: argparse.Namespace) -> None:
    guest = domain(options.name)
    if guest.isActive():
        raise GuestError(f"{options.name} is running: lab-guest stop {options.name}")
    guest.undefine()
    log_of(options.name).unlink(missing_ok=True)
    console_of(options.name).unlink(missing_ok=True)


def report(options: argparse.Namespace) -> None:
    found = latest(options.name, options.wait, lambda _report: True)
    if found is None:
        raise GuestError(f"{options.name}: no report" + (f" within {options.wait:g} s" if options.wait else ""))
    print(json.dumps(found))


def wait(options: argparse.Namespace) -> None:
    good = has_nics(options.nics)
    # What it said last may be what is waited for.
    found = latest(options.name, 0, good) or latest(options.name, options.timeout, good)
    if found is None:
        last = latest(options.name, 0, lambda _report: True)
        raise GuestError(
            f"{options.name}: not {options.nics} NICs with carrier and address within "
            f"{options.timeout:g} s; last report: {json.dumps(last)}"
        )
    print(json.dumps(found))


def _nic(text: str) -> str:
    try:
        return nic_spec(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lab-guest", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)

    def command(run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(run.__name__, help=text)
        one.add_argument("name")
        one.set_defaults(run=run)
        return one

    new = command(define, "define a guest without any NIC")
    new.add_argument("--vcpus", type=int, default=1)
    new.add_argument("--memory", type=int, default=256, metavar="MIB")
    new.add_argument(
        "--nic",
        type=_nic,
        action="append",
        default=[],
        metavar="MAC|INDEX,ADDRESS/PREFIX[,FALSE_MAC]",
        help="address of the NIC with that MAC, or that appears as the INDEXth (from 0), and a MAC that is not its own; repeatable",
    )
    new.add_argument("--ping", metavar="ADDRESS", help="ping it once a second and count")
    new.add_argument("--xml", action="store_true", help="print the XML instead of defining")
    command(start, "start it")
    command(stop, "end it at once")
    command(undefine, "forget it")
    one = command(report, "print its latest report")
    one.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="a report made from now on")
    one = command(wait, "until its NICs are up, then print the report")
    one.add_argument("--nics", type=int, required=True, help="exactly that many, each with carrier and address")
    one.add_argument("--timeout", type=float, default=120, metavar="SECONDS")
    return top


def main() -> int:
    options = parser().parse_args()
    # Errors are told once, by us.
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    try:
        options.run(options)
    except (GuestError, libvirt.libvirtError) as error:
        print(f"lab-guest: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
