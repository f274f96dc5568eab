# SPDX-License-Identifier: GPL-3.0-or-later
"""The intent of a fleet, validated once for all hosts that one process plans."""

from __future__ import annotations

import hashlib
import marshal
from collections import OrderedDict

from .validator import validate

# A profile that differs from group to group makes another intent; few do. An intent of 64,000 NICs takes about 60 MB.
_KEPT = 2
_SAME_BYTES = 2  # of marshal's formats the last that writes equal values alike, whoever else refers to them
_known = OrderedDict()


def validated(raw):
    """As :func:`validator.validate`, but not anew for the same content. ``raw``: plain data.

    What is known is looked up by content and never by identity: whoever holds an inventory may change it in place.
    """
    try:
        key = hashlib.sha256(marshal.dumps(raw, _SAME_BYTES)).digest()
    except ValueError:  # a date, or what else YAML makes: an error that validate explains
        return validate(raw)
    if key not in _known:
        intent = validate(raw)
        _known[key] = intent
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    _known.move_to_end(key)
    return _known[key]
