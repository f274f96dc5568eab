# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine that runs the lab needs, and its installation on Debian 12 and 13."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from vnic_lab.progress import say, step
from vnic_lab.run import LabError, as_root, run

# The oldest emulator with an igb device that can do SR-IOV (hw/net/igb.c came with QEMU 8.0).
OLDEST_QEMU = (8, 0)
# program (or file) that shows a package to be there -> the package
TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "cpio": "cpio",
    "ssh": "openssh-client",
    "mke2fs": "e2fsprogs",
    "qemu-img": "qemu-utils",
}
EMULATOR = ["qemu-system-x86", "ipxe-qemu", "seabios"]
DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def which(program: str) -> str | None:
    """Like shutil.which, with the sbin directories that a user's PATH lacks."""
    return shutil.which(program) or shutil.which(program, path=SYSTEM_PATH)


def parse_qemu_version(text: str) -> tuple[int, int]:
    """``QEMU emulator version 10.0.2 (Debian ...)`` -> (10, 0); (0, 0) for anything else."""
    found = re.search(r"version (\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def qemu_version() -> tuple[int, int]:
    emulator = which("qemu-system-x86_64")
    if emulator is None:
        return (0, 0)
    return parse_qemu_version(run([emulator, "--version"]))


def release() -> tuple[str, str]:
    """(ID, VERSION_CODENAME) of /etc/os-release, e.g. ("debian", "bookworm")."""
    fields = {}
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        key, _sep, value = line.partition("=")
        fields[key] = value.strip('"')
    return fields.get("ID", "unknown"), fields.get("VERSION_CODENAME", "unknown")


def missing() -> list[str]:
    """Packages that are still needed."""
    wanted = [package for program, package in TOOLS.items() if which(program) is None]
    if not DEBIAN_KEYRING.exists():
        wanted.append("debian-archive-keyring")
    if qemu_version() < OLDEST_QEMU:
        wanted.extend(EMULATOR)
    return wanted


def mirror() -> str:
    """Address of the Debian archive this machine itself uses; ``$LAB_MIRROR`` overrides it."""
    stated = os.environ.get("LAB_MIRROR")
    if stated:
        return stated
    if shutil.which("apt-get"):
        # --no-release-info also shows what was configured but never fetched yet (a fresh machine).
        listing = run(["apt-get", "indextargets", "--no-release-info", "--format", "$(SITE) $(RELEASE)"])
        for line in listing.splitlines():
            site, _sep, suite = line.partition(" ")
            if suite in ("bookworm", "trixie", "stable", "oldstable", "testing", "sid", "unstable", "forky"):
                return site
    raise LabError("no Debian archive in this machine's apt configuration: set LAB_MIRROR to a mirror's address")


def ensure() -> None:
    """Install what is missing (Debian 12 and 13), or fail naming it."""
    wanted = missing()
    if not wanted:
        return
    distribution, codename = release()
    if distribution != "debian" or codename not in ("bookworm", "trixie"):
        raise LabError(
            "missing packages (Debian's names): "
            + " ".join(wanted)
            + "\nqemu-system-x86 must be version 8.0 or newer; install them, then try again"
        )
    with step("installing " + " ".join(wanted)):
        _install(wanted, codename)
    left = missing()
    if left:
        raise LabError("still missing after their installation: " + " ".join(left))


def _install(wanted: list[str], codename: str) -> None:
    site = mirror()
    suites = [codename, codename + "-updates"]
    if codename == "bookworm":
        suites.append(codename + "-backports")
    with tempfile.TemporaryDirectory(prefix="kvm-vnic-apt-") as scratch:
        base = Path(scratch)
        base.chmod(0o755)  # apt fetches as its own user
        lists = base / "lists"
        lists.mkdir()
        (base / "sources.list").write_text(
            "".join(f"deb [signed-by={DEBIAN_KEYRING}] {site} {suite} main\n" for suite in suites), encoding="utf-8"
        )
        # A configuration of our own: the machine's sources stay as they are, and one of them
        # that cannot be reached does not stop us.
        options = [
            "-o",
            f"Dir::Etc::SourceList={base}/sources.list",
            "-o",
            f"Dir::Etc::SourceParts={base}/none",
            "-o",
            f"Dir::State::Lists={lists}",
            "-o",
            "APT::Get::List-Cleanup=0",
            "-o",
            "DPkg::Lock::Timeout=300",
            "-o",
            "Acquire::Retries=3",
        ]
        log = base / "log"
        environment = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        prefix = ["env", *(f"{key}={value}" for key, value in environment.items()), "apt-get", "-q", *options]
        run(as_root([*prefix, "update"]), log=log)
        base_packages = [name for name in wanted if name not in EMULATOR]
        if base_packages:
            run(as_root([*prefix, "install", "-y", "--no-install-recommends", *base_packages]), log=log)
        emulator = [name for name in wanted if name in EMULATOR]
        if emulator:
            target = ["-t", codename + "-backports"] if codename == "bookworm" else []
            run(as_root([*prefix, "install", "-y", "--no-install-recommends", *target, *emulator]), log=log)
        if os.geteuid() != 0:
            subprocess.run(as_root(["rm", "-rf", str(lists)]), check=False)
    say(f"emulator version {'.'.join(str(part) for part in qemu_version())}")
