# SPDX-License-Identifier: GPL-3.0-or-later
"""The image cache with a builder of small files in the place of mmdebstrap."""

from __future__ import annotations

import json
import multiprocessing
import os
import time

import pytest
from vnic_lab import host_packages
from vnic_lab import image_cache as cache
from vnic_lab.imaging import builder
from vnic_lab.run import LabError


def small_build(target):
    for name in builder.PRODUCTS:
        (target / name).write_bytes(name.encode())


@pytest.fixture
def images(tmp_path, monkeypatch):
    monkeypatch.setenv("KVM_VNIC_CACHE", str(tmp_path))
    monkeypatch.setattr(host_packages, "ensure", lambda: None)
    monkeypatch.setattr(cache, "current_key", lambda: "k" * 64)
    monkeypatch.setattr(builder, "build", small_build)
    return tmp_path / "images"


def test_built_once(images, monkeypatch):
    first = cache.ensure()
    assert first == images / ("k" * 64)
    monkeypatch.setattr(builder, "build", lambda _target: pytest.fail("built again"))
    assert cache.ensure() == first


def shorten(directory):
    with (directory / "root.img").open("r+b") as image:
        image.truncate(3)


def alter(directory):
    (directory / "root.img").write_bytes(b"rOOt.img")


def remove(directory):
    (directory / "initrd").unlink()


def unmark(directory):
    (directory / "complete.json").unlink()


def empty_marker(directory):
    (directory / "complete.json").write_text("")


@pytest.mark.parametrize("damage", [shorten, alter, remove, unmark, empty_marker])
def test_a_damaged_image_is_built_again(images, damage):
    directory = cache.ensure()
    damage(directory)
    assert not cache.is_complete(directory)
    assert cache.ensure() == directory
    assert (directory / "root.img").read_bytes() == b"root.img"
    assert cache.is_complete(directory)


def test_a_touched_image_is_the_same_image(images):
    directory = cache.ensure()
    os.utime(directory / "root.img", (1, 1))
    assert cache.is_complete(directory)


def test_a_failed_build_leaves_no_image_and_the_next_one_cleans_up(images, monkeypatch):
    def half(target):
        (target / "root.img").write_bytes(b"half")
        raise LabError("mirror gone")

    monkeypatch.setattr(builder, "build", half)
    with pytest.raises(LabError, match="mirror gone"):
        cache.ensure()
    assert not (images / ("k" * 64)).exists()
    assert len(list(images.glob("building-*"))) == 1
    monkeypatch.setattr(builder, "build", small_build)
    cache.ensure()
    assert list(images.glob("building-*")) == []


def _ensure_slowly(count):
    def slow(target):
        with open(count, "a") as log:
            log.write("built\n")
        time.sleep(0.5)
        small_build(target)

    builder.build = slow
    cache.ensure()


def test_two_at_once_build_once(images, tmp_path):
    # Forked, so that the fixture's replacements are there too.
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_ensure_slowly, args=(str(tmp_path / "count"),)) for _each in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    assert [one.exitcode for one in both] == [0, 0]
    assert (tmp_path / "count").read_text() == "built\n"
    assert cache.is_complete(images / ("k" * 64))


def test_digest_sees_data_not_holes(tmp_path):
    sparse, full = tmp_path / "sparse", tmp_path / "full"
    with sparse.open("wb") as out:
        out.truncate(4 << 20)
        out.seek(2 << 20)
        out.write(b"data")
    full.write_bytes(bytes(2 << 20) + b"data" + bytes((2 << 20) - 4))
    same = cache._digest(sparse)
    assert cache._digest(full) == same
    with full.open("r+b") as out:
        out.seek(1 << 20)
        out.write(b"x")
    assert cache._digest(full) != same


def test_key_depends_on_name_content_and_mode(tmp_path):
    one = tmp_path / "one"
    one.write_text("a")
    keys = {cache.key([one], tmp_path)}
    one.write_text("b")
    keys.add(cache.key([one], tmp_path))
    one.chmod(0o755)
    keys.add(cache.key([one], tmp_path))
    keys.add(cache.key([one.rename(tmp_path / "two")], tmp_path))
    assert len(keys) == 4


def test_inputs_are_the_sources_of_image_and_guest():
    names = {str(path.relative_to(cache.paths.LAB_SOURCES)) for path in cache.inputs()}
    assert {
        "image/packages.list",
        "image/setup",
        "guest/init",
        "guest/lab_guest.py",
        "vnic_lab/imaging/builder.py",
    } <= names
    assert not [name for name in names if "__pycache__" in name]


def test_marker_is_json_of_every_product(images):
    assert set(json.loads((cache.ensure() / "complete.json").read_text())) == set(builder.PRODUCTS)


def test_images_nobody_asks_for_are_removed_by_the_next_build(images):
    forgotten, recent = images / "forgotten", images / "recent"
    for one in (forgotten, recent):
        one.mkdir(parents=True)
    os.utime(forgotten, (1, 1))
    cache.ensure()
    assert not forgotten.exists() and recent.exists()
