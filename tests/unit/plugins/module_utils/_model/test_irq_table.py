# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import collections
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.irq_table import Irq, IrqTable, parse_interrupts

# Linux 6.12 on x86, beneath an IOMMU; columns of CPUs that are offline are missing
TEXT = """\
            CPU0       CPU1       CPU4
   0:        138          0          0  IR-IO-APIC   2-edge      timer
   9:          0          0          0  IR-IO-APIC   9-fasteoi   acpi
  25:          0          0          0  IR-PCI-MSIX-0000:00:04.0   0-edge      PCIe PME, aerdrv
  48:          1          0          0  IR-PCI-MSIX-0000:41:00.0   0-edge      ens2
  49:          0         31          2  IR-PCI-MSIX-0000:41:00.0   1-edge      ens2-TxRx-0
  50:          0          0          7  IR-PCI-MSIX-0000:41:00.0   2-edge
  60:          0          0          0  IR-PCI-MSIX-0000:41:10.0   0-edge      vfio-msix[0](0000:41:10.0)
 NMI:          0          0          0   Non-maskable interrupts
 LOC:       8605      10451       9876   Local timer interrupts
 ERR:          0
 MIS:          4
 PIN:          3          0          1   Posted-interrupt notification event
"""


def test_what_the_kernel_prints():
    table = parse_interrupts(TEXT)
    assert table.cpus == (0, 1, 4)
    assert list(table.irqs) == [0, 9, 25, 48, 49, 50, 60]
    assert table.irqs[49] == Irq(49, (0, 31, 2), "IR-PCI-MSIX-0000:41:00.0", 1, "edge", "ens2-TxRx-0")
    assert table.irqs[49].total == 33
    assert table.irqs[50].actions == "" and table.irqs[50].names == ()
    assert table.irqs[25].names == ("PCIe PME", "aerdrv")
    assert table.irqs[9].trigger == "fasteoi"
    assert table.irqs[60].names == ("vfio-msix[0](0000:41:10.0)",)
    assert (
        table.others["PIN"] == (3, 0, 1)
        and table.others["MIS"] == (4,)
        and set(table.others)
        == {
            "NMI",
            "LOC",
            "ERR",
            "MIS",
            "PIN",
        }
    )


def test_stripped_of_the_blanks_around_it_it_is_the_same():
    assert parse_interrupts(TEXT.strip()) == parse_interrupts(TEXT)


@pytest.mark.parametrize(
    "rest, chip, hwirq, trigger, actions",
    [
        ("IR-PCI-MSI 524288-edge      eth0-TxRx-0", "IR-PCI-MSI", 524288, "edge", "eth0-TxRx-0"),
        ("PCI-MSI-edge      eth0", "PCI-MSI-edge", None, "", "eth0"),
        ("ITS-PCI-MSIX-0000:03:00.0   0 Edge      eth0-TxRx-0", "ITS-PCI-MSIX-0000:03:00.0", 0, "edge", "eth0-TxRx-0"),
        ("GICv3  27 Level     arch_timer", "GICv3", 27, "level", "arch_timer"),
        ("xen-dyn    -event     eth0-q0-tx", "xen-dyn", None, "event", "eth0-q0-tx"),
        ("None", "None", None, "", ""),
        ("IR-PCI-MSIX-0000:41:00.0   3-edge      a, b,c  d", "IR-PCI-MSIX-0000:41:00.0", 3, "edge", "a, b,c  d"),
        ("IO-APIC   4-edge      4-edge", "IO-APIC", 4, "edge", "4-edge"),
        (
            "IR-IO-APIC  16-fasteoi   i801_smbus, ehci_hcd:usb1",
            "IR-IO-APIC",
            16,
            "fasteoi",
            "i801_smbus, ehci_hcd:usb1",
        ),
    ],
)
def test_chips_and_names(rest, chip, hwirq, trigger, actions):
    irq = parse_interrupts("CPU0 CPU1\n 7: 1 2  %s\n" % rest).irqs[7]
    assert (irq.chip, irq.hwirq, irq.trigger, irq.actions) == (chip, hwirq, trigger, actions)


def test_a_single_cpu():
    table = parse_interrupts("           CPU0       \n  1:          9  IO-APIC   1-edge      i8042\nERR:          0\n")
    assert table.irqs[1].counts == (9,) and table.others == {"ERR": (0,)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "nonsense",
        "CPU0 CPU0\n",
        "CPU0 CPUx\n",
        "CPU0\n1 2\n",
        "CPU0\n: 1 chip\n",
        "CPU0 CPU1\n1: 2\n",
        "CPU0 CPU1\n1: 2 x chip\n",
        "CPU0 CPU1\n1: 2 -3 chip\n",
        "CPU0 CPU1\n1: 2 3\n",
        "CPU0\n1: 2 chip\n1: 2 chip\n",
        "CPU0\nERR: 2\nERR: 2\n",
        "CPU0\nERR:\n",
        "CPU0 CPU1\nNMI: 1 some words\n",
        "CPU0\n1: 1_0 chip\n",
        "CPU0\n1: ٣ chip\n",
    ],
)
def test_what_it_is_not(text):
    with pytest.raises(ValueError):
        parse_interrupts(text)


@st.composite
def mutated(draw):
    text = list(TEXT)
    for _step in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(text) - 1))
        kind = draw(st.sampled_from("iudc"))
        if kind == "i":
            text.insert(at, draw(st.characters()))
        elif kind == "u":
            text[at] = draw(st.characters())
        elif kind == "d":
            del text[at : at + draw(st.integers(1, 40))]
        else:
            text[at:at] = text[at : at + draw(st.integers(1, 200))]
        text = text or ["x"]
    return "".join(text)


@given(st.one_of(mutated(), st.text(), st.text("CPU0123456789 :\n-edgx")))
@example("CPU0\n" + "9" * 5000 + ": 1 chip\n")
@example("CPU0\n1: " + "9" * 5000 + " chip\n")
def test_nothing_but_a_value_error(text):
    try:
        table = parse_interrupts(text)
    except ValueError:
        return
    assert table.cpus and all(len(irq.counts) == len(table.cpus) for irq in table.irqs.values())
    assert table.delta(table).share(table.irqs, table.cpus) is None


counts = st.integers(0, (1 << 32) - 1)
names = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Z")), max_size=20)


@st.composite
def tables(draw):
    cpus = tuple(sorted(draw(st.sets(st.integers(0, 4096), min_size=1, max_size=12))))
    numbers = draw(st.sets(st.integers(0, 9999), max_size=8))
    row = st.tuples(*[counts] * len(cpus))
    irqs = {
        number: Irq(number, draw(row), "IR-PCI-MSIX-0000:41:00.0", draw(st.integers(0, 99)), "edge", draw(names))
        for number in sorted(numbers)
    }
    return IrqTable(cpus, irqs, {"NMI": draw(row), "ERR": (draw(counts),)})


def printed(table):
    lines = ["           " + " ".join("CPU%-7d" % cpu for cpu in table.cpus)]
    for irq in table.irqs.values():
        line = "%4d: %s  %s %4d-%-8s" % (
            irq.number,
            " ".join("%10d" % n for n in irq.counts),
            irq.chip,
            irq.hwirq,
            "edge",
        )
        lines.append(line + ("  " + irq.actions if irq.actions else ""))
    for label, numbers in table.others.items():
        lines.append("%4s: %s" % (label, " ".join("%10d" % number for number in numbers)))
        lines[-1] += "   Non-maskable interrupts" if label == "NMI" else ""
    return "\n".join(lines) + "\n"


@given(tables())
def test_a_table_comes_back(table):
    assert parse_interrupts(printed(table)) == table


def table_of(cpus, **irqs):
    rows = {int(key[1:]): Irq(int(key[1:]), value, "chip", 0, "edge", key) for key, value in irqs.items()}
    return IrqTable(cpus, rows, {"PIN": tuple(range(len(cpus))), "ERR": (5,)})


def test_what_arrived_since():
    earlier, later = table_of((0, 1, 2), _1=(5, 5, 5), _2=(1, 1, 1)), table_of((0, 2, 3), _1=(7, 5, 9), _3=(1, 0, 4))
    grown = later.delta(earlier)
    assert grown.cpus == (0, 2)  # what CPU 3 had counted before is not known
    assert {number: irq.counts for number, irq in grown.irqs.items()} == {1: (2, 0), 3: (1, 0)}
    assert grown.others == {"PIN": (0, 1), "ERR": (0,)}


def test_another_interrupt_under_the_same_number_begins_at_nothing():
    earlier, later = table_of((0,), _1=(100,)), table_of((0,), _1=(130,))
    renamed = IrqTable((0,), {1: Irq(1, (130,), "chip", 0, "edge", "another")}, {})
    assert later.delta(earlier).irqs[1].counts == (30,)
    assert renamed.delta(earlier).irqs[1].counts == (130,)
    assert table_of((0,), _1=(40,)).delta(earlier).irqs[1].counts == (40,)  # asked for anew


def test_counts_run_over_at_32_bits():
    earlier, later = table_of((0,), _1=((1 << 32) - 10,)), table_of((0,), _1=(5,))
    assert later.delta(earlier).irqs[1].counts == (15,)


def test_shares():
    table = table_of((0, 1, 4), _1=(10, 0, 30), _2=(0, 60, 0))
    assert table.share([1], {4}) == 0.75
    assert table.share([1, 2, 99], {1, 4, 77}) == 0.9
    assert table.share([1], {5}) == 0.0 and table.share([99], {0}) is None


def steps(cpus, irqs):
    """How often the parser calls anything, a built-in included, to read a table of this size."""
    lines = ["           " + " ".join("CPU%-7d" % cpu for cpu in range(cpus))]
    row = " ".join("%10d" % (cpu * 7919 % 100000) for cpu in range(cpus))
    lines += ["%4d: %s  IR-PCI-MSIX-0000:81:00.0 %4d-edge      ice-ens5-TxRx-%d" % (n, row, n, n) for n in range(irqs)]
    text, calls = "\n".join(lines), collections.Counter()
    sys.setprofile(lambda _frame, event, _what: calls.update([event]))
    try:
        table = parse_interrupts(text)
    finally:
        sys.setprofile(None)
    assert len(table.irqs) == irqs
    return calls["call"] + calls["c_call"]


def test_the_work_grows_with_the_table_and_not_faster():
    small, large = steps(72, 60), steps(288, 120)
    assert small < large < 8 * small * 1.1
