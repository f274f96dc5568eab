# SPDX-License-Identifier: GPL-3.0-or-later
"""What root runs or udev reads names nothing that a guest or a user chose."""

from __future__ import annotations

import re
import subprocess

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.reconciler_hook import HOOK_TEXT
from ansible_collections.kvm.vnic.plugins.module_utils._model.reconciler_rules import rules_text, unmanaged_in
from ansible_collections.kvm.vnic.plugins.module_utils._model.reconciler_units import (
    GUESTS,
    HOST,
    TIMER,
    interval_in,
    unit_texts,
)

VFS = ("0000:01:10.0", "0000:01:10.2", "10000:ab:1f.7")


def test_rules_hold_the_addresses_alone():
    text = rules_text(VFS)
    assert unmanaged_in(text) == VFS and unmanaged_in(rules_text(())) == unmanaged_in(None) == ()
    assert re.sub("|".join(VFS), "", text).count("KERNELS") == 3
    with pytest.raises(ValueError, match="no PCI address"):
        rules_text(['0000:01:10.0", RUN+="/bin/evil'])


def test_every_label_that_rules_jump_to_is_further_down():
    text = rules_text(VFS)
    for match in re.finditer('GOTO="([a-z_]+)"', text):
        assert text.find('LABEL="%s"' % match.group(1), match.end()) > 0


def test_the_timer_says_its_interval():
    assert interval_in(unit_texts("/usr/bin/python3", 60)[TIMER]) == 60
    assert TIMER not in unit_texts("/usr/bin/python3", 0)
    assert interval_in(None) == interval_in("OnUnitInactiveSec=15min\n") == 0


def test_nothing_requires_what_runs_at_boot_and_it_ends():
    texts = unit_texts("/usr/bin/python3", 900)
    assert not any(
        word in text for text in texts.values() for word in ("Requires=", "RequiredBy=", "BindsTo=", "Requisite=")
    )
    for name in (HOST, GUESTS):
        assert re.search(r"^TimeoutStartSec=[1-9]\d*$", texts[name], re.MULTILINE)
    assert "libvirtd.service virtqemud.service" in re.search("^Before=(.*)$", texts[HOST], re.MULTILINE).group(1)


def test_what_asked_goes_before_the_pass_whatever_comes_of_it_and_nothing_ends_the_watching():
    """While the file is there, the path unit starts the service again as soon as it ends."""
    lines = unit_texts("/usr/bin/python3", 900)[GUESTS].splitlines()
    assert lines.index("ExecStartPre=-/usr/bin/rm -f /run/kvm-vnic/wanted") < lines.index(
        "ExecStart=/usr/bin/python3 -I -u /usr/local/libexec/kvm-vnic.pyz guests"
    )
    assert "StartLimitIntervalSec=0" in lines and not any(line.startswith("Condition") for line in lines)


@pytest.mark.parametrize(
    ("operation", "asks"),
    [("started", True), ("release", True), ("prepare", False), ("migrate", False), ("$(id)", False)],
)
def test_the_hook_asks_says_nothing_and_takes_all_it_is_given(tmp_path, operation, asks):
    script = tmp_path / "hook"
    script.write_text(HOOK_TEXT.replace("/run/kvm-vnic", str(tmp_path / "run")))
    argv = ["/bin/sh", str(script), "$(touch %s/evil)" % tmp_path, operation, "begin", "-"]
    done = subprocess.run(argv, input=b"<domain/>" * 20000, capture_output=True, check=True)
    assert done.stdout == done.stderr == b""
    assert (tmp_path / "run/wanted").exists() == asks
    assert not (tmp_path / "evil").exists()
    if asks:
        assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
