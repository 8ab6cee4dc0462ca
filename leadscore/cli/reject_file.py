"""Keeps the rows of a file that could not be used, with line and reason: in a file of their own, or on stderr."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from connectors.files.rejects import FileProblem, RejectedRow
from leadscore.cli.meter import Meter


@dataclass(slots=True)
class Rejects:
    """Takes rejected rows and counts them. `file` None: each is said on stderr."""

    bars: Meter
    file: IO[str] | None
    count: int = 0

    def add(self, row: RejectedRow) -> None:
        """Keeps one row."""
        self.count += 1
        if self.file is None:
            self.bars.say(f"{row.file}:{row.line}: rejected: {row.reason}")
        else:
            csv.writer(self.file, lineterminator="\n").writerow(row)


@contextmanager
def keep_rejects(path: Path | None, inputs: Iterable[Path | None], bars: Meter) -> Iterator[Rejects]:
    """Where rejected rows go: to `path`, a CSV with file, line and reason, or to stderr. Raises FileProblem if it
    cannot be written or is one of the `inputs`."""
    if path is None:
        yield Rejects(bars, None)
        return
    if path.exists() and any(source and path.samefile(source) for source in inputs):
        raise FileProblem(f"--rejects {path} is one of the files to read; name another one.")
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise FileProblem(f"--rejects {path} cannot be written ({error.strerror}); name another place.") from error
    with file:
        csv.writer(file, lineterminator="\n").writerow(RejectedRow._fields)
        yield Rejects(bars, file)
