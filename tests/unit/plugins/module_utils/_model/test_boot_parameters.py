# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.boot_parameters import (
    Argument,
    BootWish,
    parse_parameter_name,
    parse_parameter_value,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.kernel_command_line import CommandLine

names = st.sampled_from(["iommu", "intel_iommu", "intel-iommu", "console", "hugepages", "hugepagesz", "quiet"])
arguments = st.builds(Argument, names, st.one_of(st.none(), st.sampled_from(["on", "off", "a b"])))
lines = st.lists(arguments, max_size=8).map(CommandLine)


@st.composite
def wishes(draw):
    listed = draw(st.lists(arguments, max_size=5, unique_by=lambda argument: (argument.key, argument.value)))
    gone = draw(st.sets(st.sampled_from(sorted({argument.key for argument in listed}) or ["x"])))
    absent = [argument for argument in listed if argument.key in gone]
    return BootWish(
        tuple(argument for argument in listed if argument.key not in gone),
        tuple(argument for argument in absent if argument.value is None),
        tuple(argument for argument in absent if argument.value is not None),
    )


@given(wishes(), lines)
def test_once_applied_nothing_lacks_and_foreign_arguments_are_as_before(wish, line):
    after = wish.applied(line)
    assert wish.lacking(after) == ()
    assert wish.applied(after) == after
    assert not wish.lacking(line) or after != line
    for key in {argument.key for argument in line.arguments} - set(wish.keys):
        assert after.values(key) == line.values(key)


@given(wishes(), lines)
def test_what_lacks_can_be_applied_alone(wish, line):
    assert wish.lacking(wish.only(wish.lacking(line)).applied(line)) == ()


@given(wishes(), lines)
def test_each_present_argument_is_there_once(wish, line):
    after = wish.applied(line)
    for key in {argument.key for argument in wish.present}:
        assert list(after.values(key)) == [argument.value for argument in wish.present if argument.key == key]


def test_a_name_given_twice_alike_needs_no_reboot_but_is_put_right():
    wish, line = BootWish((Argument("iommu", "pt"),)), CommandLine.parse("iommu=pt quiet iommu=pt")
    assert wish.lacking(line) == ("iommu",) and wish.unmet(line) == ()


def test_order_matters_for_huge_pages_alone():
    wish = BootWish(CommandLine.parse("iommu=pt hugepagesz=1G hugepages=4 quiet").arguments)
    assert wish.lacking(CommandLine.parse("quiet hugepagesz=1G iommu=pt hugepages=4")) == ()
    assert set(wish.lacking(CommandLine.parse("iommu=pt hugepages=4 hugepagesz=1G quiet"))) == {
        "hugepages",
        "hugepagesz",
    }


@given(st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.none()))
def test_what_is_accepted_reads_the_same_everywhere(text):
    for parse in (parse_parameter_name, parse_parameter_value):
        try:
            accepted = parse(text)
        except ValueError:
            continue
        assert accepted == text and not set(accepted) & set("\"'\\$`;&|<>{}\n\0") and accepted.isascii()
