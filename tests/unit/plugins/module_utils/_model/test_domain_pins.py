# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model import domain_pins_edit as edit
from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_pins import DomainPins, Memory, read_pins

CPUS = st.sets(st.integers(0, 300), min_size=1).map(CpuSet)


def read(text):
    return read_pins(ElementTree.fromstring("<domain>%s</domain>" % text))


def cpus(text):
    return CpuSet.from_list(text)


def test_everything():
    found = read(
        "<memory unit='GiB'>2</memory><vcpu placement='static' cpuset='4-7' current='2'> 4 </vcpu>"
        "<iothreads>3</iothreads><iothreadids><iothread id='2'/><iothread id='9'/></iothreadids>"
        "<cputune><vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='3' cpuset='5-6'/><emulatorpin cpuset='7'/>"
        "<iothreadpin iothread='2' cpuset='3'/></cputune>"
        "<numatune><memory mode='strict' nodeset='0-1'/><memnode cellid='0' mode='strict' nodeset='1'/></numatune>"
        "<memoryBacking><hugepages><page size='2' unit='M'/><page size='1048576'/></hugepages></memoryBacking>"
    )
    assert found == DomainPins(
        vcpus=4,
        online=2,
        cpuset=cpus("4-7"),
        vcpu_pins={0: cpus("4"), 3: cpus("5-6")},
        emulator=cpus("7"),
        iothreads=(1, 2, 9),
        iothread_pins={2: cpus("3")},
        memory=Memory("strict", cpus("0-1")),
        memnodes=("0",),
        hugepages=(2048, 1048576),
        memory_kib=2 * 1024 * 1024,
    )


def test_nothing():
    assert read("") == DomainPins()


@pytest.mark.parametrize(
    "text, count", [("<vcpu>3</vcpu>", 3), ("<vcpu current='1'>3</vcpu>", 1), ("<vcpu current='x'>y</vcpu>", 1)]
)
def test_vcpus_that_are_online(text, count):
    assert read(text).online == count


@pytest.mark.parametrize(
    "ids, numbers",
    [((), (1, 2, 3)), ((1,), (1, 2, 3)), ((3, 2), (1, 2, 3)), ((1, 7), (1, 2, 7)), ((4, 5, 6, 7), (4, 5, 6, 7))],
)
def test_io_threads_without_a_number_get_the_lowest_free_one(ids, numbers):
    listed = "".join("<iothread id='%d'/>" % number for number in ids)
    assert read("<iothreads>3</iothreads><iothreadids>%s</iothreadids>" % listed).iothreads == numbers


def test_memory_that_numad_places_and_pages_of_the_default_size():
    found = read(
        "<memory unit='KB'>2048</memory><numatune><memory mode='strict' placement='auto'/></numatune>"
        "<memoryBacking><hugepages/></memoryBacking>"
    )
    assert found.memory == Memory("strict", CpuSet()) and str(found.memory) == "strict auto"
    assert found.hugepages == (0,) and found.memory_kib == 2000


@pytest.mark.parametrize("text", ["<vcpu cpuset='a'>1</vcpu>", "<memory unit='parsec'>1</memory>"])
def test_what_libvirt_would_not_write_is_an_error(text):
    with pytest.raises(ValueError):
        read(text)


FOREIGN = (
    "<domain xmlns:q='urn:q'><!-- theirs --><vcpu>2</vcpu><cputune><shares>9</shares></cputune>"
    "<memoryBacking><locked/></memoryBacking><q:commandline><q:arg value='a&amp;b'/></q:commandline></domain>"
)


@given(CPUS, st.sampled_from([2048, 1048576]))
def test_what_is_put_in_is_read_and_taken_out_leaves_no_trace(wished, size):
    put = edit.edited(FOREIGN, [(edit.set_cpuset, wished), (edit.set_hugepages, size)])
    found = read_pins(ElementTree.fromstring(put))
    assert found.cpuset == wished and found.hugepages == (size,)
    back = edit.edited(put, [(edit.set_cpuset, CpuSet()), (edit.set_hugepages, 0)])
    assert ElementTree.canonicalize(back, with_comments=True) == ElementTree.canonicalize(FOREIGN, with_comments=True)


def test_a_pin_is_taken_out_alone():
    text = (
        "<domain><cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='2'/><emulatorpin cpuset='3'/>"
        "<iothreadpin iothread='1' cpuset='4'/><iothreadpin iothread='11' cpuset='5'/></cputune>"
        "<numatune><memory mode='strict' nodeset='0'/></numatune></domain>"
    )
    changes = [(edit.drop_vcpu_pin, 0), (edit.drop_iothread_pin, 1), (edit.drop_memory, None)]
    found = read_pins(ElementTree.fromstring(edit.edited(text, changes)))
    assert found.vcpu_pins == {1: cpus("2")} and found.iothread_pins == {11: cpus("5")} and found.memory is None
    assert found.emulator == cpus("3")
    gone = edit.edited(
        text, changes + [(edit.drop_vcpu_pin, 1), (edit.drop_iothread_pin, 11), (edit.drop_emulator_pin, None)]
    )
    assert ElementTree.canonicalize(gone) == "<domain></domain>"


def test_a_default_takes_the_choice_from_numad():
    text = "<domain><vcpu placement='auto'>2</vcpu></domain>"
    assert "auto" not in edit.edited(text, [(edit.set_cpuset, cpus("1"))])
