"""Reads what is new in the CRM into the store, page by page, and goes on where it was cut."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from connectors.errors import ConnectorError
from connectors.protocol import Needs, Page, Quota, Reader
from leadscore.jobs.refused import Refused
from leadscore.jobs.rulebook import Rulebook
from leadscore.store.account import bind, bound, note
from leadscore.store.database import writing
from leadscore.store.pages import keep_page
from leadscore.store.runs import begin_run, end_run
from leadscore.store.streams import StreamState, begin_pass, keep_only, read_states, save_state


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stream is. `remaining` and the parts of `quota` are None where the CRM does not tell."""

    stream: str
    done: int
    remaining: int | None
    quota: Quota


@dataclass(frozen=True, slots=True)
class StreamReport:
    """What one stream brought in this run; records and activities may be known ones, read again."""

    name: str
    records: int
    activities: int


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync read, stream by stream."""

    streams: tuple[StreamReport, ...]


Commit = Callable[[Engine, Page, StreamState, int], StreamState]


def commit_page(store: Engine, page: Page, state: StreamState, now: int) -> StreamState:
    """Keeps a page and its cursor in one transaction: after a crash either both are there or neither."""
    with writing(store) as connection:
        return keep_page(connection, page, state, now)


def sync(
    store: Engine,
    reader: Reader,
    rulebook: Rulebook,
    now: int,
    *,
    full: bool = False,
    sample: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    commit: Commit = commit_page,
    leave: frozenset[str] = frozenset(),
) -> SyncReport:
    """Reads every stream but those to `leave` from where it stands, and marks due whom it concerns.

    A stream begins anew where `full` asks for it, where the models want more of it than before, and after a sample.
    `sample` reads about so many records of each stream; the store is then good for looking only. Raises StoreError if
    the store belongs to another account, Refused for a sample where more than a sample is kept, and lets RetryLater,
    QuotaExhausted and AccessDenied through: what was read until then is kept, and the next sync goes on from there.
    """
    needs = reader.needs(rulebook.models)
    names, run, states = _begin(store, reader, needs, now, full=full, sample=sample is not None)
    reports: list[StreamReport] = []
    try:
        for name in (name for name in names if name not in leave):
            quota = reader.quota()
            state, records, activities = states[name], 0, 0
            if progress:
                progress(Progress(name, 0, None, quota))
            for page in reader.read(name, state.cursor, needs, now, sample):
                state = commit(store, page, state, now)
                records += len(page.records) + sum(len(one.members) for one in page.lists)
                activities += len(page.activities)
                if progress:
                    progress(Progress(name, records + activities, page.remaining, quota))
            reports.append(StreamReport(name, records, activities))
    except ConnectorError as error:
        _end(store, run, now, "stopped", reports, str(error))
        raise
    _end(store, run, now, "done", reports)
    return SyncReport(tuple(reports))


def _begin(
    store: Engine, reader: Reader, needs: Needs, now: int, *, full: bool, sample: bool
) -> tuple[tuple[str, ...], int, dict[str, StreamState]]:
    """Binds the store, and notes with what each stream begins before anything is read: so a sync that is cut knows
    what it was about, and a plan can tell that a first reading is not complete."""
    account = reader.account()
    names = reader.streams(needs)
    with writing(store) as connection:
        bind(connection, account, now)
        held, sampled = read_states(connection), bound(connection).sampled
        if sample and held and not sampled:
            raise Refused("This store holds more than a sample. Point DATABASE_URL at another store to try a sample.")
        if sampled and not sample:
            held = {}
        keep_only(connection, names)
        states = {name: begin_pass(held.get(name), name, needs, over=full or sample) for name in names}
        for state in states.values():
            save_state(connection, state)
        note(connection, sampled=sample)
        return names, begin_run(connection, "sync", now), states


def _end(
    store: Engine, run: int, now: int, outcome: str, reports: list[StreamReport], error: str | None = None
) -> None:
    counts = {report.name: {"records": report.records, "activities": report.activities} for report in reports}
    with writing(store) as connection:
        end_run(connection, run, now, outcome, {"streams": counts} | ({"error": error} if error else {}))
