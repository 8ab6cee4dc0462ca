"""Progress of a long run: bars with rate and time left on a terminal's stderr, nothing anywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from leadscore.cli.show import clean

Advance = Callable[[int, int], None]
"""Told how far a task has come, in the unit of its size, and how many things that was."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Where a run tells people how it goes. `say` prints a line on stderr, above the bars if there are any."""

    progress: Progress | None

    def say(self, text: str) -> None:
        if self.progress is None:
            sys.stderr.write(f"{clean(text)}\n")
        else:
            self.progress.console.print(clean(text), soft_wrap=True)

    def task(self, what: str, size: int) -> Advance | None:
        """A new bar; None where nobody looks. Bars show once they move."""
        if self.progress is None:
            return None
        progress = self.progress
        task = progress.add_task(what, total=size, visible=False, rate="")
        started = progress.get_time()

        def advance(done: int, count: int) -> None:
            seconds = max(progress.get_time() - started, 0.001)
            progress.update(task, completed=min(done, size), visible=True, rate=f"{count / seconds:,.0f}/s")

        return advance


@contextmanager
def meter(quiet: bool = False) -> Iterator[Meter]:
    """Bars if stderr is a terminal and not `quiet`. They are taken away at the end."""
    if quiet or not sys.stderr.isatty():
        yield Meter(None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    screen = Console(stderr=True, markup=False, highlight=False, emoji=False)
    with Progress(*columns, console=screen, transient=True, refresh_per_second=4) as progress:
        yield Meter(progress)
