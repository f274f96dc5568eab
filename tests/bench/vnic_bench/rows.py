# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the result, and how they are shown."""

from __future__ import annotations

COLUMNS = ("name", "unit", "ours", "raw", "naive", "ours_over_raw", "naive_over_ours")


def _ratio(over, under):
    return round(over / under, 2) if over is not None and under else None


def row(name, unit, ours=None, raw=None, naive=None):
    """One line of results.json; None is what was not measured."""
    values = [None if value is None else round(value, 3) for value in (ours, raw, naive)]
    return dict(zip(COLUMNS, [name, unit, *values, _ratio(ours, raw), _ratio(naive, ours)]))


def _cell(value):
    if value is None:
        return "-"
    return value if isinstance(value, str) else "%d" % value if float(value).is_integer() else "%.2f" % value


def table(rows):
    lines = [[column.replace("_", " ") for column in COLUMNS]] + [
        [_cell(line[column]) for column in COLUMNS] for line in rows
    ]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    shown = []
    for line in lines:
        cells = [
            cell.ljust(width) if at < 2 else cell.rjust(width) for at, (cell, width) in enumerate(zip(line, widths))
        ]
        shown.append("  ".join(cells).rstrip())
    return "\n".join(shown)
