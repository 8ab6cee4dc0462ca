"""Fills a store with made-up people by fast inserts, as if a CRM had been read into it. None of this is timed."""

import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine, update

from benchmarks.activities import draw_activities, draw_kinds
from benchmarks.fields import raw_values, typed_values
from connectors.outputs import output_values
from connectors.protocol import Account
from leadscore.jobs.plan import output_words
from leadscore.jobs.rulebook import Rulebook
from leadscore.store import work_tables
from leadscore.store.account import bind
from leadscore.store.activities import kind_ids
from leadscore.store.database import open_store, reading, writing
from leadscore.store.scores import subject_bounds
from leadscore.store.writes import save_held, standings
from scoring.ledger import Score
from scoring.values import DAY

NOW = 1_790_000_000_000
"""The instant at which everything here is scored."""

_POOL = 20_000
"""So many people are drawn; the others repeat their values and habits, each with an own address and other times."""
_SPREAD = 20 * DAY
_WINDOW = 10_000

_RECORDS = (
    "INSERT INTO records (id, object, record_id, subject, since, read_at, created_at, modified_at, email, document) "
    "VALUES (?, 'contact', ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ACTIVITIES = (
    "INSERT INTO activities (subject, occurred_at, kind, source, record, observed_at) VALUES (?, ?, ?, ?, ?, ?)"
)


def fill(path: Path, contacts: int) -> int:
    """Makes a store of so many contacts with their activities, and returns how many activities there are."""
    store = open_store(f"sqlite:///{path}")
    draw = random.Random(11)
    kinds = draw_kinds(draw)
    with writing(store) as connection:
        bind(connection, Account("hubspot", "1", "benchmark", "test", "UTC", ""), NOW)
        numbers = kind_ids(connection, kinds)
    store.dispose()
    pool = []
    for _ in range(min(_POOL, contacts)):
        values = raw_values(typed_values(draw))
        habits = [(a.occurred_at, numbers[a.kind]) for a in draw_activities(draw, kinds, NOW)]
        pool.append((values, habits))
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=OFF")
    activities = 0
    for low in range(1, contacts + 1, _WINDOW):
        people = range(low, min(low + _WINDOW, contacts + 1))
        rows = list(_done(draw, [habits for _, habits in pool], people))
        with database:
            database.executemany(_RECORDS, _records(draw, [values for values, _ in pool], people))
            database.executemany(_ACTIVITIES, rows)
        activities += len(rows)
    database.close()
    return activities


def _records(draw: random.Random, pool: Sequence[dict[str, str]], people: range) -> Iterator[tuple[object, ...]]:
    for who in people:
        values = pool[who % len(pool)]
        name, _, domain = values["email"].partition("@")
        email = f"{name}.{who}@{domain}"
        document = json.dumps(values | {"email": email}, separators=(",", ":"))
        created = NOW - draw.randrange(500) * DAY
        yield who, str(who), who, created, NOW, created, NOW, email, document


def _done(
    draw: random.Random, pool: Sequence[list[tuple[int, int]]], people: range
) -> Iterator[tuple[int, int, int, str, int, int]]:
    for who in people:
        earlier = draw.randrange(_SPREAD)
        for number, (at, kind) in enumerate(pool[who * 7 % len(pool)]):
            yield who, at - earlier, kind, f"{who}-{number}", who, NOW


def pretend_written(store: Engine, rulebook: Rulebook) -> None:
    """Notes that the CRM holds what the scores in the store say, as after an apply."""
    words = [word for word in output_words(rulebook) if word != "reason"]
    with reading(store) as connection:
        low, high = subject_bounds(connection)
    for start in range(low, high + 1, _WINDOW):
        with writing(store) as connection:
            held = {}
            for s in standings(connection, start, start + _WINDOW):
                shown = (s.model, NOW, s.scores, s.adjustment, s.total, s.band, s.grade, s.stage, None, (), ())
                held[s.record] = output_values(Score(*shown, lambda _score: ""), words)
            save_held(connection, held, NOW)
    with writing(store) as connection:
        connection.execute(update(work_tables.scores).values(moved=0))
