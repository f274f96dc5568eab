# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches of iproute2: what we write, a port of its reader, and the real program in a network namespace of its own."""

from __future__ import annotations

import signal
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Commands, Completed
from ansible_collections.kvm.vnic.plugins.module_utils._host.iproute import Iproute, Unwritable, quote
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, Unsupported

HOSTILE = [
    ";id",
    "$(id)",
    "`id`",
    "-rf",
    "--help",
    "*",
    "{{x}}",
    "%d",
    "&",
    "|",
    "a'b",
    'a"b',
    "<x>",
    "a'b\"c",
    "a#b",
    "#",
]
HOSTILE += ["\\", "a\\", '"a', "'a", "\u202e", "\u00fc"]
ALIASES = HOSTILE + [
    "two words",
    " both ",
    "tab\there",
    "\"'# mixed\\",
    "it's",
    'say "x y"',
    "a\\ b",
    "x' y\" z",
    "line\nbreak",
]


def read_batch(text):
    """The words of each line as iproute2 finds them: lib/utils.c, getcmdline and makeargs."""
    lines, found = [line + "\n" for line in text.split("\n")[:-1]], []
    while lines:
        line = lines.pop(0).split("#")[0]
        while "\\\n" in line:
            before = line[: line.index("\\\n")]
            assert lines, "Missing continuation line"
            line = before + lines.pop(0).split("#")[0]
        found.append(make_arguments(line))
    return found


def make_arguments(line):
    words, at = [], 0
    while at < len(line):
        while at < len(line) and line[at] in " \t\r\n":
            at += 1
        if at == len(line):
            break
        if line[at] in "'\"":
            end = line.find(line[at], at + 1)
            assert end >= 0, "Unterminated quoted string"
            words.append(line[at + 1 : end])
        else:
            end = at
            while end < len(line) and line[end] not in " \t\r\n":
                end += 1
            words.append(line[at:end])
        at = end + 1
    return words


class Recorder:
    """Takes what would be run."""

    def __init__(self, errors="", code=0):
        self.calls, self.scripts, self.errors, self.code = [], [], errors, code

    def run(self, argv, stdin="", timeout=60.0, check=True):
        self.calls.append(argv)
        self.scripts.append(stdin)
        return Completed(self.code, "", self.errors)

    def lines(self):
        """Everything run, in order, as the words after ``ip``."""
        found = []
        for argv, script in zip(self.calls, self.scripts):
            found += read_batch(script) if "-batch" in argv else [argv[1:]]
        return found


words = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
    st.text("ab'\"#\\ \t\n\r", max_size=8),
    st.sampled_from(ALIASES),
)


@given(st.lists(st.lists(words, min_size=1, max_size=4), max_size=5))
def test_every_word_arrives_as_it_was(lines):
    commands = Recorder()
    assert Iproute(commands).batch(lines) == [None] * len(lines)
    assert commands.lines() == lines


def reads_back(text, line):
    try:
        return read_batch(text) == [line]
    except AssertionError:
        return False


@given(words)
def test_only_what_has_no_form_is_unwritable(word):
    try:
        written = quote(word)
    except Unwritable:
        for form in (word, '"%s"' % word, "'%s'" % word):
            assert not reads_back(form + " end\n", [word, "end"]) or not reads_back(form + "\n", [word])
    else:
        assert read_batch("%s\n" % written) == [[word]]


def test_one_batch_when_all_can_be_written():
    commands = Recorder()
    Iproute(commands).batch([["link", "set", "dev", "a b", "up"]] * 64)
    assert commands.calls == [["ip", "-force", "-batch", "-"]]


def test_no_lines_run_nothing():
    commands = Recorder()
    assert Iproute(commands).batch([]) == [] and commands.calls == []


@pytest.mark.parametrize(
    ("errors", "code"),
    [("", 1), ("", 255), ("", -9), ('Error: argument "x" is wrong: y\n', 255)]
    + [("Command failed -:1\nUnterminated quoted string\n", 1), ("no\nCommand failed -:1\n", -11)],
)
def test_a_batch_that_ended_early_is_a_failure_as_a_whole(errors, code):
    with pytest.raises(ApplyFailed, match="ip -batch"):
        Iproute(Recorder(errors, code)).batch([["link", "show"]] * 3)


def test_warnings_are_no_failures():
    commands = Recorder("no such device\nCommand failed -:2\nWarning: device does not support x.\n", 1)
    assert Iproute(commands).batch([["a"], ["b"], ["c"]]) == [None, "no such device", None]


class Namespace(Commands):
    """Programs in a network namespace of their own."""

    def __init__(self):
        self.sleeper = subprocess.Popen(["unshare", "--map-root-user", "--net", "sleep", "300"])
        self.enter = ["nsenter", "--preserve-credentials", "--user", "--net", "--target", str(self.sleeper.pid)]
        for _attempt in range(200):  # until unshare has become sleep
            with open("/proc/%d/comm" % self.sleeper.pid) as stream:
                if stream.read() == "sleep\n":
                    break
            subprocess.run(["sleep", "0.02"], check=True)

    def run(self, argv, stdin="", timeout=60.0, check=True):
        return super().run(self.enter + list(argv), stdin, timeout, check)


@pytest.fixture(scope="module")
def ip():
    commands = Namespace()
    yield Iproute(commands)
    commands.sleeper.send_signal(signal.SIGKILL)
    commands.sleeper.wait()


def only(ip):
    (link,) = ip.links()
    return link


def test_the_real_program_reads_back_every_word(ip):
    """One device, its alias set to each hostile text in one call, through batches and beside them."""
    for alias in ALIASES:
        assert ip.batch(
            [["link", "set", "dev", "lo", "mtu", "1400"], ["link", "set", "dev", "lo", "alias", alias]]
        ) == [None, None]
        assert only(ip).alias == alias


def test_the_real_program_takes_hostile_names(ip):
    assert ip.batch([["link", "set", "dev", "lo", "down"]]) == [None]
    names = [name for name in HOSTILE if name != "%d"]  # for the kernel a pattern, not a name
    for before, after in zip(["lo"] + names, names + ["lo"]):
        assert (
            ip.batch([["link", "set", "dev", before, "name", after], ["link", "set", "dev", after, "up"]])[0] is None
        ), after
        assert only(ip).name == after
        assert ip.batch([["link", "set", "dev", after, "down"]]) == [None]


def test_the_real_program_tells_which_line_failed_and_does_the_others(ip):
    answers = ip.batch(
        [
            ["link", "set", "dev", "nope1", "up"],
            ["link", "set", "dev", "lo", "mtu", "1300"],
            ["link", "delete", "dev", "lo"],
            ["link", "set", "dev", "no#pe", "up"],
            ["link", "set", "dev", "no;pe", "up"],
            ["link", "set", "dev", "lo", "alias", "last"],
        ]
    )
    assert [answer is None for answer in answers] == [False, True, False, False, False, True]
    assert (
        "nope1" in answers[0] and "RTNETLINK answers" in answers[2] and "no#pe" in answers[3] and "no;pe" in answers[4]
    )
    assert (only(ip).mtu, only(ip).alias) == (1300, "last")


def test_the_real_program_stops_at_a_word_it_does_not_know(ip):
    with pytest.raises(ApplyFailed, match="garbage|wrong|unknown|Unknown"):
        ip.batch([["link", "set", "dev", "lo", "mtu", "1200"], ["link", "set", "dev", "lo", "no-such-word"]])


class Answering:
    """Stands for the commands; every program prints ``text``."""

    def __init__(self, text):
        self.text = text

    def run(self, argv, **_more):
        return Completed(0, self.text, "")


@pytest.mark.parametrize("text", ["2: eth0: <BROADCAST,UP>\n", '[{"ifname":"eth0",', '{"ifname": "eth0"}'])
@pytest.mark.parametrize("read", ["links", "addresses", "routes", "namespaces"])
def test_an_iproute2_that_prints_something_else_than_json_is_unsupported(read, text):
    """Before anything is written: each module looks first."""
    with pytest.raises(Unsupported, match=r"ip .*-j .*iproute2"):
        getattr(Iproute(Answering(text)), read)()
    with pytest.raises(Unsupported, match="ip -n blue -d -j link show"):
        Iproute(Answering(text)).links_in("blue")
