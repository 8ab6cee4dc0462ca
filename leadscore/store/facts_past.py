"""Everything known about one subject with its times, so that any instant of the past can be scored again."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row, select

from connectors.protocol import DEAL_STATUS
from leadscore.store import tables
from leadscore.store.activities import load_kinds
from leadscore.store.batch import chunks
from leadscore.store.memberships import memberships_of, read_lists
from leadscore.store.places import FieldPlaces, Place
from leadscore.store.tables import ALWAYS
from scoring.facts import Activity, Answer, Facts, Kind, Value


class Known(NamedTuple):
    """A value with its own time and the time from which it can be known."""

    valid_at: int
    known_at: int
    value: str
    learned_at: int | None


class Link(NamedTuple):
    """A record that the subject is linked with, and from when to when."""

    record: int
    object: str
    since: int
    until: int | None


def facts_of(
    connection: Connection, subject: int, places: Sequence[FieldPlaces], counted: frozenset[str]
) -> Facts | None:
    """Everything known about a subject; None: no living record shows it. `counted` names the objects whose records
    were read, so that a subject without any has 0 of them and not an unknown number."""
    records = tables.records
    living = (records.c.until.is_(None), records.c.read_at.is_not(None))
    query = select(records).where(records.c.subject == subject, *living).order_by(records.c.id)
    # What was merged into another record has given it its past: the CRM shows whose values won.
    live = connection.execute(query).all()
    if not live:
        return None
    links = list(_links(connection, [row.id for row in live]))
    values = _known_values(connection, [row.id for row in live] + [link.record for link in links])
    history = [
        value
        for spec in places
        for place in spec.places
        for value in _values(spec.field, place, [row.id for row in live], links, values, counted)
    ]
    created = [row.created_at for row in live if row.created_at is not None]
    memberships = memberships_of(connection, {row.id: subject for row in live}, read_lists(connection))
    return Facts(
        id=live[0].record_id,
        created_at=min(created, default=None),
        history=tuple(history),
        activities=_activities(connection, subject),
        memberships=memberships(subject),
        answers=_answers(connection, subject),
    )


def _values(
    field: str,
    place: Place,
    own: list[int],
    links: list[Link],
    values: dict[tuple[int, str], list[Known]],
    counted: frozenset[str],
) -> Iterator[Value]:
    if place.kind == "own":
        for record in own:
            for known in values.get((record, place.name), ()):
                yield Value(field, known.value, _time(known.valid_at), known.learned_at, place.rank)
    elif place.kind == "linked":
        for link in links:
            if link.object == place.object:
                for known in _inside(link, values.get((link.record, place.name), [])):
                    yield Value(field, known.value, _time(known.valid_at), known.learned_at, place.rank)
    elif place.object in counted:
        deals = [link for link in links if link.object == place.object]
        histories = [(link, values.get((link.record, DEAL_STATUS), [])) for link in deals]
        for at, number in _counts(histories, place.name):
            yield Value(field, str(number), _time(at), None, place.rank)


def _inside(link: Link, known: list[Known]) -> Iterator[Known]:
    """What a linked record says while it is linked: at the beginning what it said already, at the end nothing."""
    before = [k for k in known if k.valid_at <= link.since]
    in_time = [k for k in before if k.known_at <= link.since]
    first = max(in_time or before, default=None)
    if first is not None:
        late = first.learned_at if first.known_at > link.since else None
        yield first._replace(valid_at=link.since, learned_at=late)
        yield from (k._replace(valid_at=link.since) for k in before if k > first and k.valid_at > first.valid_at)
    for k in known:
        if link.since < k.valid_at and (link.until is None or k.valid_at < link.until):
            yield k
    if link.until is not None:
        yield Known(link.until, link.until, "", None)


def _counts(histories: list[tuple[Link, list[Known]]], which: str) -> Iterator[tuple[int, int]]:
    """How many linked deals had a status, at each instant at which we could have known it to change."""
    instants = {ALWAYS}
    for link, known in histories:
        instants |= {max(k.known_at, link.since) for k in known} | {link.since}
        instants |= {link.until} if link.until is not None else set()
    last = None
    for at in sorted(instants):
        number = 0
        for link, known in histories:
            if link.since <= at and (link.until is None or at < link.until):
                status = max((k for k in known if k.known_at <= at), default=None)
                number += status is not None and which in ("total", status.value)
        if number != last:
            last = number
            yield at, number


def _links(connection: Connection, own: list[int]) -> Iterator[Link]:
    links, records = tables.links, tables.records
    joined = select(links, records.c.until.label("ended"), records.c.object.label("kind"))
    to = joined.join(records, records.c.id == links.c.other).where(links.c.record.in_(own))
    of = joined.join(records, records.c.id == links.c.record).where(links.c.other.in_(own))
    for query, column in ((to, "other"), (of, "record")):
        for row in connection.execute(query.order_by(links.c.since, links.c.record, links.c.other)):
            ends = [at for at in (row.until, row.ended) if at is not None]
            yield Link(getattr(row, column), row.kind, row.since, min(ends, default=None))


def _known_values(connection: Connection, records: list[int]) -> dict[tuple[int, str], list[Known]]:
    facts = tables.property_facts
    found: dict[tuple[int, str], list[Known]] = {}
    for chunk in chunks(sorted(set(records))):
        for row in connection.execute(select(facts).where(facts.c.record.in_(chunk))):
            known_at = row.valid_at if row.learned_at is None else max(row.learned_at, row.valid_at)
            known = Known(row.valid_at, known_at, row.value, row.learned_at)
            found.setdefault((row.record, row.property), []).append(known)
    return found


def _activities(connection: Connection, subject: int) -> tuple[Activity, ...]:
    activities = tables.activities
    rows: Sequence[Row[tuple[int, ...]]] = connection.execute(
        select(activities).where(activities.c.subject == subject).order_by(activities.c.occurred_at)
    ).all()
    kinds: dict[int, Kind] = {}
    load_kinds(connection, (row.kind for row in rows), kinds)
    return tuple(Activity(kinds[row.kind], row.occurred_at, row.source or None, row.learned_at) for row in rows)


def _answers(connection: Connection, subject: int) -> tuple[Answer, ...]:
    answers = tables.answers
    rows = connection.execute(select(answers).where(answers.c.subject == subject).order_by(answers.c.at))
    return tuple(Answer(row.answer, row.at, row.author, row.note, row.learned_at) for row in rows)


def _time(at: int) -> int | None:
    return None if at == ALWAYS else at
