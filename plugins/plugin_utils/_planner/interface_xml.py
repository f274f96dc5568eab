# SPDX-License-Identifier: GPL-3.0-or-later
"""A planned NIC as libvirt's ``<interface>``, for those who define the guest: what the module domain_interface would
write.
"""

from __future__ import annotations

from ...module_utils._model.addresses import is_pci
from ...module_utils._model.interface_xml import rendered

# As xml.etree.ElementTree writes attributes
_ESCAPED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#09;"}
)


def interface_xml(interface, pci):
    """The element as text. ``interface``: as the module takes it; ``pci``: the VF's address, if it sits on one.

    None for a VF whose address is known only after it was made.
    """
    if interface["type"] == "hostdev":
        if pci is None or not is_pci(pci):
            return None
        interface = dict(interface, source={"pci": pci})
    return "\n".join(_lines(rendered(interface), ""))


def _lines(element, margin):
    """ElementTree's own indent and tostring take half of the time of a whole plan. No element here holds text."""
    attributes = "".join(' %s="%s"' % (name, value.translate(_ESCAPED)) for name, value in element.items())
    if not len(element):
        return ["%s<%s%s />" % (margin, element.tag, attributes)]
    inside = [line for child in element for line in _lines(child, margin + "  ")]
    return ["%s<%s%s>" % (margin, element.tag, attributes), *inside, "%s</%s>" % (margin, element.tag)]
