"""Counts scores while they stream past, and draws how they are distributed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heapreplace

from rich.console import Console
from rich.text import Text

from scoring.ledger import Score
from scoring.model import ScoringModel

_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_MOST_BARS = 16
_FULL, _EIGHTHS = "█", " ▏▎▍▌▋▊▉"


@dataclass(slots=True)
class Tally:
    """What is kept of any number of scores for showing them together: counts, and the best `keep` of them."""

    keep: int = 20
    totals: Counter[int] = field(default_factory=Counter)
    bands: Counter[str] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    scored: int = 0
    unscored: int = 0
    _best: list[tuple[int, int, str, Score]] = field(default_factory=list)

    def add(self, who: str, score: Score) -> None:
        """Counts a score; those of subjects that no model is for are counted apart."""
        if score.total is None:
            self.unscored += 1
            return
        self.scored += 1
        self.totals[score.total] += 1
        for counter, word in ((self.bands, score.band), (self.grades, score.grade), (self.stages, score.stage)):
            if word is not None:
                counter[word] += 1
        # Of equal totals the earlier one is the better.
        entry = (score.total, -self.scored, who, score)
        if len(self._best) < self.keep:
            heappush(self._best, entry)
        elif self.keep and entry[0] > self._best[0][0]:
            heapreplace(self._best, entry)

    def best(self) -> list[tuple[str, Score]]:
        """The kept ones, highest total first; of equal totals the one that came first."""
        return [(who, score) for _, _, who, score in sorted(self._best, reverse=True)]


def show_distribution(out: Console, tally: Tally, models: Sequence[ScoringModel]) -> None:
    """Bars of the totals, highest on top, then of the bands, grades and stages in the models' own order."""
    if not tally.scored:
        return
    bars = [(_range_text(low, high), count) for low, high, count in reversed(list(_bins(tally.totals)))]
    _show_bars(out, "Total", bars, tally.scored)
    for title, counter, order in (
        ("Band", tally.bands, _bands(models)),
        ("Grade", tally.grades, sorted(tally.grades)),
        ("Stage", tally.stages, _stages(models)),
    ):
        if counter:
            bars = [(word, counter[word]) for word in dict.fromkeys((*order, *sorted(counter)))]
            if rest := tally.scored - counter.total():
                bars.append(("none", rest))
            _show_bars(out, title, bars, tally.scored)


def _bins(totals: Counter[int]) -> Iterator[tuple[int, int, int]]:
    """At most `_MOST_BARS` ranges of equal width, lowest first, with how many totals lie in each."""
    low, high = min(totals), max(totals)
    step = next((step for step in _STEPS if high // step - low // step < _MOST_BARS), (high - low) // _MOST_BARS + 1)
    counts: Counter[int] = Counter()
    for total, count in totals.items():
        counts[total // step] += count
    for at in range(low // step, high // step + 1):
        yield at * step, at * step + step - 1, counts[at]


def _range_text(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


def _show_bars(out: Console, title: str, bars: Iterable[tuple[str, int]], whole: int) -> None:
    rows = [(label, count, f"{count:,}", f"{100 * count / whole:.1f} %") for label, count in bars]
    label_width = max(len(title), *(len(row[0]) for row in rows))
    count_width, most = max(len(row[2]) for row in rows), max(row[1] for row in rows)
    room = max(10, min(out.width, 120) - label_width - count_width - 14)
    out.print()
    out.print(Text(title, style="bold"))
    for label, count, shown, share in rows:
        line = Text(f"{label:>{label_width}}  ")
        line.append(f"{_bar(count, most, room, out.options.ascii_only):<{room}}", style="cyan")
        line.append(f"  {shown:>{count_width}}  {share:>7}")
        out.print(line)


def _bar(count: int, most: int, room: int, ascii_only: bool) -> str:
    """A bar of at most `room` characters; whoever is there at all shows."""
    if not count:
        return ""
    if ascii_only:
        return "#" * max(1, round(count / most * room))
    full, rest = divmod(max(1, round(count / most * room * 8)), 8)
    return (_FULL * full + (_EIGHTHS[rest] if rest else "")) or _EIGHTHS[1]


def _bands(models: Sequence[ScoringModel]) -> list[str]:
    """All bands, highest first."""
    names = [name for model in models if model.bands for name, _ in reversed(model.bands.edges)]
    return list(dict.fromkeys(names))


def _stages(models: Sequence[ScoringModel]) -> list[str]:
    """The stages that a lead can enter, highest first, then those of holds."""
    names = [step.stage for model in models if model.lifecycle for step in model.lifecycle.enter]
    names += [answer.hold for model in models if model.feedback for answer in model.feedback.answers if answer.hold]
    return list(dict.fromkeys(names))
