"""Keeps what people did, each kind of it once, and what waits for a person who is not known yet."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, delete, func, select

from leadscore.store import tables
from leadscore.store.batch import Row, chunks, insert_new, storable, to_json
from leadscore.store.live_tables import addresses
from leadscore.store.prepared import Among, Prepared
from scoring.facts import Kind

ACTIVITY_COLUMNS = ("subject", "occurred_at", "kind", "source", "record", "observed_at", "learned_at")
UNMATCHED_COLUMNS = ("email", "kind", "source", "occurred_at", "observed_at", "learned_at")
LONGEST_SOURCE = 200
"""Longer ids of a source are kept as their hash: a database limits what an index may hold."""


def source_key(id: str) -> str:
    """The id of a source as it is kept."""
    text = storable(id)
    return text if len(text) <= LONGEST_SOURCE else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def kind_ids(connection: Connection, wanted: Iterable[Kind]) -> dict[Kind, int]:
    """Our numbers of these kinds, given out to those that are new."""
    kinds = tables.kinds
    digests = {_digest(kind): kind for kind in dict.fromkeys(wanted)}
    found: dict[Kind, int] = {}
    for chunk in chunks(digests):
        for row in connection.execute(select(kinds.c.digest, kinds.c.id).where(kinds.c.digest.in_(chunk))):
            found[digests[row.digest]] = row.id
    fresh = [(digest, kind) for digest, kind in digests.items() if kind not in found]
    if fresh:
        last = connection.execute(select(func.coalesce(func.max(kinds.c.id), 0))).scalar_one()
        rows: list[Row] = []
        for number, (digest, kind) in enumerate(fresh, start=last + 1):
            found[kind] = number
            rows.append((number, digest, kind.type, to_json(kind.details)))
        insert_new(connection, kinds, ("id", "digest", "type", "details"), rows)
    return found


def load_kinds(connection: Connection, ids: Iterable[int], known: dict[int, Kind]) -> None:
    """Adds to `known` those of these kinds that it lacks. A kind is one object however many activities are of it."""
    kinds = tables.kinds
    for chunk in chunks(sorted(set(ids) - known.keys())):
        for row in connection.execute(select(kinds).where(kinds.c.id.in_(chunk))):
            known[row.id] = Kind(row.type, msgspec.json.decode(row.details, type=tuple[tuple[str, str], ...]))


def match_unmatched(connection: Connection, people: Mapping[str, tuple[int, int]]) -> set[int]:
    """Gives the activities that waited for these addresses to their (subject, record); returns who got some."""
    unmatched = tables.unmatched
    rows: list[Row] = []
    for email, kind, source, at, observed, learned in _WAITING.rows(connection, keys=sorted(people)) if people else ():
        subject, record = people[email]
        rows.append((subject, at, kind, source, record, observed, learned))
    for chunk in chunks(sorted(people)) if rows else ():
        connection.execute(delete(unmatched).where(unmatched.c.email.in_(chunk)))
    insert_new(connection, tables.activities, ACTIVITY_COLUMNS, rows)
    return {row[0] for row in rows if isinstance(row[0], int)}


def keep_addresses(
    connection: Connection, told: Mapping[tuple[int, int | None], frozenset[str]]
) -> dict[str, tuple[int, int]]:
    """Keeps which further addresses these (record, subject)s have, and returns (subject, record) of the new ones."""
    known: dict[int, set[str]] = {}
    for email, record in _FURTHER.rows(connection, keys=sorted(record for record, _ in told)) if told else ():
        known.setdefault(record, set()).add(email)
    rows: list[Row] = []
    fresh: dict[str, tuple[int, int]] = {}
    for (record, subject), has in told.items():
        had = known.get(record, set())
        rows += [(email, record) for email in sorted(has - had)]
        if subject is not None:
            fresh |= dict.fromkeys(has - had, (subject, record))
        if had - has:
            gone = (addresses.c.record == record, addresses.c.email.in_(sorted(had - has)))
            connection.execute(delete(addresses).where(*gone))
    insert_new(connection, addresses, ("email", "record"), rows)
    return fresh


_u = tables.unmatched.c
_WAITING = Prepared(
    select(_u.email, _u.kind, _u.source, _u.occurred_at, _u.observed_at, _u.learned_at).where(Among(_u.email))
)
_FURTHER = Prepared(select(addresses.c.email, addresses.c.record).where(Among(addresses.c.record)))


def people_by_email(connection: Connection, emails: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(subject, record) of each address that a living record has; of several the record that we knew first. A record's
    own address comes before a further one of another record."""
    records = tables.records
    living = (records.c.subject.is_not(None), records.c.until.is_(None))
    found: dict[str, tuple[int, int]] = {}
    for chunk in chunks(sorted(set(emails))):
        further = (
            select(addresses.c.email, records.c.subject, records.c.id)
            .join(records, records.c.id == addresses.c.record)
            .where(addresses.c.email.in_(chunk), *living)
        )
        own = select(records.c.email, records.c.subject, records.c.id).where(records.c.email.in_(chunk), *living)
        for query in (further, own):
            for row in connection.execute(query.order_by(records.c.id.desc())):
                found[row.email] = (row.subject, row.id)
    return found


def _digest(kind: Kind) -> str:
    return hashlib.sha256(msgspec.json.encode(kind)).hexdigest()
