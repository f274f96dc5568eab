# SPDX-License-Identifier: GPL-3.0-or-later
"""Something else where a mapping is expected: Ansible's own validation ends in a traceback over a number there, and refuses
text without saying where."""

from __future__ import annotations


def find_misshapen(options, params, problems):
    """Record in ``problems`` every value that is no mapping where ``options``, of an argument spec, has keys for it.

    Text that Ansible reads as a mapping, ``a=b`` or JSON, is none of them. Lists are left to Ansible, which names them.
    """
    for name, option in options.items():
        inner, value = option.get("options"), params.get(name)
        if inner is None or value is None:
            continue
        at = problems.at(name)
        if option["type"] == "list":
            for index, item in enumerate(value if isinstance(value, list) else ()):
                if isinstance(item, dict):
                    find_misshapen(inner, item, at.at(index))
        elif isinstance(value, dict):
            find_misshapen(inner, value, at)
        elif not (isinstance(value, str) and ("=" in value or value.lstrip().startswith("{"))):
            at.add(value, "is no dictionary: expected one with the keys %s" % ", ".join(sorted(inner)))
