# SPDX-License-Identifier: GPL-3.0-or-later
"""What reading tells about a shell file, against what a real shell does with it."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.boot_parameters import BootWish
from ansible_collections.kvm.vnic.plugins.module_utils._model.grub_defaults import MAIN, VARIABLES, evaluate, rewritten
from ansible_collections.kvm.vnic.plugins.module_utils._model.grub_drop_in import DropIn
from ansible_collections.kvm.vnic.plugins.module_utils._model.grub_shell import Garbled, read_shell
from ansible_collections.kvm.vnic.plugins.module_utils._model.kernel_command_line import CommandLine


def shell(text, program="/bin/sh"):
    """The variables after a real shell read ``text``."""
    script = text + '\nprintf "%s\\0" ' + " ".join('"$%s"' % name for name in VARIABLES) + "\n"
    done = subprocess.run(
        [program], input=script.encode(), capture_output=True, check=True, env={"PATH": "/usr/bin:/bin"}
    )
    return dict(zip(VARIABLES, done.stdout.decode().split("\0")))


literals = st.text("ab =_-,;#*/.()&|", max_size=12)
words = st.one_of(
    literals.map("'{0}'".format),
    literals.map('"{0}"'.format),
    st.text("abc=,-", max_size=8),
    st.sampled_from(
        ['"\\"a b\\""', '"a\\\nb"', "a\\ b", "'a'\"b\"c", '"$A"', '"${GRUB_CMDLINE_LINUX} x"', '"$GRUB_CMDLINE_LINUX"y']
    ),
    st.sampled_from(
        ['"$(echo "a b")"', "`echo '\"'`", '"${A:-}}"', '"a$"', "$", '"\\$A \\` \\\\ \\x"', "''", "'a\nb'", "a#b"]
    ),
)
statements = st.one_of(
    st.builds("{}={}".format, st.sampled_from(VARIABLES + ("A",)), words),
    st.builds("export {}={}".format, st.sampled_from(VARIABLES), words),
    st.builds("{}={} true".format, st.sampled_from(VARIABLES), words),
    st.builds("if {}; then {}={}; fi".format, st.sampled_from(["true", "false"]), st.sampled_from(VARIABLES), words),
    st.builds("case x in {}) {}={};; esac".format, st.sampled_from(["x", "y"]), st.sampled_from(VARIABLES), words),
    st.builds("{} && {}={}".format, st.sampled_from(["true", "! true"]), st.sampled_from(VARIABLES), words),
    st.builds("({}={})".format, st.sampled_from(VARIABLES), words),
    st.builds("f() {{ {}={}; }}".format, st.sampled_from(VARIABLES), words),
    st.builds("unset {}".format, st.sampled_from(VARIABLES)),
    st.sampled_from(["# it's \"half", "", "   ", "true # it's", "echo 'x=1' >/dev/null"]),
)
files = st.lists(statements, max_size=6).map("\n".join)


@settings(max_examples=60)
@given(files)
def test_what_is_known_is_what_a_shell_finds(text):
    found = shell(text)
    for name, value in evaluate(text).items():
        if name in VARIABLES and value is not UNKNOWN:
            assert value == found[name]


def test_ordinary_files_are_known():
    text = """
# comment's apostrophe
GRUB_DISTRIBUTOR=`( . /etc/os-release; echo ${NAME:-Debian} ) 2>/dev/null || echo Debian`
A='x y' ; GRUB_CMDLINE_LINUX_DEFAULT="quiet splash" # "more
export GRUB_CMDLINE_LINUX="console=ttyS0 $A"
GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX dyndbg=\\"file a +p\\""
"""
    assert evaluate(text) == dict(
        shell(text), A="x y", GRUB_DISTRIBUTOR=UNKNOWN, GRUB_CMDLINE_LINUX='console=ttyS0 x y dyndbg="file a +p"'
    )


def test_appending_as_bash_does():
    assert evaluate("%s=a\n%s+=' b'\n" % (MAIN, MAIN))[MAIN] == "a b"


@pytest.mark.parametrize("text", [". /x", "source x", "eval A=1", "cat <<EOF\nX\nEOF", "[ -e x ] || return"])
def test_what_may_set_anything_makes_everything_unknown(text):
    assert set(evaluate("%s=a\n%s\n" % (MAIN, text)).values()) == {UNKNOWN}


@pytest.mark.parametrize("text", ['A="', "A='b\nc", "A=`x", "A=$(echo ')'", 'A="${b', 'A="$(echo "x)"', "A=1\0"])
def test_half_a_file_is_garbled(text):
    with pytest.raises(Garbled, match="line 1"):
        read_shell(text)


@given(st.text("AB=\"'`$(){}\\ \n;#&|<>", max_size=40))
def test_reading_is_total(text):
    try:
        parsed = read_shell(text)
    except Garbled:
        return
    for assignment in parsed.assignments:
        if assignment.start is not None:
            assert text[: assignment.start].endswith("=") and assignment.start <= assignment.end <= len(text)


names = st.sampled_from(["iommu", "intel_iommu", "console"])
wishes = st.builds(
    lambda present, absent: BootWish(
        tuple(CommandLine.parse(" ".join("%s=%s" % pair for pair in present.items())).arguments),
        tuple(CommandLine.parse(" ".join(absent - set(present))).arguments),
    ),
    st.dictionaries(names, st.sampled_from(["on", "off", '"a b"']), max_size=3),
    st.sets(names),
)
command_lines = st.lists(
    st.sampled_from(
        ["iommu=pt", "intel-iommu=on", "console=tty0", "quiet", "xiommu=1", 'dyndbg="a  b"', '"iommu=a b"', "iommu"]
    ),
    max_size=5,
).map(" ".join)
settings_of = st.lists(
    st.one_of(
        st.builds(
            lambda name, line, own: '%s="%s%s"' % (name, "$%s " % name if own else "", line.replace('"', '\\"')),
            st.sampled_from(VARIABLES),
            command_lines,
            st.booleans(),
        ),
        st.builds("{}='{}'".format, st.sampled_from(VARIABLES), command_lines),
        st.just("# GRUB_CMDLINE_LINUX='iommu=pt'"),
    ),
    max_size=5,
).map(lambda lines: "".join(line + "\n" for line in lines))


def line_of(values):
    return CommandLine.parse("%s %s" % (values[MAIN], values["GRUB_CMDLINE_LINUX_DEFAULT"]))


def foreign(values, wish):
    return {name: [a for a in CommandLine.parse(values[name]).arguments if not wish.owns(a)] for name in VARIABLES}


@settings(max_examples=30)
@given(settings_of, wishes)
def test_an_edited_file_gives_a_shell_what_is_wished_and_what_was_there(text, wish):
    after = rewritten(text, wish)
    found = shell(after)
    assert wish.lacking(line_of(found)) == ()
    assert foreign(found, wish) == foreign(shell(text), wish)
    assert evaluate(after) == dict(evaluate(text), **found)
    assert rewritten(after, wish) == after


@settings(max_examples=30)
@given(settings_of, wishes)
def test_only_lines_that_set_ours_change(text, wish):
    before, after = text.splitlines(), rewritten(text, wish).splitlines()
    for old, new in zip(before, after):
        assert old == new or old.startswith(VARIABLES)


@settings(max_examples=30)
@given(settings_of, wishes)
def test_our_own_file_gives_every_shell_what_is_wished_and_what_was_there(text, wish):
    own = DropIn().wishing(wish, line_of(evaluate(text)))
    for program in ("/bin/sh", "/bin/bash"):
        found = shell(text + own.text(), program)
        assert wish.lacking(line_of(found)) == ()
        assert foreign(found, wish) == foreign(shell(text), wish)
        predicted = own.evaluate(evaluate(text))
        assert all(CommandLine.parse(found[name]) == CommandLine.parse(predicted[name]) for name in VARIABLES)
    assert DropIn.parse(own.text()) == own


def test_a_condition_that_reading_cannot_decide_is_named():
    with pytest.raises(ValueError, match="line 2 sets GRUB_CMDLINE_LINUX under a condition"):
        rewritten("A=1\n[ -e x ] && GRUB_CMDLINE_LINUX=iommu=pt\n", BootWish(CommandLine.parse("iommu=on").arguments))


def test_substitutions_around_an_edit_stay_as_they_are_written():
    wish = BootWish(CommandLine.parse("iommu=on").arguments)
    text = 'GRUB_CMDLINE_LINUX="$(cat /x) iommu=pt ${A:-b c} `d`" # end\n'
    assert rewritten(text, wish) == 'GRUB_CMDLINE_LINUX="$(cat /x) ${A:-b c} `d` iommu=on" # end\n'
