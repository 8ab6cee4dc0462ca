"""Keeps CRM records: each value with its time, the current fold of them, and who belongs to whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

import msgspec
from sqlalchemy import Connection, func, literal_column, select, union_all, update

from connectors.protocol import SeenRecord
from leadscore.store import due, tables
from leadscore.store.activities import keep_addresses, match_unmatched
from leadscore.store.batch import Row, insert_new, to_json, upsert
from leadscore.store.erased import erased_keys
from leadscore.store.feedback import Asked, keep_feedback
from leadscore.store.folding import FACT_COLUMNS, Reading, address, link_key, past_address, read_record
from leadscore.store.merged import survivors
from leadscore.store.prepared import Among, Prepared, told

PEOPLE = frozenset({"contact", "Lead", "Contact"})
"""The objects of CRMs whose records are people; each one has a subject."""

Key = tuple[str, str]
"""A record's object and the CRM's id of it."""


@dataclass(slots=True)
class Held:
    """A record as the store has it. `read_at` None: others named it, it was never read itself. `merged_into`: our
    number of what it became; then it is dead for good. `written`: its document as JSON, which most who ask for a
    record never open."""

    id: int
    subject: int | None
    since: int
    until: int | None
    read_at: int | None
    created_at: int | None
    modified_at: int | None
    ahead: int | None
    email: str | None
    written: str = "{}"
    merged_into: int | None = None

    @property
    def document(self) -> dict[str, str]:
        """Its values, read anew at each call."""
        return _decode(self.written)


_COLUMNS = tuple(column.name for column in tables.records.columns)


def keep_records(connection: Connection, seen: Iterable[SeenRecord], now: int, *, asked: bool = False) -> None:
    """Keeps what is new in these records and makes due whom it concerns. The same records again change nothing.

    Records that were merged away or erased stay so. `asked`: the CRM was asked for just these, so that one which it
    shows lives; a list or a search may show a deleted one for a while.
    """
    latest: dict[Key, SeenRecord] = {(record.object, record.id): record for record in seen}
    named = dict.fromkeys(latest)
    for record in latest.values():
        named |= dict.fromkeys((other, id) for other, ids in record.links.items() for id in ids)
    held = ensure_records(connection, named)
    latest = _living(connection, latest, held, asked=asked)
    facts: list[Row] = []
    changed: list[tuple[Held, SeenRecord, Reading]] = []
    for key, record in latest.items():
        before = held[key]
        was = before.document
        reading = read_record(before.id, was, record, now, first=before.read_at is None)
        facts += reading.facts
        same = reading.document == was and _email(before, record) == before.email
        if before.email and _email(before, record) != before.email:
            facts.append(past_address(before.id, before.email, now))
        if before.read_at is None or not same or (before.until is not None) != record.archived:
            changed.append((before, record, reading))
    insert_new(connection, tables.property_facts, FACT_COLUMNS, list(dict.fromkeys(facts)))
    concerned = people_linked(connection, [before.id for before, _, _ in changed])
    if changed and _relink(connection, changed, held, now):
        concerned |= people_linked(connection, [before.id for before, _, _ in changed])
    _save(connection, changed, now)
    addresses = {
        email: (before.subject, before.id)
        for before, record, _ in changed
        if before.subject is not None and not record.archived and (email := _email(before, record))
    }
    addresses |= keep_addresses(
        connection,
        {
            (held[key].id, held[key].subject): frozenset(record.other_emails)
            for key, record in latest.items()
            if record.email is not None and not record.archived
        },
    )
    concerned |= dict.fromkeys(match_unmatched(connection, addresses), "activity")
    concerned |= {before.subject: "record" for before, _, _ in changed if before.subject is not None}
    answered = [
        Asked(before.id, before.subject, *key, before.read_at is None, record.feedback, before.since)
        for key, record in latest.items()
        if record.feedback is not None and (before := held[key]).subject is not None
    ]
    concerned |= dict.fromkeys(keep_feedback(connection, answered, now), "feedback")
    for reason in sorted(set(concerned.values())):
        due.mark(connection, (who for who, why in concerned.items() if why == reason), reason, now)
    # Whoever waited for the first reading of what their records were merged into.
    awaited = [one.subject for one, _, _ in changed if one.read_at is None and one.since != tables.ALWAYS]
    due.let_go(connection, [who for who in awaited if who is not None])


def _living(
    connection: Connection, latest: Mapping[Key, SeenRecord], held: dict[Key, Held], *, asked: bool
) -> dict[Key, SeenRecord]:
    """Without records that are dead for good or were erased; links lead to what the linked records became."""
    kept = {key: one for key, one in latest.items() if key in held and not _dead(held[key], one, asked=asked)}
    moved = {one.id for one in held.values() if one.merged_into is not None}
    lost = {(other, id) for one in kept.values() for other, ids in one.links.items() for id in ids} - held.keys()
    if not moved and not lost:
        return kept
    into = survivors(connection, moved)
    became: dict[Key, str] = {key: into[one.id].id for key, one in held.items() if one.id in into}
    held |= find_records(connection, [(object, id) for (object, _), id in became.items()])
    return {key: replace(one, links=_present(one.links, lost, became)) for key, one in kept.items()}


def _present(
    links: Mapping[str, tuple[str, ...]], lost: set[Key], became: Mapping[Key, str]
) -> dict[str, tuple[str, ...]]:
    return {
        other: tuple(dict.fromkeys(became.get((other, id), id) for id in ids if (other, id) not in lost))
        for other, ids in links.items()
    }


def _dead(before: Held, record: SeenRecord, *, asked: bool) -> bool:
    if before.merged_into is not None:
        return True
    if asked or record.archived or before.until is None:
        return False
    # What came back was changed by that; this is how it looked before it was deleted.
    return before.modified_at is not None and (record.modified_at or before.modified_at + 1) <= before.modified_at


def ensure_records(connection: Connection, keys: Iterable[Key]) -> dict[Key, Held]:
    """These records, with a place made for those that were never read: a deal may name a contact before it comes.
    Those of people who were erased are left out."""
    keys = list(dict.fromkeys(keys))
    found = find_records(connection, keys)
    missing = [key for key in keys if key not in found]
    gone = erased_keys(connection, missing)
    missing = [key for key in missing if key not in gone]
    if not missing:
        return found
    records = tables.records
    # Asked one by one, each is the end of an index; asked together, SQLite would look at every record.
    last_id = connection.execute(select(func.coalesce(func.max(records.c.id), 0))).scalar_one()
    last_subject = connection.execute(select(func.coalesce(func.max(records.c.subject), 0))).scalar_one()
    rows: list[Row] = []
    for key in missing:
        last_id += 1
        if key[0] in PEOPLE:
            last_subject += 1
        subject = last_subject if key[0] in PEOPLE else None
        found[key] = Held(last_id, subject, tables.ALWAYS, None, None, None, None, None, None)
        rows.append((last_id, *key, subject, tables.ALWAYS, None, None, None, None, None, None, "{}", None))
    insert_new(connection, records, _COLUMNS, rows)
    return found


def find_records(connection: Connection, keys: Sequence[Key]) -> dict[Key, Held]:
    """Those of these records that the store knows."""
    by_object: dict[str, list[str]] = {}
    for name, id in keys:
        by_object.setdefault(name, []).append(id)
    found: dict[Key, Held] = {}
    for name, ids in by_object.items():
        for row in _FOUND.rows(connection, object=name, keys=ids):
            theirs, id, subject, since, until, read_at, created_at, modified_at, ahead, email, document, into = row
            times = (since, until, read_at, created_at, modified_at, ahead)
            found[name, theirs] = Held(id, subject, *times, email, document, into)
    return found


_r, _l = tables.records.c, tables.links.c
_decode = msgspec.json.Decoder(dict[str, str]).decode
_FOUND = Prepared(
    select(
        _r.record_id, _r.id, _r.subject, _r.since, _r.until, _r.read_at, _r.created_at, _r.modified_at, _r.ahead,
        _r.email, _r.document, _r.merged_into,
    ).where(_r.object == told("object"), Among(_r.record_id))
)  # fmt: skip
_LINKS = Prepared(select(_l.record, _l.object, _l.other).where(Among(_l.record), _l.until.is_(None)))
_LINKED = Prepared(
    union_all(
        select(_r.subject, literal_column("'company'"))
        .join(tables.links, _l.record == _r.id)
        .where(Among(_l.other), _l.until.is_(None), _r.subject.is_not(None)),
        select(_r.subject, literal_column("'deal'"))
        .join(tables.links, _l.other == _r.id)
        .where(Among(_l.record), _l.until.is_(None), _r.subject.is_not(None)),
    )
)


def _save(connection: Connection, changed: list[tuple[Held, SeenRecord, Reading]], now: int) -> None:
    rows: list[Row] = []
    for before, record, reading in changed:
        until = (before.until or now) if record.archived else None
        created = record.created_at if record.created_at is not None else before.created_at
        modified = record.modified_at if record.modified_at is not None else before.modified_at
        ahead = max((t for t in (before.ahead, reading.ahead) if t is not None), default=None)
        email = _email(before, record)
        times = (before.since, until, now, created, modified, ahead)
        document = to_json(reading.document)
        rows.append((before.id, record.object, record.id, before.subject, *times, email, document, before.merged_into))
    upsert(connection, tables.records, _COLUMNS, rows)


def _email(before: Held, record: SeenRecord) -> str | None:
    """The address of a record; as it was, where this reading does not tell it."""
    if record.email is None and "email" not in record.values:
        return before.email
    return address(record.email if record.email is not None else record.values["email"])


def _relink(
    connection: Connection,
    changed: list[tuple[Held, SeenRecord, Reading]],
    held: Mapping[Key, Held],
    now: int,
) -> bool:
    """Ends the links that are gone and begins those that came; a link of the first reading was always there. Returns
    whether there were any."""
    links, ended = tables.links, False
    open_links: dict[tuple[int, str], set[int]] = {}
    for mine, name, theirs in _LINKS.rows(connection, keys=[before.id for before, _, _ in changed]):
        open_links.setdefault((mine, name), set()).add(theirs)
    fresh: list[Row] = []
    for before, record, _ in changed:
        was = before.document
        for other, ids in sorted(record.links.items()):
            had, has = open_links.get((before.id, other), set()), {held[other, id].id for id in ids}
            since = tables.ALWAYS if link_key(other) not in was else now
            fresh += [(before.id, id, since, None, other) for id in sorted(has - had)]
            if had - has:
                gone = (links.c.record == before.id, links.c.other.in_(sorted(had - has)), links.c.until.is_(None))
                connection.execute(update(links).where(*gone).values(until=now))
                ended = True
    insert_new(connection, links, ("record", "other", "since", "until", "object"), fresh)
    return ended or bool(fresh)


def people_linked(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The subjects that a change of these records concerns beside their own: contacts of companies and of deals."""
    # Whom both concern is told of the deal: of several notices the last one's words stay.
    return dict(sorted(_LINKED.rows(connection, keys=list(ids)), key=itemgetter(1))) if ids else {}
