# SPDX-License-Identifier: GPL-3.0-or-later
"""A planned NIC as libvirt's ``<interface>``, for those who define the guest: what the module domain_interface would
write.
"""

from __future__ import annotations

from xml.etree import ElementTree

from ...module_utils._model.addresses import is_pci
from ...module_utils._model.interface_xml import rendered, text_of


def interface_xml(interface, pci):
    """The element as text. ``interface``: as the module takes it; ``pci``: the VF's address, if it sits on one.

    None for a VF whose address is known only after it was made.
    """
    if interface["type"] == "hostdev":
        if pci is None or not is_pci(pci):
            return None
        interface = dict(interface, source={"pci": pci})
    element = rendered(interface)
    ElementTree.indent(element)
    return text_of(element)
