"""Finds people and counts them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from leadscore.store.batch import chunks
from leadscore.store.folding import address
from leadscore.store.live_tables import addresses
from leadscore.store.tables import activities, kinds, records
from leadscore.store.work_tables import scores


@dataclass(frozen=True, slots=True)
class Person:
    """A subject by the record that shows it."""

    subject: int
    object: str
    id: str
    email: str | None


def find_person(connection: Connection, who: str) -> Person | None:
    """The person with this record id or e-mail address; a living record comes before an archived one, and a record's
    own address before a further one of another record."""
    r = records.c
    own = or_(r.record_id == who.strip(), r.email == address(who))
    further = r.id.in_(select(addresses.c.record).where(addresses.c.email == address(who)))
    rows = (
        connection.execute(
            select(r.subject, r.object, r.record_id, r.email)
            .where(r.subject.is_not(None), which)
            .order_by(r.until.is_not(None), r.id)
            .limit(1)
        ).one_or_none()
        for which in (own, further)
    )
    row = next((row for row in rows if row is not None), None)
    return None if row is None else Person(*row)


def people_by_subject(connection: Connection, subjects: Iterable[int]) -> dict[int, Person]:
    """These people, each by the first of their living records."""
    r = records.c
    found: dict[int, Person] = {}
    for chunk in chunks(sorted(set(subjects))):
        query = select(r.subject, r.object, r.record_id, r.email).where(r.subject.in_(chunk), r.until.is_(None))
        for row in connection.execute(query.order_by(r.id.desc())):
            found[row[0]] = Person(*row)
    return found


def count_records(connection: Connection) -> dict[str, int]:
    """How many living records of each object were read."""
    living = (records.c.until.is_(None), records.c.read_at.is_not(None))
    query = select(records.c.object, func.count()).where(*living).group_by(records.c.object)
    return {row[0]: row[1] for row in connection.execute(query.order_by(records.c.object))}


def count_people(connection: Connection) -> int:
    """How many people living records show."""
    living = (records.c.until.is_(None), records.c.read_at.is_not(None))
    return connection.execute(select(func.count(records.c.subject.distinct())).where(*living)).scalar_one()


def count_activities(connection: Connection) -> int:
    """How many activities are kept."""
    return connection.execute(select(func.count()).select_from(activities)).scalar_one()


def activity_types(connection: Connection) -> frozenset[str]:
    """The types of activities that were ever kept."""
    return frozenset(connection.execute(select(kinds.c.type).distinct()).scalars())


def band_counts(connection: Connection) -> dict[str | None, int]:
    """How many scored people each band has."""
    query = select(scores.c.band, func.count()).where(scores.c.model.is_not(None)).group_by(scores.c.band)
    return {row[0]: row[1] for row in connection.execute(query)}


def staged_people(connection: Connection) -> list[tuple[int, str]]:
    """Everybody whose score has a stage, with our word for it; ascending."""
    query = select(scores.c.subject, scores.c.stage).where(scores.c.stage.is_not(None)).order_by(scores.c.subject)
    return [(row[0], row[1]) for row in connection.execute(query)]


def total_counts(connection: Connection) -> Counter[int]:
    """How many people have each total."""
    query = select(scores.c.total, func.count()).where(scores.c.total.is_not(None)).group_by(scores.c.total)
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def best_people(connection: Connection, limit: int) -> list[Person]:
    """The people with the highest totals, best first; of equals who was known first."""
    r, s = records.c, scores.c
    query = (
        select(r.subject, r.object, r.record_id, r.email)
        .join_from(records, scores, s.subject == r.subject)
        .where(s.total.is_not(None), r.until.is_(None), r.read_at.is_not(None))
        .order_by(s.total.desc(), r.subject, r.id)
        .limit(limit)
    )
    return [Person(*row) for row in connection.execute(query)]
