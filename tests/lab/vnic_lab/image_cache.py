# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache of built images: one directory per set of inputs, complete or not there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from vnic_lab import host_packages, paths
from vnic_lab.imaging import builder
from vnic_lab.progress import say, step
from vnic_lab.run import LabError, as_root, run

COMPLETE = "complete.json"
BLOCK = 1 << 20
# An image nobody has asked for in that time is removed by the next build.
FORGOTTEN_AFTER = 14 * 24 * 3600


def inputs() -> list[Path]:
    """Every file the image is made of, besides the archive's packages; this one decides nothing about its contents."""
    roots = [paths.LAB_SOURCES / "image", paths.LAB_SOURCES / "guest", paths.LAB_SOURCES / "vnic_lab/imaging"]
    return sorted(path for root in roots for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")


def key(files: Iterable[Path], base: Path) -> str:
    """SHA-256 over names, executable bits and contents."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        executable = "x" if os.access(path, os.X_OK) else "-"
        digest.update(f"{path.relative_to(base)}\0{executable}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def current_key() -> str:
    return key(inputs(), paths.LAB_SOURCES)


def is_complete(directory: Path) -> bool:
    """Whether all products are there as they were when the build ended.

    Sizes and times first, contents where those say nothing: the image is sparse and read on every boot anyway,
    so its digest is only computed when its time stamp moved.
    """
    try:
        recorded = json.loads((directory / COMPLETE).read_text(encoding="utf-8"))
        for name in builder.PRODUCTS:
            expected = recorded[name]
            found = (directory / name).stat()
            if found.st_size != expected["size"]:
                return False
            if found.st_mtime_ns != expected["mtime_ns"] and _digest(directory / name) != expected["sha256"]:
                return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True


def ensure() -> Path:
    """The directory of the current image, built now if it is not there whole."""
    images = paths.cache() / "images"
    images.mkdir(parents=True, exist_ok=True)
    directory = images / current_key()
    if is_complete(directory):
        os.utime(directory)  # used
        return directory
    with (images / "lock").open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is running: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if is_complete(directory):
            return directory
        host_packages.ensure()
        _forget_leftovers(images, directory)
        with step(f"image {directory.name[:12]}"):
            _build(images, directory)
    return directory


def _forget_leftovers(images: Path, directory: Path) -> None:
    """With the lock held nobody builds, so whatever is half-built is dead."""
    for leftover in images.glob("building-*"):
        run(as_root(["rm", "-rf", "--one-file-system", str(leftover)]))
    for old in images.iterdir():
        if old.is_dir() and old != directory and time.time() - old.stat().st_mtime > FORGOTTEN_AFTER:
            run(as_root(["rm", "-rf", "--one-file-system", str(old)]))
    if directory.exists():
        say(f"image {directory.name[:12]} is damaged: building it again")
        run(as_root(["rm", "-rf", "--one-file-system", str(directory)]))


def _build(images: Path, directory: Path) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="building-", dir=images))
    scratch.chmod(0o755)  # apt downloads as its own user
    try:
        builder.build(scratch)
    except (LabError, OSError):
        say(f"failed; what was built is in {scratch} until the next build")
        raise
    recorded = {}
    for name in builder.PRODUCTS:
        found = (scratch / name).stat()
        recorded[name] = {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "sha256": _digest(scratch / name)}
    marker = scratch / COMPLETE
    with marker.open("w", encoding="utf-8") as out:
        json.dump(recorded, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    for name in builder.PRODUCTS:
        with (scratch / name).open("rb") as product:
            os.fsync(product.fileno())
    os.rename(scratch, directory)


def _digest(path: Path) -> str:
    """SHA-256 over a file's blocks that are not all zero, and where they are: holes of the sparse image are not read.

    A copy has the same digest, whether it kept the holes or not.
    """
    digest = hashlib.sha256()
    with path.open("rb") as source:
        size = source.seek(0, os.SEEK_END)
        digest.update(f"{size}:".encode())
        position = 0
        while position < size:
            try:
                position = os.lseek(source.fileno(), position, os.SEEK_DATA) // BLOCK * BLOCK
            except OSError:  # ENXIO: a hole up to the end
                break
            source.seek(position)
            block = source.read(BLOCK)
            if block.count(0) != len(block):
                digest.update(f"{position}:".encode())
                digest.update(block)
            position += BLOCK
    return digest.hexdigest()
