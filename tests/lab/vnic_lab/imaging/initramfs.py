# SPDX-License-Identifier: GPL-3.0-or-later
"""Initramfs archives from a static busybox, some kernel modules and an init script."""

from __future__ import annotations

import gzip
import lzma
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from vnic_lab.run import LabError


def load_order(wanted: Iterable[str], modules_dep: str, builtin: str) -> list[str]:
    """Paths of the modules to load, dependencies first.

    ``modules_dep`` and ``builtin`` are the texts of depmod's modules.dep and modules.builtin. A wanted name that
    is compiled into the kernel needs nothing; one that is neither is an error.
    """
    paths: dict[str, str] = {}
    needs: dict[str, list[str]] = {}
    for line in modules_dep.splitlines():
        path, _sep, dependencies = line.partition(":")
        paths[module_name(path)] = path
        needs[path] = dependencies.split()
    compiled_in = {module_name(line) for line in builtin.splitlines()}
    order: list[str] = []

    def add(path: str) -> None:
        if path in order:
            return
        # modules.dep lists the whole closure, the deepest dependency last.
        for dependency in reversed(needs[path]):
            add(dependency)
        order.append(path)

    for name in wanted:
        key = module_name(name)
        if key in paths:
            add(paths[key])
        elif key not in compiled_in:
            raise LabError(f"the image's kernel has no module {name}")
    return order


def module_name(path: str) -> str:
    """``kernel/net/ethernet/intel/igbvf/igbvf.ko.xz`` -> ``igbvf``, with dashes as the kernel spells them."""
    return path.rsplit("/", 1)[-1].split(".ko", 1)[0].replace("-", "_")


def unpacked(path: Path) -> bytes:
    """A module's bytes; insmod of a static busybox cannot decompress."""
    raw = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(raw)
    if path.suffix == ".gz":
        return gzip.decompress(raw)
    return raw


def build(target: Path, scratch: Path, root: Path, kernel: str, modules: Iterable[str], init: Path) -> None:
    """Write the archive ``target``: busybox and modules out of the tree ``root``, ``init`` as /init.

    It stays uncompressed: decompressing costs more under emulation than reading.
    """
    tree = scratch / (target.name + ".tree")
    for directory in ("bin", "dev", "proc", "sys", "root", "run", "modules"):
        (tree / directory).mkdir(parents=True)
    shutil.copyfile(root / "usr/bin/busybox", tree / "bin/busybox")
    (tree / "bin/busybox").chmod(0o755)
    applets = subprocess.run([str(tree / "bin/busybox"), "--list"], stdout=subprocess.PIPE, text=True, check=True)
    for applet in applets.stdout.split():
        if applet != "busybox":
            (tree / "bin" / applet).symlink_to("busybox")
    shutil.copyfile(init, tree / "init")
    (tree / "init").chmod(0o755)

    library = root / "usr/lib/modules" / kernel
    order = load_order(
        modules,
        (library / "modules.dep").read_text(encoding="utf-8"),
        (library / "modules.builtin").read_text(encoding="utf-8"),
    )
    names = []
    for path in order:
        name = module_name(path) + ".ko"
        (tree / "modules" / name).write_bytes(unpacked(library / path))
        names.append(name)
    (tree / "modules/order").write_text("".join(name + "\n" for name in names), encoding="utf-8")

    entries = sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))
    with target.open("wb") as archive:
        subprocess.run(
            ["cpio", "--create", "--null", "--quiet", "--format=newc", "--owner=0:0"],
            cwd=tree,
            input="\0".join([".", *entries]).encode() + b"\0",
            stdout=archive,
            check=True,
        )
    shutil.rmtree(tree)
