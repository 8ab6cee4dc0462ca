"""Scores on their way to the CRM: the newest of each record, until the CRM has answered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from leadscore.store.batch import chunks, to_json
from leadscore.store.leases import PARKED, Claim
from leadscore.store.live_tables import outbox
from leadscore.store.tables import records
from leadscore.store.work_tables import scores, written

_decode = msgspec.json.Decoder(dict[str, str]).decode


class Shown(NamedTuple):
    """A living record that shows a subject, with what the CRM holds of ours. `underway`: a score of it waits in the
    outbox, or is being written at this moment, so what the CRM holds is about to change."""

    subject: int
    record: int
    held: Mapping[str, str]
    underway: bool


class Outgoing(NamedTuple):
    """The score of one record: all our words with their text. `as_of` is the instant of the score."""

    record: int
    subject: int
    values: Mapping[str, str]
    reason: str
    as_of: int


class Sending(NamedTuple):
    """An outgoing score that was claimed, with its record in the CRM. `gone`: the record no longer lives."""

    claim: Claim
    subject: int
    object: str
    id: str
    values: Mapping[str, str]
    held: Mapping[str, str]
    as_of: int
    gone: bool


def shown_of(connection: Connection, subjects: Sequence[int]) -> list[Shown]:
    """Every living record of these subjects, in order of subject and record."""
    r = records.c
    found: list[Shown] = []
    for chunk in chunks(sorted(subjects)):
        query = (
            select(r.subject, r.id, written.c["values"], outbox.c.record)
            .outerjoin(written, written.c.record == r.id)
            .outerjoin(outbox, outbox.c.record == r.id)
            .where(r.subject.in_(chunk), r.until.is_(None), r.read_at.is_not(None))
            .order_by(r.subject, r.id)
        )
        for row in connection.execute(query):
            found.append(Shown(row[0], row[1], {} if row[2] is None else _decode(row[2]), row[3] is not None))
    return found


def movements(connection: Connection, subjects: Sequence[int]) -> dict[int, tuple[bool, bool]]:
    """(touched, moved) of saved scores: whether a rule ever gave points, and whether more than time moved them since
    they were last written."""
    found: dict[int, tuple[bool, bool]] = {}
    for chunk in chunks(sorted(subjects)):
        query = select(scores.c.subject, scores.c.touched, scores.c.moved).where(scores.c.subject.in_(chunk))
        found |= {row[0]: (bool(row[1]), bool(row[2])) for row in connection.execute(query)}
    return found


def put_out(connection: Connection, rows: Iterable[Outgoing], now: int) -> None:
    """Asks for scores to be written; the newest of a record takes the place of one that still waits."""
    fresh = {"since": now, "mark": 1, "fence": 0, "tries": 0, "not_before": 0}
    values = [{**row._asdict(), "values": to_json(dict(row.values)), **fresh} for row in sorted(rows)]
    if not values:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(outbox)
    new = statement.excluded
    newest = {name: new[name] for name in ("subject", "values", "reason", "as_of")} | {"mark": outbox.c.mark + 1}
    connection.execute(statement.on_conflict_do_update(index_elements=[outbox.c.record], set_=newest), values)
    _unpark(connection, [row["record"] for row in values])


def sendings(connection: Connection, claims: Sequence[Claim]) -> list[Sending]:
    """What these claims of the outbox are to write."""
    by_record = {one.key: one for one in claims}
    found: list[Sending] = []
    for chunk in chunks(sorted(by_record)):
        query = (
            select(
                outbox.c.record, outbox.c.subject, records.c.object, records.c.record_id, outbox.c["values"],
                written.c["values"], outbox.c.as_of, records.c.until, outbox.c.mark,
            )
            .join_from(outbox, records, records.c.id == outbox.c.record)
            .outerjoin(written, written.c.record == outbox.c.record)
            .where(outbox.c.record.in_(chunk))
            .order_by(outbox.c.record)
        )  # fmt: skip
        for row in connection.execute(query):
            held = {} if row[5] is None else _decode(row[5])
            lent = by_record[row[0]]._replace(mark=row[8])
            found.append(Sending(lent, row[1], row[2], row[3], _decode(row[4]), held, row[6], row[7] is not None))
    return found


def send_again(connection: Connection, ids: Sequence[int], now: int) -> None:
    """The CRM may hold an older score of these records than we noted, because a call came late: the newest is sent
    whole, whatever we believe it to hold."""
    for chunk in chunks(sorted(ids)):
        waiting = set(connection.execute(select(outbox.c.record).where(outbox.c.record.in_(chunk))).scalars())
        again = {"tries": outbox.c.tries + 1, "mark": outbox.c.mark + 1}
        connection.execute(update(outbox).where(outbox.c.record.in_(sorted(waiting))).values(again))
        query = (
            select(records.c.id, records.c.subject, written.c["values"], written.c.at)
            .join(written, written.c.record == records.c.id)
            .where(records.c.id.in_(sorted(set(chunk) - waiting)))
        )
        rows = [Outgoing(r[0], r[1], _decode(r[2]), "resent", r[3]) for r in connection.execute(query) if r[1]]
        put_out(connection, rows, now)
        noted = [row.record for row in rows]
        connection.execute(update(outbox).where(outbox.c.record.in_(noted)).values(tries=1))


def _unpark(connection: Connection, ids: Sequence[object]) -> None:
    for chunk in chunks(ids):
        parked = (outbox.c.record.in_(chunk), outbox.c.not_before == PARKED)
        connection.execute(update(outbox).where(*parked).values(not_before=0))
