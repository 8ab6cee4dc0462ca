"""Reads a CSV export row by row: one bad row is named with its line and reason, and the next one is read."""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from connectors.files.opening import check_format, encoding_advice, open_text
from connectors.files.rejects import FileProblem, Reject, RejectedRow

MAX_CELL = 1024 * 1024
"""Characters in one cell. HubSpot keeps at most 65,536 and Salesforce 131,072 in one field; beyond this a quote was
never closed, and reading on would swallow the file."""

_TICK = 2_000

Tick = Callable[[int, int], None]
"""Told now and then how many bytes of the file (compressed, if it is) and how many rows have been read."""


class Row(NamedTuple):
    """The cells of one row as written; `line` is the physical line on which it starts, the header being line 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file whose header was read. `size` is in bytes on disk."""

    path: Path
    header: tuple[str, ...]
    size: int

    @property
    def name(self) -> str:
        """The file as messages call it."""
        return str(self.path)

    def column(self, name: str) -> int | None:
        """Where a column stands, in any letter case; None: nowhere. Raises FileProblem if it stands there twice."""
        places = [at for at, title in enumerate(self.header) if title.casefold() == name.casefold()]
        if len(places) > 1:
            raise FileProblem(
                f'{self.path} has the column "{name}" more than once (columns '
                f"{' and '.join(str(at + 1) for at in places)}); remove or rename all but one."
            )
        return places[0] if places else None


def open_sheet(path: Path) -> Sheet:
    """Reads the header. Raises FileProblem if the file is missing, empty, no CSV, or its header is not UTF-8."""
    check_format(path)
    with open_text(path) as (text, _):
        feed = _Feed(text)
        try:
            header = next(_reader(feed), [])
        except csv.Error as error:
            raise FileProblem(f"{path} has no readable header ({_csv_reason(error)}); export it again.") from error
    if problem := _TextFaults(path).of(feed.taken):
        raise FileProblem(f"The header of {path} cannot be read: {problem}.")
    return Sheet(path, tuple(cell.strip() for cell in header), path.stat().st_size)


def rows(sheet: Sheet, reject: Reject, tick: Tick | None = None) -> Iterator[Row]:
    """The rows below the header, in order; blank lines are passed over.

    A row that is not UTF-8, holds a NUL, has a quote that is never closed or not as many cells as the header goes to
    `reject`. Reading goes on at its next line. Raises FileProblem if a compressed file ends early.
    """
    width, count = len(sheet.header), 0
    faults = _TextFaults(sheet.path)
    with open_text(sheet.path) as (text, position):
        feed = _Feed(text)
        reader = _reader(feed)
        next(reader)
        while True:
            feed.taken.clear()
            line = feed.line + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                reject(RejectedRow(sheet.name, line, faults.of(feed.taken[:1]) or _csv_reason(error)))
                reader = feed.go_on_after(line)
                continue
            reason = faults.of(feed.taken)
            if reason is None and len(cells) == width:
                count += 1
                if tick is not None and count % _TICK == 0:
                    tick(position(), count)
                yield Row(line, cells)
            elif "".join(cells).strip():
                reject(RejectedRow(sheet.name, line, reason or f"{len(cells)} cells where the header has {width}"))
                if len(feed.taken) > 1 and len(cells) != width:
                    # A quote that was opened here was most likely closed by the quote of a later row.
                    reader = feed.go_on_after(line)


class _Feed:
    """Physical lines for the CSV reader; keeps those of the row at hand, so that they can be read again."""

    def __init__(self, text: IO[str]) -> None:
        self.line = 0
        self.taken: list[str] = []
        self._again: deque[str] = deque()
        self._text = text

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(2 * MAX_CELL)
        if not line:
            raise StopIteration
        self.taken.append(line)
        self.line += 1
        return line

    def go_on_after(self, line: int) -> Iterator[list[str]]:
        """A new reader that starts below the line on which the row at hand began."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.line = line
        return _reader(self)


class _TextFaults:
    """Says what is wrong with the text of a row; works out the advice on the encoding once a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._advice = ""

    def of(self, lines: list[str]) -> str | None:
        for line in lines:
            if "\0" in line:
                return "holds a NUL byte; export the file again"
            if line.isascii():
                continue
            try:
                line.encode()
            except UnicodeEncodeError as error:
                self._advice = self._advice or encoding_advice(self._path, line)
                return f"not UTF-8 (byte 0x{ord(line[error.start]) - 0xDC00:02X}); {self._advice}"
        return None


def _reader(feed: _Feed) -> Iterator[list[str]]:
    # The csv module has one limit for the whole process.
    csv.field_size_limit(MAX_CELL)
    return csv.reader(feed, strict=True)


def _csv_reason(error: csv.Error) -> str:
    said = str(error)
    if "expected after" in said:
        return 'a quote stands inside a quoted cell, or the one before it is not closed; write a quote as ""'
    if "unexpected end" in said or "field limit" in said:
        return f"a quote is opened and never closed, or a cell is longer than {MAX_CELL:,} characters"
    return f"not valid CSV: {said}"
