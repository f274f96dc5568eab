# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what Python compiles out of zip archives, by its source: every task of Ansible brings the same modules in a new
archive, and compiling them takes an emulated processor longer than running them. Until the next boot."""

from __future__ import annotations

import _imp
import marshal
import os
import zipimport

KEPT = "/run/lab-bytecode"
compiled = zipimport._compile_source


def kept(path, source):
    """The code object of a module's bytes, as zipimport's own function gives it."""
    try:
        name = "%s/%s-%d" % (KEPT, _imp.source_hash(0, source).hex(), len(source))
        with open(name, "rb") as file:
            code = marshal.loads(file.read())
        _imp._fix_co_filename(code, path)
        return code
    except FileNotFoundError:
        pass
    except (OSError, ValueError, EOFError, TypeError):
        return compiled(path, source)
    code = compiled(path, source)
    try:
        os.makedirs(KEPT, 0o755, exist_ok=True)
        new = "%s.%d" % (name, os.getpid())
        with open(new, "wb") as file:
            file.write(marshal.dumps(code))
        os.replace(new, name)
    except OSError:
        pass
    return code


zipimport._compile_source = kept
