# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine as one file that runs on the host without Ansible, made of what Ansible carried there."""

from __future__ import annotations

import importlib.util
import io
import marshal
import re
import sys
import zipfile
import zlib

from .._host import engine_file
from . import engine_seal

PACKAGE = "kvm_vnic"
MAIN = "_service.main"
# name in the archive: content of what is no file of the collection
OWN = {
    "__main__.py": ("from %s.%s import main\n\nraise SystemExit(main())\n" % (PACKAGE, MAIN)).encode(),
    PACKAGE + "/__init__.py": b"",
}
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold: the same sources give the same bytes
UNCHECKED = (1).to_bytes(4, "little")  # PEP 552: named by a hash of the source that nobody compares at run time
NO_REFERENCES = 2  # marshal's later versions tell how often a value was referred to, which differs from run to run


def carry():
    """Never called: from this import Ansible sees all that the archive is made of."""
    from .._service import main

    return main


def install_engine(host):
    """Have the host's archive be of these sources; returns whether it was written. Raises ApplyFailed."""
    return engine_file.install(host, engine_archive(engine_file.read(host)))


def engine_archive(installed=b""):
    """The bytes of the archive; those of ``installed`` where it is made of the same sources for this Python, because
    compiling takes longer than everything else."""
    if engine_seal.is_sealed(installed) and _is_of_these_sources(installed):
        return installed
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(_sources()):
            _add(archive, name, data)
            compiled = _compiled(name, data) if name != "__main__.py" else None
            if compiled is not None:
                _add(archive, name + "c", compiled)
    return engine_seal.sealed(file.getvalue())


def _is_of_these_sources(installed):
    """By size and checksum. What it lacks need not be looked for: one of those that it has would import it."""
    with zipfile.ZipFile(io.BytesIO(installed)) as archive:
        held = [entry for entry in archive.infolist() if not entry.filename.endswith(".pyc")]
    try:
        return all((len(data), zlib.crc32(data)) == (entry.file_size, entry.CRC) for entry, data in _carried(held))
    except OSError:  # there is no such file any more
        return False


def _carried(entries):
    """Each of the archive's entries with what Ansible carried here for it. Raises OSError."""
    main = _find(MAIN)
    place = main.origin[: -len(_file(MAIN))]
    for entry in entries:
        name = entry.filename
        yield entry, OWN[name] if name in OWN else main.loader.get_data(place + name[len(PACKAGE) + 1 :])


def _sources():
    """``(name in the archive, source as bytes)`` of each file. Only what the archive's own command needs: each module carries
    some more, and all of them must make the same."""
    yield from OWN.items()
    seen, waiting = set(), [MAIN]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        spec = _find(name)
        if spec is None:
            continue  # a name in a package that is no module
        source = spec.loader.get_source(spec.name) or ""
        is_package = spec.submodule_search_locations is not None
        yield "%s/%s" % (PACKAGE, _file(name + ".__init__" if is_package else name)), source.encode()
        package = name if is_package else name.rpartition(".")[0]
        waiting += [package] * bool(package)
        waiting += _imported(source, package)


def _find(name):
    """The spec of a module of ours, by its name below module_utils."""
    return importlib.util.find_spec("%s.%s" % (__package__.rpartition(".")[0], name))


def _file(name):
    return name.replace(".", "/") + ".py"


# The layers import each other relatively, one module in a statement or several of a package.
_IMPORT = re.compile(r"^[ \t]*from (\.+)([\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


def _imported(source, package):
    for dots, module, names in _IMPORT.findall(source):
        steps = package.split(".")
        base = ".".join(steps[: len(steps) + 1 - len(dots)] + [module] * bool(module))
        yield base
        if base and _find(base).submodule_search_locations is not None:
            yield from ("%s.%s" % (base, name) for name in re.findall(r"(?:^|[,(])\s*(\w+)", names))


def _add(archive, name, data):
    entry = zipfile.ZipInfo(name, DATE)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    archive.writestr(entry, data)


def _compiled(name, data):
    """The content of a ``.pyc`` (importlib reads it as PEP 552 has it), or None where it would not be the same each time."""
    code = compile(data, name, "exec", dont_inherit=True, optimize=2)
    if sys.version_info < (3, 11) and _has_sets(code):
        return None  # written in the order of hashes, which is another one in each process
    digest = importlib.util.source_hash(data)
    return importlib.util.MAGIC_NUMBER + UNCHECKED + digest + marshal.dumps(code, NO_REFERENCES)


def _has_sets(value):
    parts = value if isinstance(value, (tuple, frozenset)) else getattr(value, "co_consts", ())
    return isinstance(value, frozenset) or any(map(_has_sets, parts))
