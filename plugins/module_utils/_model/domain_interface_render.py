# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``<interface>`` that a NIC's parameters stand for, without a host."""

from __future__ import annotations

from xml.etree import ElementTree

from .addresses import parse_pci
from .domain_interface_wish import parse_nic
from .fields import Problems
from .interface_xml import completed, rendered, text_of


def render_interface(item, pci=None):
    """XML text of one interface as the module ``domain_interface`` would attach it.

    ``item``: the module's parameters of one NIC; ``pci``: address of the VF where the item names it by its PF. Raises
    InvalidInput.
    """
    problems = Problems("interface")
    wish = parse_nic(item, problems)
    address = problems.at("pci").parse(parse_pci, pci)
    if wish.vf is not None and address is None and not problems:
        problems.at("source").add(
            dict(item["source"]),
            "names the VF by its physical function, which only its host can resolve: give its PCI address too",
        )
    if not wish.present:
        problems.at("state").add("absent", "has no XML: only a NIC that is present has")
    problems.raise_if_any()
    if wish.vf is not None:
        wish = wish.with_settings(source={"pci": address})
    element = rendered(completed(wish.settings))
    ElementTree.indent(element)
    return text_of(element)
