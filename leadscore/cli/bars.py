"""How far a long job is, on stderr: a bar with rate, time left and calls left on a terminal, a line elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from connectors.protocol import Quota
from leadscore.cli.show import clean
from leadscore.jobs.sync import Progress as SyncProgress

_INTERRUPTED = 130


def say(text: str) -> None:
    """A line for people, on stderr, so that stdout stays data."""
    sys.stderr.write(f"{clean(text)}\n")


@contextmanager
def going_on_later() -> Iterator[None]:
    """Turns Ctrl-C into a sentence: the job inside keeps what it did and goes on from there."""
    try:
        yield
    except KeyboardInterrupt:
        say("Stopped. What was done so far is kept; the same command goes on from there.")
        raise typer.Exit(_INTERRUPTED) from None


def quota_text(quota: Quota) -> str:
    """The calls of the day that are left to all apps of the account; "" where the CRM does not tell."""
    if quota.limit is None or quota.used is None:
        return ""
    return f"{max(0, quota.limit - quota.used):,} calls left today"


@contextmanager
def sync_bars() -> Iterator[Callable[[SyncProgress], None]]:
    """A bar for each stream while it is read; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _progress: None
        return
    with _bars() as bars:
        tasks: dict[str, tuple[int, float]] = {}

        def show(at: SyncProgress) -> None:
            if at.stream not in tasks:
                tasks[at.stream] = (
                    int(bars.add_task(at.stream.replace("_", " "), total=None, note="")),
                    bars.get_time(),
                )
            task, started = tasks[at.stream]
            rate = at.done / max(bars.get_time() - started, 0.001)
            total = None if at.remaining is None else at.done + at.remaining
            note = ", ".join(part for part in (f"{at.done:,} read, {rate:,.0f}/s", quota_text(at.quota)) if part)
            bars.update(task, completed=at.done, total=total, note=note)  # type: ignore[arg-type]  # rich's TaskID is an int

        yield show


@contextmanager
def step_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """One bar for a job that tells how many of how many it has done."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with _bars() as bars:
        task = bars.add_task(what, total=None, note="")
        started = bars.get_time()

        def show(done: int, total: int) -> None:
            rate = done / max(bars.get_time() - started, 0.001)
            bars.update(task, completed=done, total=total, note=f"{done:,} of {total:,}, {rate:,.0f}/s")

        yield show


def _bars() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )
    screen = Console(stderr=True, markup=False, highlight=False, emoji=False)
    return Progress(*columns, console=screen, transient=True, refresh_per_second=4)
