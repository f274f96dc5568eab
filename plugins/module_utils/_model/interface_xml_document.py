# SPDX-License-Identifier: GPL-3.0-or-later
"""Edit one interface of a whole domain XML and give back every other byte of meaning: prefixes, comments, foreign
elements."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.parsers import expat

from .interface_xml import text_of


def _refuse_doctype(*_arguments):
    raise ValueError("domain XML with a document type declaration is refused")


def parse_exactly(text):
    """The root element with names as they are written, so that namespace prefixes survive. Raises ValueError for a
    document type."""
    builder = ElementTree.TreeBuilder(insert_comments=True, insert_pis=True)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.CommentHandler = builder.comment
    parser.ProcessingInstructionHandler = builder.pi
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise ValueError("is no XML: %s" % error) from None
    return builder.close()


def replace_interface(text, position, change):
    """``text`` of a domain with ``change(element)`` in the place of its interface number ``position``, counted from 0.

    Raises IndexError where there is no such interface.
    """
    root = parse_exactly(text)
    devices = root.find("devices")
    old = devices.findall("interface")[position]
    new = change(old)
    new.tail = old.tail
    devices[list(devices).index(old)] = new
    return text_of(root)
