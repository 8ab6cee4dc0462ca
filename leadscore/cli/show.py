"""How a score looks in a terminal and on the wire: a list of leads, one lead's ledger, JSON lines.

Nothing that a contact wrote reaches a terminal unchecked: characters that are not printable become spaces.
"""

import io
import sys
from collections.abc import Iterable, Mapping
from typing import IO, Any

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scoring.ledger import Contribution, Evidence, Score
from scoring.values import write_instant

PIPE_CLOSED = 141
_WHO_CELLS = 40


class _Screen(Console):
    """A console that ends the program as a closed pipe ends others: whoever read (head, less) has seen enough."""

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(PIPE_CLOSED) from None


def console(file: IO[str] | None = None) -> Console:
    """A console for what people read, on `file` or stdout: colours only on a terminal, 80 columns when it is none.
    Characters that the output's encoding does not have become question marks."""
    file = file or sys.stdout
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="replace")
    return _Screen(file=file, markup=False, highlight=False, emoji=False)


def clean(text: str) -> str:
    """Text of unknown origin for one line of a terminal."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def score_record(id: str, score: Score) -> dict[str, Any]:
    """A score as the JSON that `--json` promises: times UTC ISO 8601 with Z, what is absent null."""
    return {
        "id": id,
        "model": score.model,
        "as_of": write_instant(score.as_of),
        "scores": dict(score.scores),
        "adjustment": score.adjustment,
        "total": score.total,
        "band": score.band,
        "grade": score.grade,
        "stage": score.stage,
        "next_change_at": None if score.next_change_at is None else write_instant(score.next_change_at),
        "reason": score.reason,
        "contributions": [contribution_record(line) for line in score.contributions],
        "unreadable": list(score.unreadable),
    }


def contribution_record(line: Contribution) -> dict[str, Any]:
    """A line of the ledger as JSON."""
    return {
        "kind": line.kind,
        "score": line.score,
        "group": line.group,
        "rule": line.rule,
        "points": line.points,
        "evidence": dict(line.evidence),
    }


def json_line(record: Mapping[str, Any]) -> bytes:
    """A record as one line of UTF-8 JSON, its line end included."""
    return msgspec.json.encode(record) + b"\n"


def evidence_text(evidence: Evidence) -> str:
    """Evidence in one line: `title: VP Sales, count: 3, last: 2027-03-10`."""
    return ", ".join(f"{name}: {clean(str(value))}" for name, value in evidence.items())


def contribution_text(line: Contribution) -> str:
    """What a line of the ledger is about, in words."""
    if line.kind == "rule":
        return clean(line.rule or "")
    if line.kind == "limit":
        return f"limit of {line.group}" if line.group else f"limit of {line.score}"
    return "sales feedback"


def show_ledger(out: Console, score: Score) -> None:
    """The lines that add up to a score, each score's own sum below them, the total at the end."""
    if score.total is None:
        out.print("No model is for this lead: it has no score.")
        return
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    table.add_column(style="dim")
    for name, points in score.scores.items():
        lines = [line for line in score.contributions if line.score == name]
        for line in lines:
            group = f"{line.group}: " if line.kind == "rule" and line.group else ""
            table.add_row(f"{line.points:+d}", group + contribution_text(line), evidence_text(line.evidence))
        table.add_row(f"{points:d}", name, "" if lines else "nothing matched", style="bold")
    for line in score.contributions:
        if line.kind == "adjustment":
            table.add_row(f"{line.points:+d}", contribution_text(line), evidence_text(line.evidence))
    table.add_row(str(score.total), "total", standing(score), style="bold")
    out.print(table)
    if score.unreadable:
        out.print(f"Unreadable, so taken as unknown: {', '.join(score.unreadable)}", style="yellow")
    if score.next_change_at is not None:
        out.print(f"Changes by itself at {write_instant(score.next_change_at)}", style="dim")


def standing(score: Score) -> str:
    """Grade, band and stage in one phrase, those that there are."""
    return ", ".join(part for part in (score.grade, score.band, score.stage) if part)


def show_leads(out: Console, leads: Iterable[tuple[str, Score]]) -> None:
    """Scored leads as a numbered list in their order: total, grade, band, stage, who (an id, an e-mail or both), and
    below them the reason."""
    rows = [(clean(who), score) for who, score in leads]
    heads = ("total", "grade", "band", "stage", "contact")
    cells = [
        (str(score.total), score.grade or "-", score.band or "-", score.stage or "-", _cut(who)) for who, score in rows
    ]
    widths = [max(cell_len(line[at]) for line in (heads, *cells)) for at in range(len(heads))]
    number = max(len(str(len(rows))), 1)
    out.print(Text(" " * (number + 2) + _line(heads, widths), style="dim"))
    for at, (line, (_, score)) in enumerate(zip(cells, rows, strict=True), 1):
        text = Text(f"{at:>{number}}  ", style="dim")
        text.append(_line(line, widths), style="bold")
        out.print(text, soft_wrap=True)
        for part in Text(clean(score.reason or "")).wrap(out, max(20, out.width - number - 2)):
            part.rstrip()
            out.print(Text(" " * (number + 2)) + part)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    total = " " * (widths[0] - cell_len(cells[0])) + cells[0]
    rest = [set_cell_size(cell, width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "  ".join([total, *rest]).rstrip()


def _cut(who: str) -> str:
    return who if cell_len(who) <= _WHO_CELLS else set_cell_size(who, _WHO_CELLS - 3).rstrip() + "..."
