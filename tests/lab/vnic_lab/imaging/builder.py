# SPDX-License-Identifier: GPL-3.0-or-later
"""The hypervisor's root image: a Debian 13 tree, the lab's own files in it, an ext4 file system of the whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from vnic_lab.host_packages import DEBIAN_KEYRING, mirror, which
from vnic_lab.imaging import initramfs
from vnic_lab.paths import LAB_SOURCES
from vnic_lab.progress import step
from vnic_lab.run import LabError, as_root, run

SUITE = "trixie"
SIZE = "6G"  # sparse
BOOT_MODULES = ("kvm_amd", "virtio_pci", "virtio_blk", "ext4", "crc32c_generic")
GUEST_MODULES = ("virtio_pci", "virtio_console", "virtio_net", "e1000", "8139cp", "igbvf")
# What build() leaves in its directory, and a complete image therefore has.
PRODUCTS = ("root.img", "vmlinuz", "initrd", "id_ed25519", "id_ed25519.pub")
# Not needed to run anything; without it the tree is a third smaller and unpacks faster.
LEFT_OUT = (
    "/usr/share/doc/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
    "/usr/share/qemu/edk2-arm*",
    "/usr/share/qemu/edk2-aarch64*",
    "/usr/share/qemu/edk2-riscv*",
)


def packages() -> list[str]:
    lines = (LAB_SOURCES / "image/packages.list").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def build(target: Path) -> None:
    """Fill the empty directory ``target`` with PRODUCTS. Its log is ``target/log``."""
    log = target / "log"
    tree = target / "tree"
    environment = {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "LC_ALL": "C"}
    with step(f"image: Debian {SUITE} from {mirror()}"):
        run(as_root(["env", *(f"{key}={value}" for key, value in environment.items()), *mmdebstrap(tree)]), log=log)
    with step("image: the lab's own files"):
        _own_files(target, tree, log)
    with step("image: ext4 file system"):
        _file_system(target, tree, log)
    run(as_root(["rm", "-rf", "--one-file-system", str(tree)]), log=log)


def mmdebstrap(tree: Path) -> list[str]:
    argv = [
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        "--format=directory",
        "--quiet",
        "--include=" + ",".join(packages()),
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=Acquire::Retries "3"',
        "--dpkgopt=force-unsafe-io",
        # Before the kernel's package, so that its initramfs is made once and small.
        '--essential-hook=mkdir -p "$1/etc/initramfs-tools/conf.d"',
        "--essential-hook=copy-in "
        + str(LAB_SOURCES / "image/overlay/etc/initramfs-tools/conf.d/lab")
        + " /etc/initramfs-tools/conf.d",
    ]
    argv += ["--dpkgopt=path-exclude=" + pattern for pattern in LEFT_OUT]
    return [*argv, SUITE, str(tree), f"deb [signed-by={DEBIAN_KEYRING}] {mirror()} {SUITE} main"]


def _own_files(target: Path, tree: Path, log: Path) -> None:
    kernel = _kernel(tree)
    own = target / "own"
    shutil.copytree(LAB_SOURCES / "image/overlay", own)
    for path in [own, *own.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)

    guest = own / "var/lib/lab-guest"
    guest.mkdir(parents=True)
    shutil.copyfile(tree / f"boot/vmlinuz-{kernel}", guest / "vmlinuz")
    initramfs.build(guest / "initrd", target, tree, kernel, GUEST_MODULES, LAB_SOURCES / "guest/init")
    library = own / "usr/local/lib/lab-guest"
    library.mkdir(parents=True)
    for source in sorted((LAB_SOURCES / "guest").glob("*.py")):
        shutil.copyfile(source, library / source.name)
    command = own / "usr/local/sbin/lab-guest"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(
        '#!/bin/sh\nexec /usr/bin/python3 /usr/local/lib/lab-guest/lab_guest.py "$@"\n', encoding="utf-8"
    )
    command.chmod(0o755)

    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kvm-vnic-lab", "-f", str(target / "id_ed25519")])
    (own / "root/.ssh").mkdir(parents=True)
    (own / "root/.ssh").chmod(0o700)
    (own / "root").chmod(0o700)
    shutil.copyfile(target / "id_ed25519.pub", own / "root/.ssh/authorized_keys")
    shutil.copyfile(LAB_SOURCES / "image/setup", own / "root/setup")

    run(as_root(["cp", "-a", "--no-preserve=ownership", f"{own}/.", f"{tree}/"]), log=log)
    run(as_root(["chroot", str(tree), "/bin/sh", "/root/setup"]), log=log)
    run(as_root(["rm", str(tree / "root/setup")]), log=log)
    shutil.rmtree(own)

    shutil.copyfile(tree / f"boot/vmlinuz-{kernel}", target / "vmlinuz")
    initramfs.build(target / "initrd", target, tree, kernel, BOOT_MODULES, LAB_SOURCES / "image/boot-init")


def _kernel(tree: Path) -> str:
    kernels = sorted(path.name for path in (tree / "usr/lib/modules").iterdir())
    if len(kernels) != 1:
        raise LabError(f"the image should have one kernel, it has {len(kernels)}: {' '.join(kernels)}")
    return kernels[0]


def _file_system(target: Path, tree: Path, log: Path) -> None:
    image = target / "root.img"
    make = which("mke2fs") or "mke2fs"
    # Fully made now rather than by the running machine's kernel threads later.
    run(
        as_root(
            [
                make,
                "-q",
                "-F",
                "-t",
                "ext4",
                "-L",
                "lab",
                "-m",
                "0",
                "-E",
                "lazy_itable_init=0,lazy_journal_init=0",
                "-d",
                str(tree),
                str(image),
                SIZE,
            ]
        ),
        log=log,
    )
    if os.geteuid() != 0:
        run(as_root(["chown", f"{os.getuid()}:{os.getgid()}", str(image)]), log=log)
