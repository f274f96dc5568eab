# SPDX-License-Identifier: GPL-3.0-or-later
"""The one validator: every error of an inventory in one message, with its path, its value and what is allowed."""

from __future__ import annotations

from ...module_utils._model.errors import InvalidInput, Problem
from ...module_utils._model.fields import Problems
from .crosscheck import check_guests, check_macs, check_networks, choose_profile
from .intent import assemble
from .macs import assign
from .ovs_checks import check_ovs_interfaces, check_ovs_networks
from .schema import INTENT


def validate(raw):
    """The :class:`Intent` of ``raw``, plain data with the keys of ``schema.INTENT``. Raises InvalidInput with every
    problem found.
    """
    problems = Problems()
    read = INTENT.read(raw, problems)
    if read is None:
        problems.raise_if_any()
    stated_networks = raw.get("networks", {})
    is_mapping = isinstance(stated_networks, dict)
    check_networks(read["networks"], stated_networks, problems.at("vnic_networks"))
    check_ovs_networks(read["networks"], problems.at("vnic_networks"))
    check_guests(read["guests"], set(map(str, stated_networks)) if is_mapping else None, problems.at("vnic_guests"))
    check_ovs_interfaces(read["guests"], read["networks"], problems.at("vnic_guests"))
    stated, unstated = check_macs(read["guests"], read["mac_prefix"], problems.at("vnic_guests"))
    profile = choose_profile(read, problems)
    problems.raise_if_any()
    try:
        macs = assign(unstated, stated.values(), read["mac_prefix"])
    except ValueError as error:
        raise InvalidInput([Problem("vnic_mac_prefix", read["mac_prefix"], str(error))]) from None
    macs.update(stated)
    return assemble(read, profile, macs)
