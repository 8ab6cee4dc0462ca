"""Compares the new scores with an old score of the export: how far the ranks agree, and who moves most."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import fsum, sqrt
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from leadscore.cli.show import clean
from scoring.values import read_number

_SHOWN = 10


class Move(NamedTuple):
    """Somebody's place before and after; rank 1 is the highest score, those with equal scores share their mean rank."""

    ordinal: int
    old: float
    new: float
    old_rank: float
    new_rank: float


@dataclass(slots=True)
class Comparison:
    """Old and new numbers of everybody who has both; nothing else is kept, about 25 bytes a person."""

    ordinals: "array[int]" = field(default_factory=lambda: array("q"))
    old: "array[float]" = field(default_factory=lambda: array("d"))
    new: "array[float]" = field(default_factory=lambda: array("d"))
    empty: int = 0
    not_numbers: int = 0
    first_not_number: str = ""

    def add(self, ordinal: int, cell: str, total: int | None) -> None:
        """Takes one person; without an old or a new score it is only counted."""
        text = cell.strip()
        if total is None or not text:
            self.empty += 1
            return
        number = read_number(text)
        if number is None or number.low != number.high:
            self.not_numbers += 1
            self.first_not_number = self.first_not_number or text[:40]
            return
        self.ordinals.append(ordinal)
        self.old.append(float(number.low))
        self.new.append(total)


def ranks(values: Sequence[float]) -> "array[float]":
    """The rank of each value from the highest (1) down; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__, reverse=True)
    ranked = array("d", bytes(8 * len(values)))
    before = 0
    for _, group in groupby(order, key=values.__getitem__):
        members = list(group)
        mean = before + (len(members) + 1) / 2
        for at in members:
            ranked[at] = mean
        before += len(members)
    return ranked


def spearman(one: Sequence[float], two: Sequence[float]) -> float | None:
    """Spearman's rank correlation from two rankings, ties averaged; None where one of them has only equal ranks."""
    mean = (len(one) + 1) / 2
    spread_one = fsum((rank - mean) ** 2 for rank in one)
    spread_two = fsum((rank - mean) ** 2 for rank in two)
    if not spread_one or not spread_two:
        return None
    together = fsum((a - mean) * (b - mean) for a, b in zip(one, two, strict=True))
    return together / sqrt(spread_one * spread_two)


def movers(comparison: Comparison, old_ranks: Sequence[float], new_ranks: Sequence[float]) -> list[list[Move]]:
    """Those who rise and those who fall most by rank, at most ten each, the farthest first."""
    found = []
    for sign in (1, -1):
        gains = [sign * (before - after) for before, after in zip(old_ranks, new_ranks, strict=True)]
        best = sorted((at for at, gain in enumerate(gains) if gain > 0), key=lambda at: (-gains[at], at))[:_SHOWN]
        found.append(
            [
                Move(comparison.ordinals[at], comparison.old[at], comparison.new[at], old_ranks[at], new_ranks[at])
                for at in best
            ]
        )
    return found


def show_comparison(out: Console, comparison: Comparison, column: str, id_of: Callable[[int], str]) -> None:
    """Rank agreement in a sentence, then who rises and falls most. `id_of` gives the id of an ordinal."""
    old_ranks, new_ranks = ranks(comparison.old), ranks(comparison.new)
    agreement = spearman(old_ranks, new_ranks)
    out.print()
    count = len(comparison.old)
    if agreement is None:
        out.print(f'Rank agreement with "{column}": none to tell, one side has the same score for all {count:,}.')
    else:
        out.print(f'Rank agreement with "{column}": {agreement:.3f} (Spearman; 1 same order, 0 unrelated, -1 reversed)')
    left_out = f"{count:,} contacts compared, {comparison.empty:,} without an old or a new score"
    if comparison.not_numbers:
        left_out += f', {comparison.not_numbers:,} with no number there (the first: "{comparison.first_not_number}")'
    out.print(clean(left_out))
    for title, moves in zip(("Rises most", "Falls most"), movers(comparison, old_ranks, new_ranks), strict=True):
        if moves:
            _show_moves(out, title, moves, column, id_of)


def _show_moves(out: Console, title: str, moves: list[Move], column: str, id_of: Callable[[int], str]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("id", max_width=40, overflow="ellipsis", no_wrap=True)
    for heading in (clean(column), "total", "rank before", "rank now", "moves"):
        table.add_column(heading, justify="right")
    for move in moves:
        ranked = (_number(move.old_rank), _number(move.new_rank), _number(move.old_rank - move.new_rank, "+"))
        table.add_row(clean(id_of(move.ordinal)), f"{move.old:.12g}", f"{move.new:.0f}", *ranked)
    out.print()
    out.print(table)


def _number(rank: float, sign: str = "") -> str:
    return f"{rank:{sign},.1f}".removesuffix(".0")
