"""Keeps what was too much for an owner on one day, and puts it into one digest for each owner."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from leadscore.store.batch import chunks
from leadscore.store.live_tables import notices, tellings
from leadscore.store.notices import DIGEST, DONE, OPEN, Crossing, Figures, put, showing
from leadscore.store.tables import records

LINES = 150
"""How many leads one digest names: what a CRM takes as the text of one task."""


class Member(NamedTuple):
    """A notice that a digest tells. `record` is its living record, `object` and `id` those of the CRM."""

    number: int
    text: str
    record: int
    object: str
    id: str


def given(connection: Connection, owner: str, day: int) -> int:
    """How many tasks an owner was given on a day, or is about to be; digests are not counted."""
    n = notices.c
    mine = (n.day == day, n.owner_id == owner, n.state.in_((OPEN, DONE)), n.digest.is_(None), n.subject != 0)
    return connection.execute(select(func.count()).where(*mine)).scalar_one()


def choose(connection: Connection, number: int, owner: str, day: int, text: str) -> None:
    """Notes to whom a notice goes and in which words, before it is sent."""
    chosen = {"owner_id": owner, "day": day, "text": text}
    connection.execute(update(notices).where(notices.c.number == number).values(chosen))


def choose_owner(connection: Connection, number: int, owner: str) -> None:
    """Notes that a notice goes to another colleague than was chosen first; "" is nobody."""
    connection.execute(update(notices).where(notices.c.number == number).values(owner_id=owner))


def keep_for_digest(connection: Connection, number: int, owner: str, day: int, text: str) -> None:
    """Leaves a notice to the digest of its day."""
    choose(connection, number, owner, day, text)
    connection.execute(update(notices).where(notices.c.number == number).values(state=DIGEST))
    connection.execute(tellings.delete().where(tellings.c.notice == number))


def make_digests(connection: Connection, last_day: int, now: int) -> int:
    """Makes the digests of all days up to the last one that are still due, and returns how many. Whoever comes late to
    a day whose digest was made goes into another one, as does who is left of a digest that was erased with a person."""
    n = notices.c
    query = (
        select(n.number, n.owner_id, n.day, n.record, n.at, n.model)
        .where(_due(last_day))
        .order_by(n.day, n.owner_id, n.put_at, n.number)
    )
    rows = connection.execute(query).all()
    made = 0
    for (day, owner), group in groupby(rows, key=lambda row: (row.day, row.owner_id)):
        begun = _begun(connection, day, owner)
        for part, members in enumerate(chunks(group, LINES), start=begun + 1):
            _make(connection, f"digest:{day}:{owner}:{part}", day, owner, members, now)
            made += 1
    return made


def digests_due(connection: Connection, last_day: int) -> bool:
    """Whether `make_digests` would make one."""
    return connection.execute(select(notices.c.number).where(_due(last_day)).limit(1)).one_or_none() is not None


def _due(last_day: int) -> ColumnElement[bool]:
    n, other = notices.c, notices.alias()
    unmade = or_(n.digest.is_(None), n.digest.not_in(select(other.c.number)))
    return and_(n.state == DIGEST, n.day <= last_day, unmade)


def _begun(connection: Connection, day: int, owner: str) -> int:
    n = notices.c
    return connection.execute(
        select(func.count()).where(n.day == day, n.owner_id == owner, n.subject == 0)
    ).scalar_one()


def _make(connection: Connection, event: str, day: int, owner: str, members: Sequence[Any], now: int) -> None:
    first, at = members[0], max(row.at for row in members)
    (number,) = put(connection, [Crossing(0, first.record, event, at, "crm_task", first.model, "", Figures())], now)
    connection.execute(update(notices).where(notices.c.number == number).values(owner_id=owner, day=day))
    for chunk in chunks(row.number for row in members):
        connection.execute(update(notices).where(notices.c.number.in_(chunk)).values(digest=number))


def members_of(connection: Connection, digest: int) -> tuple[list[Member], list[int]]:
    """What a digest tells, in the order in which it happened, and the notices whose person no record shows any more."""
    n, r = notices.c, records.c
    query = (
        select(n.number, n.text, n.subject, n.record, r.object, r.record_id, r.until, r.subject.label("shows"))
        .outerjoin(records, r.id == n.record)
        .where(n.digest == digest, n.state == DIGEST)
        .order_by(n.put_at, n.number)
    )
    found: list[Member] = []
    gone: list[int] = []
    for row in connection.execute(query).all():
        if (shown := showing(connection, row)) is None:
            gone.append(row.number)
        else:
            found.append(Member(row.number, row.text or "", *shown))
    return found, gone


def move_digest(connection: Connection, digest: int, record: int) -> None:
    """Puts a digest onto another record, where the one that it was for is gone."""
    connection.execute(update(notices).where(notices.c.number == digest).values(record=record))
