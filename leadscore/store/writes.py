"""What the CRM holds of ours, as last written or seen, and the stage changes that went there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, func, select, update

from leadscore.store.batch import chunks, insert_new, to_json, upsert
from leadscore.store.tables import records
from leadscore.store.work_tables import scores, stage_writes, written

_decode = msgspec.json.Decoder(dict[str, str]).decode


class Standing(NamedTuple):
    """A living record of a person with its saved score and what the CRM holds of ours (None: never seen)."""

    subject: int
    record: int
    object: str
    id: str
    model: str | None
    total: int | None
    scores: Mapping[str, int]
    adjustment: int
    band: str | None
    grade: str | None
    stage: str | None
    touched: bool
    moved: bool
    held: Mapping[str, str] | None


class StageWrite(NamedTuple):
    """A stage change that went to the CRM."""

    record: int
    at: int
    before: str
    after: str


def standings(connection: Connection, low: int, high: int) -> list[Standing]:
    """Every living record of a scored subject in [low, high), in order of subject and record."""
    r, s = records.c, scores.c
    query = (
        select(
            r.subject, r.id, r.object, r.record_id, s.model, s.total, s.scores, s.adjustment, s.band, s.grade, s.stage,
            s.touched, s.moved, written.c["values"],
        )
        .join_from(records, scores, s.subject == r.subject)
        .outerjoin(written, written.c.record == r.id)
        .where(r.subject >= low, r.subject < high, r.until.is_(None), r.read_at.is_not(None))
        .order_by(r.subject, r.id)
    )  # fmt: skip
    points = msgspec.json.Decoder(dict[str, int]).decode
    return [Standing._make(_readable(row, points)) for row in connection.execute(query)]


def held_values(connection: Connection, object: str, ids: Sequence[str]) -> dict[str, tuple[int, dict[str, str]]]:
    """Our number of these records and what the CRM holds of ours, by the CRM's id; nothing seen is an empty mapping."""
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for chunk in chunks(ids):
        query = (
            select(records.c.record_id, records.c.id, written.c["values"])
            .outerjoin(written, written.c.record == records.c.id)
            .where(records.c.object == object, records.c.record_id.in_(chunk))
        )
        for id, number, values in connection.execute(query):
            found[id] = (number, {} if values is None else _decode(values))
    return found


def save_held(connection: Connection, held: Mapping[int, Mapping[str, str]], now: int) -> None:
    """Notes what the CRM holds of ours, by our number of the record."""
    rows = [(record, to_json({k: v for k, v in values.items() if v}), now) for record, values in sorted(held.items())]
    upsert(connection, written, ("record", "values", "at"), [tuple(row) for row in rows])


def written_since(connection: Connection, keys: Sequence[tuple[str, str]], since: int) -> int:
    """How many of these records (object, id) we wrote, or saw to hold what we had written, since then."""
    many = 0
    for object in sorted({key[0] for key in keys}):
        for chunk in chunks([id for name, id in keys if name == object]):
            ours = (records.c.object == object, records.c.record_id.in_(chunk), written.c.at >= since)
            query = select(func.count()).join_from(written, records, records.c.id == written.c.record).where(*ours)
            many += connection.execute(query).scalar_one()
    return many


def save_stage_writes(connection: Connection, writes: Iterable[StageWrite]) -> None:
    """Notes stage changes that went to the CRM."""
    insert_new(connection, stage_writes, StageWrite._fields, list(writes))


def stage_writes_since(connection: Connection, since: int) -> int:
    """How many stage changes went to the CRM after an instant."""
    query = select(func.count()).select_from(stage_writes).where(stage_writes.c.at > since)
    return connection.execute(query).scalar_one()


def settle_moved(connection: Connection, subjects: Iterable[int], as_of: int) -> None:
    """From now on only time moves these, unless they were scored again after the instant that was written."""
    rows = [{"who": subject} for subject in sorted(set(subjects))]
    if rows:
        same = (scores.c.subject == bindparam("who")) & (scores.c.scored_at <= as_of)
        connection.execute(update(scores).where(same).values(moved=0), rows)


def _readable(row: tuple[Any, ...], points: Callable[[str], dict[str, int]]) -> tuple[object, ...]:
    held = None if row[13] is None else _decode(row[13])
    return (*row[:6], points(row[6]), *row[7:11], bool(row[11]), bool(row[12]), held)
