# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends the interrupts whose end the emulator lost.

Now and then the emulator takes a processor for busy with its timer's interrupt after the handler has returned. No interrupt
of that priority or below reaches that processor any more, so that whatever sleeps there sleeps on. A program that reads its
own processor's local APIC is in no handler: what that still calls in service was lost, and one write to its EOI register ends
it (Intel SDM, volume 3, "Signaling Interrupt Servicing Completion").
"""

from __future__ import annotations

import mmap
import os
import threading
import time

APIC = 0xFEE00000  # where firmware puts it, one for each processor
IN_SERVICE, END = 0x100, 0xB0  # bytes from there: the first of eight registers of 32 vectors, 16 apart; EOI
PAUSE = 4.0  # seconds


def in_service(registers):
    """The vectors that the processor is busy with. ``registers``: the page of its APIC, as 32-bit words."""
    words = [registers[(IN_SERVICE + 16 * number) // 4] for number in range(8)]
    return [32 * number + bit for number, word in enumerate(words) for bit in range(32) if word >> bit & 1]


def end_lost(registers):
    """The vectors that were ended."""
    ended = []
    while in_service(registers) and len(ended) < 256:
        ended.append(in_service(registers)[-1])
        registers[END // 4] = 0  # ends the one of highest priority
    return ended


def look_after(neighbour, home, registers):
    """For ever: from the CPU ``home``, whose timer wakes us, look at another."""
    while True:
        try:
            os.sched_setaffinity(0, {neighbour})
            for vector in end_lost(registers):
                print("CPU %d: the end of interrupt vector %#x was lost" % (neighbour, vector), flush=True)
            os.sched_setaffinity(0, {home})
        except OSError:
            pass  # one of them is offline
        time.sleep(PAUSE)


def main():
    memory = os.open("/dev/mem", os.O_RDWR | os.O_SYNC)
    registers = memoryview(mmap.mmap(memory, mmap.PAGESIZE, offset=APIC)).cast("I")
    cpus = sorted(os.sched_getaffinity(0))
    for home, neighbour in zip(cpus, cpus[1:] + cpus[:1]):
        threading.Thread(target=look_after, args=(neighbour, home, registers)).start()


if __name__ == "__main__":
    main()
