# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.kernel_command_line import BLANKS, Argument, CommandLine

texts = st.text('ab-_="  \t\n', max_size=40)


def kernel(text):
    """lib/cmdline.c, next_arg, and the loop of kernel/params.c around it, byte by byte: [(param, val)], and whether --
    came."""
    args, found = list(text) + ["\0"], []

    def string(begin):
        return "".join(args[begin : args.index("\0", begin)])

    def skip(at):
        while args[at] != "\0" and args[at] in BLANKS:
            at += 1
        return at

    at = skip(0)
    while args[at] != "\0":
        begin, equals, in_quote, quoted = at, 0, False, False
        if args[begin] == '"':
            begin, in_quote, quoted = begin + 1, True, True
        i = 0
        while args[begin + i] != "\0":
            char = args[begin + i]
            if char in BLANKS and not in_quote:
                break
            if equals == 0 and char == "=":
                equals = i
            if char == '"':
                in_quote = not in_quote
            i += 1
        value = None
        if equals:
            args[begin + equals] = "\0"
            value = begin + equals + 1
            if args[value] == '"':
                value += 1
                if args[begin + i - 1] == '"':
                    args[begin + i - 1] = "\0"
        if quoted and i > 0 and args[begin + i - 1] == '"':
            args[begin + i - 1] = "\0"
        more = args[begin + i] != "\0"
        args[begin + i] = "\0"
        pair = (string(begin), None if value is None else string(value))
        if pair == ("--", None):
            return found, True
        found.append(pair)
        at = skip(begin + i + 1) if more else begin + i
    return found, False


@given(texts)
def test_words_are_split_as_the_kernel_splits_them(text):
    line = CommandLine.parse(text)
    assert ([(argument.name, argument.value) for argument in line.arguments], bool(line.init)) == kernel(text)


@given(texts)
def test_what_is_foreign_stays_as_it_is_written(text):
    line = CommandLine.parse(text)
    assert CommandLine.parse(str(line)) == line
    assert str(line).split() == text.split()
    assert str(line.without(lambda argument: False)) == str(line)


names = st.text("ab_.", min_size=1, max_size=5)
values = st.one_of(st.none(), st.text("ab=,/ *+-", min_size=1, max_size=12))


@given(st.lists(st.tuples(names, values), max_size=6))
def test_what_we_write_the_kernel_reads(pairs):
    text = str(CommandLine([Argument(name, value) for name, value in pairs]))
    assert kernel(text) == (pairs, False)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("quiet", "quiet", None),
        ("iommu=pt", "iommu", "pt"),
        ("console=", "console", ""),
        ('dyndbg="file a +p; file b +p"', "dyndbg", "file a +p; file b +p"),
        ('"dyndbg=file a +p"', "dyndbg", "file a +p"),
        ("a=b=c", "a", "b=c"),
        ('a="b', "a", "b"),
    ],
)
def test_examples(text, name, value):
    assert CommandLine.parse(text).arguments == (Argument(name, value),)


def test_dash_and_underscore_are_the_same_in_names_only():
    line = CommandLine.parse("intel-iommu=a-b intel_iommu=a_b")
    assert line.values("intel_iommu") == ("a-b", "a_b")


def test_new_arguments_go_before_what_is_inits():
    line = CommandLine.parse("quiet -- single  x").plus([Argument("iommu", "pt")])
    assert str(line) == "quiet iommu=pt -- single  x"
