"""Scores on their way to the CRM: the newest of each record, until the CRM has answered."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from leadscore.store.batch import chunks, to_json
from leadscore.store.leases import PARKED, Claim
from leadscore.store.live_tables import outbox
from leadscore.store.prepared import Among, Prepared, given, told
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
    rows = _SHOWN.rows(connection, keys=sorted(subjects)) if subjects else []
    return [Shown(row[0], row[1], {} if row[2] is None else _decode(row[2]), row[3] is not None) for row in rows]


def movements(connection: Connection, subjects: Sequence[int]) -> dict[int, tuple[bool, bool]]:
    """(touched, moved) of saved scores: whether a rule ever gave points, and whether more than time moved them since
    they were last written."""
    rows = _MOVEMENTS.rows(connection, keys=sorted(subjects)) if subjects else []
    return {row[0]: (bool(row[1]), bool(row[2])) for row in rows}


def put_out(connection: Connection, rows: Iterable[Outgoing], now: int) -> None:
    """Asks for scores to be written; the newest of a record takes the place of one that still waits."""
    values = [{**row._asdict(), "values": to_json(dict(row.values)), "now": now} for row in sorted(rows)]
    _put(connection.dialect.name).run_all(connection, values)


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


@cache
def _put(database: str) -> Prepared:
    """The newest takes the place of one that waits, and of one that was parked: that goes again."""
    insert = (postgresql.insert if database == "postgresql" else sqlite.insert)(outbox)
    numbers = {"record": given("record"), "subject": given("subject"), "as_of": given("as_of"), "since": given("now")}
    fresh = {"mark": 1, "fence": 0, "tries": 0, "not_before": 0}
    statement = insert.values(numbers | {"values": told("values"), "reason": told("reason")} | fresh)
    new, held = statement.excluded, outbox.c
    newest = {name: new[name] for name in ("subject", "values", "reason", "as_of")}
    waits = case((held.not_before == PARKED, 0), else_=held.not_before)
    again = newest | {"mark": held.mark + 1, "not_before": waits}
    return Prepared(statement.on_conflict_do_update(index_elements=[held.record], set_=again))


_SHOWN = Prepared(
    select(records.c.subject, records.c.id, written.c["values"], outbox.c.record)
    .outerjoin(written, written.c.record == records.c.id)
    .outerjoin(outbox, outbox.c.record == records.c.id)
    .where(Among(records.c.subject), records.c.until.is_(None), records.c.read_at.is_not(None))
    .order_by(records.c.subject, records.c.id)
)
_MOVEMENTS = Prepared(select(scores.c.subject, scores.c.touched, scores.c.moved).where(Among(scores.c.subject)))
