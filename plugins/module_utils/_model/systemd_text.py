# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of systemd's unit files."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9/._+-]+", re.ASCII)


def executable(path):
    """``path`` as the first word of ``ExecStart=``. Raises ValueError for one that systemd does not take there.

    Specifiers (``%``) are expanded after quotes are taken away; variables are not in a program's path
    (src/core/load-fragment.c, config_parse_exec). Quotes, backslashes and control characters are refused there.
    """
    if not path.startswith("/"):
        raise ValueError("%r is no absolute path" % path)
    if any(ord(letter) < 32 or letter in "\"'\\\x7f" for letter in path) or not path.isprintable():
        raise ValueError("%r has characters that systemd takes in no program's path" % path)
    if _PLAIN.fullmatch(path):
        return path
    return '"%s"' % path.replace("%", "%%")
