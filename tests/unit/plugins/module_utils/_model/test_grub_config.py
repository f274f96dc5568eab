# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model import loader_entry
from ansible_collections.kvm.vnic.plugins.module_utils._model.boot_parameters import BootWish
from ansible_collections.kvm.vnic.plugins.module_utils._model.grub_config import boot_entries, words
from ansible_collections.kvm.vnic.plugins.module_utils._model.kernel_command_line import CommandLine

CONFIG = """\
### BEGIN /etc/grub.d/00_header ###
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
fi
### END /etc/grub.d/00_header ###
### BEGIN /etc/grub.d/10_linux ###
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple' {
\tload_video
\tlinux\t/boot/vmlinuz-6.12 root=/dev/vda ro dyndbg="file a +p" 'x=it is' # end
\tinitrd\t/boot/initrd.img-6.12
}
submenu 'Advanced options' $menuentry_id_option 'advanced' {
\tmenuentry 'Debian, with Linux 6.12 (recovery mode)' {
\t\techo\t'Loading linux ...'
\t\tlinuxefi\t/boot/vmlinuz-6.12 root=/dev/vda single ; boot
\t}
}
### END /etc/grub.d/10_linux ###
### BEGIN /etc/grub.d/20_linux_xen ###
menuentry 'Xen' {
\tlinux /xen-not-really
}
### END /etc/grub.d/20_linux_xen ###
### BEGIN /etc/grub.d/40_custom ###
menuentry 'Mine' {
\tlinux /mine mine=1
}
### END /etc/grub.d/40_custom ###
"""


def test_the_kernels_of_the_linux_script_with_their_arguments():
    assert [(entry.label, str(entry.line)) for entry in boot_entries(CONFIG)] == [
        ("Debian GNU/Linux", 'root=/dev/vda ro "dyndbg=file a +p" "x=it is"'),
        ("Debian, with Linux 6.12 (recovery mode)", "root=/dev/vda single"),
    ]
    assert boot_entries(CONFIG)[0].line.values("dyndbg") == ("file a +p",)


def test_a_hand_written_file_has_the_entries_it_has():
    (entry,) = boot_entries("menuentry Mine {\nlinux /vmlinuz a=1\n}\n")
    assert (entry.label, str(entry.line)) == ("Mine", "a=1")


@pytest.mark.parametrize(
    ("line", "split"),
    [
        ("linux  /a\tb", ["linux", "/a", "b"]),
        ("a 'b c' \"d e\" f\\ g", ["a", "b c", "d e", "f g"]),
        ("'' \"\"", ["", ""]),
        ("a#b #c", ["a#b"]),
        ('"a\\"b" "c\\d" \'e\\\'', ['a"b', "c\\d", "e\\"]),
        ("a;b", ["a", ";", "b"]),
        ("$x ${y}", ["$x", "${y}"]),
    ],
)
def test_words_as_grub_splits_them(line, split):
    assert words(line) == split


@given(st.text(max_size=60))
def test_reading_is_total(text):
    for entry in boot_entries("menuentry x {\nlinux /k %s\n}\n" % text):
        assert isinstance(entry.line, CommandLine)


ENTRY = """\
title Rocky\r
linux /vmlinuz
options root=/dev/sda ro iommu=off  $kernelopts\x20
options quiet
# options none
id x
"""


def test_options_of_a_loader_entry():
    line = loader_entry.options(ENTRY, {"kernelopts": "rhgb iommu=soft"})
    assert str(line) == "root=/dev/sda ro iommu=off rhgb iommu=soft quiet"
    assert loader_entry.variables(ENTRY) == ["kernelopts"]
    assert loader_entry.options("title x\n").arguments == ()


def test_only_the_options_of_a_loader_entry_change():
    wish = BootWish(CommandLine.parse("iommu=pt").arguments, CommandLine.parse("nosmt").arguments)
    after = loader_entry.rewritten(ENTRY, wish)
    assert after == ENTRY.replace("ro iommu=off  $", "ro $").replace("options quiet", "options quiet iommu=pt")
    assert loader_entry.rewritten(after, wish) == after
    assert loader_entry.rewritten("title x", wish) == "title x\noptions iommu=pt\n"


def test_grubs_environment_block():
    block = "# GRUB Environment Block\nsaved_entry=abc\nkernelopts=root=/dev/sda a\\\\b\\\nc\n######"
    assert loader_entry.grub_environment(block) == {"saved_entry": "abc", "kernelopts": "root=/dev/sda a\\b\nc"}
