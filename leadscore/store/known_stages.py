"""Whose the stage of each record is, as far as we know; which stages we changed, and what holds for all changes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, select, true

from leadscore.store.batch import chunks, insert_new, near_by, storable, upsert
from leadscore.store.stage_tables import known_stages, stage_moves, stage_notes
from leadscore.store.tables import records
from leadscore.store.work_tables import scores, stage_changes

FUSE, MODELS, ENROL = "fuse", "models", "enrol"
_decode = msgspec.json.Decoder(dict[str, str]).decode


class KnownStage(NamedTuple):
    """What is known of a record's stage; the texts are the CRM's values. `shown`: what the record was last read with
    when we decided. `ours`, `set_at` and `by` are those of the stage that counts as present: the `cleared` one while
    its field is empty. `basis`: what the last decision rested on. `wish`: our word for what an observing model would
    set, with the reason."""

    record: int
    value: str
    shown: str
    ours: bool
    set_at: int | None
    by: str | None
    written: str | None
    written_at: int | None
    cleared: str | None
    basis: str
    wish: str | None
    reason: str | None
    at: int


class Living(NamedTuple):
    """A living record of a person, with the values that it was last read with."""

    subject: int
    record: int
    document: Mapping[str, str]
    known: KnownStage | None


class Moved(NamedTuple):
    """A change of a stage that we made, tried or only wished for; values as in the CRM, `stage` is our word."""

    record: int
    subject: int
    before: str
    after: str
    stage: str
    reason: str
    entered: bool
    released: bool
    outcome: str


class Past(NamedTuple):
    """A change of the past, for a person to look at."""

    object: str
    id: str
    at: int
    before: str
    after: str
    stage: str
    reason: str
    outcome: str


class Crossed(NamedTuple):
    """When the score of a person changed from one stage to another, our words."""

    at: int
    before: str | None
    after: str | None


def living(connection: Connection, subjects: Iterable[int]) -> list[Living]:
    """Every living record of these people."""
    r = records.c
    found: list[Living] = []
    for chunk in chunks(sorted(set(subjects))):
        query = (
            select(r.subject, r.id, r.document, known_stages)
            .outerjoin(known_stages, known_stages.c.record == r.id)
            .where(r.subject.in_(chunk), r.until.is_(None), r.read_at.is_not(None))
            .order_by(r.subject, r.id)
        )
        for row in connection.execute(query):
            known = None if row[3] is None else _known(tuple(row[3:]))
            found.append(Living(row[0], row[1], _decode(row[2]), known))
    return found


def known(connection: Connection, ids: Iterable[int]) -> dict[int, KnownStage]:
    """What is known of the stages of these records."""
    found: dict[int, KnownStage] = {}
    for chunk in chunks(sorted(set(ids))):
        for row in connection.execute(select(known_stages).where(known_stages.c.record.in_(chunk))):
            found[row.record] = _known(tuple(row))
    return found


def subjects_known(connection: Connection, subjects: Sequence[int]) -> frozenset[int]:
    """Those of these people (ascending) of whose stages something is known."""
    r, found = records.c, set()
    for near in near_by(r.subject, subjects):
        query = select(r.subject).join(known_stages, known_stages.c.record == r.id).where(near)
        found |= set(connection.execute(query).scalars())
    return frozenset(found)


def save_known(connection: Connection, rows: Iterable[KnownStage]) -> None:
    """Keeps what is known of stages now."""
    columns = KnownStage._fields
    upsert(connection, known_stages, columns, [(*one[:3], int(one.ours), *one[4:]) for one in sorted(rows)])


def note_moves(connection: Connection, moves: Sequence[Moved], now: int) -> None:
    """Keeps what became of changes; what a record went through is kept in its order."""
    m = stage_moves.c
    last: dict[int, int] = {}
    for chunk in chunks(sorted({one.record for one in moves})):
        query = select(m.record, func.max(m.at)).where(m.record.in_(chunk)).group_by(m.record)
        last |= {row[0]: row[1] for row in connection.execute(query)}
    columns = ("record", "at", "subject", "before", "after", "stage", "reason", "entered", "released", "outcome")
    rows = [
        (
            one.record, max(now, last.get(one.record, 0) + 1), one.subject, one.before, one.after, one.stage,
            storable(one.reason), int(one.entered), int(one.released), one.outcome,
        )
        for one in moves
    ]  # fmt: skip
    insert_new(connection, stage_moves, columns, rows)


def count_moves(connection: Connection, since: int, *, entered: bool = False) -> int:
    """Changes that went to the CRM after an instant: those that the fuse counts, or all entries."""
    m = stage_moves.c
    which = m.entered == 1 if entered else m.released == 0
    return connection.execute(select(func.count()).where(m.at > since, m.outcome == "done", which)).scalar_one()


def past_moves(connection: Connection, limit: int, subject: int | None = None) -> list[Past]:
    """The latest changes of one person or of all, newest first."""
    m, r = stage_moves.c, records.c
    query = (
        select(r.object, r.record_id, m.at, m.before, m.after, m.stage, m.reason, m.outcome)
        .join_from(stage_moves, records, r.id == m.record)
        .where(true() if subject is None else m.subject == subject)
        .order_by(m.at.desc(), m.record)
        .limit(limit)
    )
    return [Past(*row) for row in connection.execute(query)]


def moves_of(connection: Connection, ids: Sequence[int], limit: int) -> list[Past]:
    """The latest changes of these records, newest first."""
    m, r = stage_moves.c, records.c
    query = (
        select(r.object, r.record_id, m.at, m.before, m.after, m.stage, m.reason, m.outcome)
        .join_from(stage_moves, records, r.id == m.record)
        .where(m.record.in_(ids))
        .order_by(m.at.desc(), m.record)
        .limit(limit)
    )
    return [Past(*row) for row in connection.execute(query)]


def crossings(connection: Connection, subjects: Iterable[int]) -> dict[int, list[Crossed]]:
    """Every change of stage of these people's scores, oldest first."""
    s = stage_changes.c
    found: dict[int, list[Crossed]] = {}
    for chunk in chunks(sorted(set(subjects))):
        query = select(s.subject, s.at, s.before, s.after).where(s.subject.in_(chunk)).order_by(s.subject, s.at)
        for row in connection.execute(query):
            found.setdefault(row[0], []).append(Crossed(*row[1:]))
    return found


def standing(connection: Connection, *, since: int | None = None) -> dict[int, int]:
    """The living records, with their subjects, of everybody whose score stands for a stage; `since`: only of those
    whose score's stage changed after that instant."""
    r, s = records.c, scores.c
    query = select(r.id, r.subject).join_from(records, scores, s.subject == r.subject)
    query = query.where(s.stage.is_not(None), r.until.is_(None), r.read_at.is_not(None))
    if since is not None:
        query = query.where(s.subject.in_(select(stage_changes.c.subject).where(stage_changes.c.at > since)))
    return {row[0]: row[1] for row in connection.execute(query)}


def note(connection: Connection, name: str, said: str | None, now: int) -> None:
    """Notes what holds for all changes, or with None that it no longer does. What held before keeps its instant."""
    if said is None:
        connection.execute(delete(stage_notes).where(stage_notes.c.name == name))
        return
    before = notes(connection).get(name)
    if before is None or before[1] != said:
        upsert(connection, stage_notes, ("name", "at", "said"), [(name, before[0] if before else now, said)])


def notes(connection: Connection) -> dict[str, tuple[int, str]]:
    """What holds for all changes, each with the instant since when and a sentence."""
    return {row.name: (row.at, row.said) for row in connection.execute(select(stage_notes))}


def count_wishes(connection: Connection) -> dict[tuple[str, str], int]:
    """How many records an observing model would move, by the CRM's value now and our word for the stage."""
    k = known_stages.c
    query = select(k.value, k.wish, func.count()).where(k.wish.is_not(None)).group_by(k.value, k.wish)
    return {(row[0], row[1]): row[2] for row in connection.execute(query.order_by(k.value, k.wish))}


def _known(row: tuple[object, ...]) -> KnownStage:
    found = KnownStage._make(row)
    return found._replace(ours=bool(found.ours))
