# SPDX-License-Identifier: GPL-3.0-or-later
"""From a user's SR-IOV parameters to a wish that this host's cards and drivers can fulfil, or every reason why not."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.addresses import parse_mac
from .._model.errors import Unsupported
from .._model.fields import VLAN_RANGE, Problems
from .._model.sriov_selector import parse_pf
from .._model.sriov_wish import DEFAULT, VFIO, PfWish, SriovWish, VfWish
from .._model.vf_attributes import DOT1Q, NAMES, NO_MAC, QINQ, parse_vf_mac
from .._model.vf_range import parse_indices, split_vf, vf_name
from .sriov_functions import PhysicalFunctions

MOST_VFS = 65535
HIGHEST_RATE = 4294967295  # __u32 of struct ifla_vf_rate (include/uapi/linux/if_link.h)


class _Refusals:
    """What the drivers cannot do: errors of their own kind, or notes when the user said so."""

    def __init__(self, ignore):
        self._ignore = ignore
        self.errors, self.notes = [], []

    def add(self, problems, function, attribute, value, why):
        text = "cannot be set: the driver %s of %s %s" % (function.driver, function.name, why)
        if self._ignore:
            self.notes.append("%s %s; left out, as ignore_unsupported says" % (attribute, text))
        else:
            self.errors.append((problems, value, text + "; leave it out, or say ignore_unsupported: true"))


def validate(params, host):
    """The :class:`SriovWish`. Raises InvalidInput with every problem, or Unsupported with everything the drivers cannot
    do."""
    problems = Problems()
    functions = PhysicalFunctions(host)
    refusals = _Refusals(bool(params.get("ignore_unsupported")))
    pfs = _pfs(params.get("pfs") or (), problems.at("pfs"), functions)
    vfs = _vfs(params.get("vfs") or (), problems.at("vfs"), functions, refusals, {pf.pci: pf for pf in pfs})
    if refusals.errors and not problems:
        raise Unsupported("; ".join("%s: %r %s" % (at.path, value, text) for at, value, text in refusals.errors))
    for at, value, text in refusals.errors:
        at.add(value, text)
    problems.raise_if_any()
    return SriovWish(
        pfs=tuple(pfs),
        vfs=tuple(vfs),
        purge=bool(params.get("purge")),
        ignore_unsupported=bool(params.get("ignore_unsupported")),
        notes=tuple(dict.fromkeys(refusals.notes)),
    )


def _function(value, problems, functions):
    """The PhysicalFunction that ``value`` selects, or None with the problem recorded."""
    selector = problems.parse(parse_pf, value)
    pci = None if selector is None else problems.parse(lambda _value: functions.find(selector), value)
    return None if pci is None else functions.get(pci)


def _pfs(items, problems, functions):
    wishes = []
    for index, item in enumerate(items):
        at = problems.at(index)
        function = _function(item.get("pf") or "", at.at("pf"), functions)
        _check_identity(at.at("permanent_mac"), item.get("permanent_mac"), function, functions)
        count = at.at("num_vfs").whole(item.get("num_vfs"), 0, MOST_VFS, "number of VFs")
        if function is None:
            continue
        if function.pci in [wish.pci for wish in wishes]:
            at.at("pf").add(
                item["pf"],
                "is %s at %s, which is listed already: each physical function may be listed once"
                % (function.name, function.pci),
            )
            continue
        _check_count(at.at("num_vfs"), count, function)
        up = item.get("up", True)
        wishes.append(PfWish(function.pci, "pfs[%d]" % index, count, item.get("autoprobe"), True if up is None else up))
    return wishes


def _check_identity(problems, value, function, functions):
    """A name and a PCI address are those of a slot: another card may be in it since the wish was written."""
    wanted = problems.parse(parse_mac, value)
    if wanted is None or function is None:
        return
    found = functions.permanent_mac(function.name)
    if found != wanted:
        there = functions.with_permanent_mac(wanted)
        problems.add(
            value,
            "is not the address of %s at %s, which has %s: another card is in its place; that of this address is %s"
            % (function.name, function.pci, found or "none", there or "not there"),
        )


def _check_count(problems, count, function):
    if count is None:
        return
    if function.total is not UNKNOWN and count > function.total:
        hint = "" if function.total else "; its firmware or the BIOS has SR-IOV switched off"
        problems.add(
            count, "is more VFs than %s can have: allowed are 0 to %d%s" % (function.name, function.total, hint)
        )
    elif function.traits.most_vfs is not None and count > function.traits.most_vfs:
        problems.add(
            count,
            "is more VFs than the driver %s of %s makes: allowed are 0 to %d"
            % (function.driver, function.name, function.traits.most_vfs),
        )


def _vfs(items, problems, functions, refusals, pfs):
    wishes, taken = [], {}
    macs = []
    for number, item in enumerate(items):
        at = problems.at(number)
        attributes = _attributes(item, at)
        macs.append((at.at("mac"), attributes.get("mac")))
        where, function, indices = _target(item, at, functions)
        if indices is None:
            continue
        if len(indices) > 1 and attributes.get("mac", NO_MAC) != NO_MAC:
            at.at("mac").add(
                item["mac"],
                "would go to %d VFs: a MAC address is for one VF, so give each its own entry" % len(indices),
            )
        if function is None:
            continue
        _check_indices(where, item, function, indices, pfs.get(function.pci))
        _check_driver(at, item, function)
        _check_rates(at, attributes, function)
        if attributes.get("mac") is not None and attributes["mac"] == (function.link.mac or "").lower():
            at.at("mac").add(item["mac"], "is the MAC address of %s itself" % function.name)
        attributes = _supported(attributes, function, at, refusals)
        twice = [index for index in indices if (function.pci, index) in taken]
        if twice:
            other = taken[function.pci, twice[0]]
            where.add(
                item[where.step],
                "names %s, which vfs[%d] names too: each VF may be listed once"
                % (vf_name(function.name, twice[0]), other),
            )
        taken.update(((function.pci, index), number) for index in indices)
        wishes += [
            VfWish(function.pci, index, "vfs[%d]" % number, dict(attributes), item.get("driver")) for index in indices
        ]
    seen = set()
    for at, mac in macs:
        if mac not in (None, NO_MAC) and mac in seen:
            at.add(mac, "is given to more than one VF")
        seen.add(mac)
    return wishes


def _target(item, problems, functions):
    """``(problems at the index, PhysicalFunction, indices)``; what cannot be told is None and recorded."""
    if item.get("vf") is not None:
        where = _At(problems, "vf")
        if item.get("pf") is not None or item.get("index") is not None:
            where.add(item["vf"], "says already which VF is meant: leave out 'pf' and 'index'")
            return where, None, None
        parts = where.problems.parse(split_vf, item["vf"])
        if parts is None:
            return where, None, None
        return where, _function(parts[0], where.problems, functions), parts[1]
    where = _At(problems, "index")
    if item.get("pf") is None or item.get("index") is None:
        problems.add(item.get("pf"), "names no VF: give 'vf' such as \"enp2s0#0-3\", or 'pf' and 'index'")
        return where, None, None
    return (
        where,
        _function(item["pf"], problems.at("pf"), functions),
        where.problems.parse(parse_indices, item["index"]),
    )


class _At:
    """Where in an entry its VFs are named."""

    def __init__(self, problems, step):
        self.step = step
        self.problems = problems.at(step)
        self.add = self.problems.add


def _check_indices(where, item, function, indices, pf):
    if function.total is not UNKNOWN and indices[-1] >= function.total:
        where.add(
            item[where.step], "goes beyond what %s can have: allowed are 0 to %d" % (function.name, function.total - 1)
        )
    elif pf is not None and pf.num_vfs is not None and indices[-1] >= pf.num_vfs:
        where.add(
            item[where.step],
            "goes beyond %s.num_vfs, which is %d: raise it or leave these VFs out" % (pf.path, pf.num_vfs),
        )


def _check_driver(problems, item, function):
    driver = item.get("driver")
    if driver not in (None, DEFAULT, VFIO):
        problems.at("driver").add(driver, "is no driver to choose: allowed are %s and %s" % (DEFAULT, VFIO))
    if driver == VFIO and function.group is None:
        problems.at("driver").add(
            driver,
            "needs an IOMMU, and %s is in no IOMMU group: turn it on in the firmware and, where the CPU is Intel's, "
            "with the kernel argument intel_iommu=on" % function.name,
        )


def _attributes(item, problems):
    """``{name: canonical value}`` of the attributes that are wished."""
    vlan = problems.at("vlan").whole(item.get("vlan"), 0, VLAN_RANGE[1], "VLAN (0 is none)")
    found = {
        "mac": problems.at("mac").parse(parse_vf_mac, item.get("mac")),
        "vlan": vlan,
        "qos": problems.at("qos").whole(item.get("qos"), 0, 7, "802.1p priority"),
        "min_tx_rate": problems.at("min_tx_rate").whole(item.get("min_tx_rate"), 0, HIGHEST_RATE, "rate in Mb/s"),
        "max_tx_rate": problems.at("max_tx_rate").whole(item.get("max_tx_rate"), 0, HIGHEST_RATE, "rate in Mb/s"),
    }
    for name, allowed in (("vlan_protocol", (DOT1Q, QINQ)), ("link_state", ("auto", "enable", "disable"))):
        value = item.get(name)
        if value is not None and value not in allowed:
            problems.at(name).add(value, "is not allowed here: allowed are %s" % ", ".join(allowed))
        else:
            found[name] = value
    if vlan == 0 and item.get("vlan_protocol") == QINQ:
        problems.at("vlan_protocol").add(QINQ, "needs a VLAN, and vlan is 0")
    for name in ("spoofchk", "trust", "query_rss"):
        found[name] = item.get(name)
    lowest, highest = found["min_tx_rate"], found["max_tx_rate"]
    if lowest and highest and lowest > highest:
        problems.at("min_tx_rate").add(lowest, "is above max_tx_rate, which is %d" % highest)
    return {name: found[name] for name in NAMES if found.get(name) is not None}


def _check_rates(problems, attributes, function):
    traits = function.traits
    for name in ("min_tx_rate", "max_tx_rate"):
        rate, at = attributes.get(name), problems.at(name)
        if not rate:
            continue
        if function.speed is not UNKNOWN and rate > function.speed:
            at.add(rate, "is above the link's speed: %s runs at %d Mb/s" % (function.name, function.speed))
        elif rate % traits.rate_unit:
            at.add(
                rate,
                "is no multiple of %d Mb/s, the unit in which the driver %s limits"
                % (traits.rate_unit, function.driver),
            )
        elif rate < traits.least_rate:
            at.add(
                rate,
                "is too low for the driver %s: it takes 0 (no limit) or at least %d Mb/s"
                % (function.driver, traits.least_rate),
            )


def _refusal(name, value, function):
    """Why this card's driver cannot set one attribute to ``value``, or None."""
    traits = function.traits
    if name == "vlan_protocol":
        return traits.refusal(QINQ, function.device) if value == QINQ else None
    why = traits.refusal(name, function.device)
    if name in ("min_tx_rate", "max_tx_rate"):
        if (
            why is None
            and value
            and traits.rate_speed is not None
            and function.speed not in (UNKNOWN, traits.rate_speed)
        ):
            why = "does so only at %d Mb/s, and the link runs at %d" % (traits.rate_speed, function.speed)
        if not value and function.driver is not None and name in traits.refuses:
            return None  # no limit is what there is anyway
    return why


def _supported(attributes, function, problems, refusals):
    kept = {}
    for name, value in attributes.items():
        why = _refusal(name, value, function)
        if why is None:
            kept[name] = value
        else:
            refusals.add(problems.at(name), function, name, value, why)
    return kept
