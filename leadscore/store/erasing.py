"""Erases what the store holds about people, and tells everything that it holds about one."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, Text, cast, delete, literal, or_, select, update

from leadscore.store.batch import chunks, to_json
from leadscore.store.erased import Key, erased_addresses, erased_keys, remember
from leadscore.store.every_table import every_table
from leadscore.store.folding import PAST_ADDRESS, address, link_key
from leadscore.store.live_tables import addresses, notices, postings, tellings
from leadscore.store.tables import activities, kinds, links, property_facts, records, unmatched
from leadscore.store.unnaming import forget_deliveries
from leadscore.store.work_tables import parked

GONE = "erased"
"""The object of a row of records that is nothing but a number: numbers are never given out twice."""
_MAIL_FIELDS = ("email", "Email", PAST_ADDRESS)
_decode = msgspec.json.Decoder(dict[str, str]).decode


class Place(NamedTuple):
    """A record of somebody: our number, the CRM's object and id."""

    number: int
    object: str
    id: str


@dataclass(frozen=True, slots=True)
class Whose:
    """Everything by which rows can be told to be about some people. `subjects` and the numbers of `records` are ours,
    `emails` lower case, past ones too."""

    subjects: Sequence[int]
    records: Sequence[Place]
    emails: Sequence[str]

    @property
    def numbers(self) -> list[int]:
        return [one.number for one in self.records]


def whose(connection: Connection, keys: Iterable[Key], emails: Iterable[str]) -> Whose:
    """The people whom these records (object and the CRM's id) show, with all that leads to them; an address alone
    leads to what waits for it, and to the records that have it."""
    r = records.c
    named = {address(email) for email in emails} - {None}
    subjects: set[int] = set()
    conditions: list[ColumnElement[bool]] = [(r.object == object) & (r.record_id == id) for object, id in set(keys)]
    conditions += [r.email.in_(sorted(one for one in named if one))] if named else []
    further = select(addresses.c.record).where(addresses.c.email.in_(sorted(one for one in named if one)))
    conditions += [r.id.in_(further)] if named else []
    for chunk in chunks(conditions, 100):
        query = select(r.subject).where(r.subject.is_not(None), or_(*chunk))
        subjects |= set(connection.execute(query).scalars())
    places: list[Place] = []
    for subjects_chunk in chunks(sorted(subjects)):
        query = select(r.id, r.object, r.record_id, r.email).where(r.subject.in_(subjects_chunk)).order_by(r.id)
        for row in connection.execute(query):
            places.append(Place(row.id, row.object, row.record_id))
            named |= {row.email} - {None}
    for ids in chunks([one.number for one in places]):
        named |= set(connection.execute(select(addresses.c.email).where(addresses.c.record.in_(ids))).scalars())
        f = property_facts.c
        past = select(f.value).where(f.record.in_(ids), f.property.in_(_MAIL_FIELDS))
        named |= {address(value) for value in connection.execute(past).scalars()} - {None}
    return Whose(sorted(subjects), places, sorted(one for one in named if one))


def had_address(connection: Connection, email: str) -> list[Key]:
    """Records that had this address (lower case) once. Looks at every value that is kept."""
    f, r = property_facts.c, records.c
    query = select(r.object, r.record_id).join(property_facts, f.record == r.id).where(f.property == PAST_ADDRESS)
    return [(row[0], row[1]) for row in connection.execute(query.where(f.value == email).distinct())]


def erase(connection: Connection, keys: Collection[Key], emails: Collection[str], now: int) -> Whose:
    """Erases everything about these people: those whom the records show, in whatever other records, and what waits for
    an address of theirs. Hashes of their ids and addresses stay. Returns who they were; nothing of it may be kept.

    The bytes may stand in the file until `scrubbing.scrub`.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    who = whose(connection, keys, emails)
    every = {*keys, *((one.object, one.id) for one in who.records)}
    remember(connection, every, who.emails, now)
    told = _kinds_of(connection, who)
    _forget_notices(connection, who)
    _forget_links(connection, who)
    for table in every_table():
        for column, ids in (("subject", who.subjects), ("record", who.numbers)):
            if column in table.c and table is not records:
                _delete(connection, table, table.c[column], ids)
    for emails_chunk in chunks(who.emails):
        connection.execute(delete(unmatched).where(unmatched.c.email.in_(emails_chunk)))
    _forget_parked(connection, every, who)
    forget_deliveries(connection, every, who.emails)
    for ids in chunks(who.numbers):
        bare: dict[str, object] = dict.fromkeys(
            ("read_at", "created_at", "modified_at", "ahead", "email", "merged_into")
        )
        bare |= {"object": GONE, "record_id": cast(records.c.id, Text), "document": "{}", "until": now}
        connection.execute(update(records).where(records.c.id.in_(ids)).values(bare))
    _forget_kinds(connection, told)
    return who


def erase_again(connection: Connection, now: int) -> Whose:
    """Erases whoever is on the list of the erased and is here all the same: the store is an old copy. A record that
    only has the address of somebody erased is left if the CRM made it later."""
    r = records.c
    keys: list[Key] = []
    emails: set[str] = set(connection.execute(select(unmatched.c.email).distinct()).scalars())
    for rows in chunks(connection.execute(select(r.object, r.record_id, r.email, r.created_at)).all(), 5000):
        keys += erased_keys(connection, [(row.object, row.record_id) for row in rows])
        when = erased_addresses(connection, {row.email for row in rows if row.email})
        older = [row for row in rows if row.email in when and (row.created_at or 0) <= when[row.email]]
        keys += [(row.object, row.record_id) for row in older]
    _erase_waiting(connection, emails)
    return erase(connection, keys, (), now) if keys else Whose((), (), ())


def _erase_waiting(connection: Connection, emails: set[str]) -> None:
    for email, at in sorted(erased_addresses(connection, emails).items()):
        u = unmatched.c
        connection.execute(delete(unmatched).where(u.email == email, u.occurred_at <= at))


def _delete(connection: Connection, table: Table, column: ColumnElement[int], ids: Sequence[int]) -> None:
    for chunk in chunks(ids):
        connection.execute(delete(table).where(column.in_(chunk)))


def _forget_notices(connection: Connection, who: Whose) -> None:
    for subjects in chunks(who.subjects):
        theirs = select(notices.c.number).where(notices.c.subject.in_(subjects))
        for queue in (tellings, postings):
            connection.execute(delete(queue).where(queue.c.notice.in_(theirs)))


def _forget_links(connection: Connection, who: Whose) -> None:
    """Companies and deals that name somebody name them no more."""
    r = records.c
    ids = {one.number: one for one in who.records}
    for chunk in chunks(who.numbers):
        query = select(r.id, links.c.other).join_from(links, records, r.id == links.c.record)
        for record, other in connection.execute(query.where(links.c.other.in_(chunk))).all():
            document = _decode(connection.execute(select(r.document).where(r.id == record)).scalar_one())
            key = link_key(ids[other].object)
            document[key] = ";".join(id for id in document.get(key, "").split(";") if id and id != ids[other].id)
            connection.execute(update(records).where(r.id == record).values(document=to_json(document)))
    _delete(connection, links, links.c.other, who.numbers)


def _forget_parked(connection: Connection, keys: Collection[Key], who: Whose) -> None:
    p = parked.c
    for object, id in sorted({*keys, *(("subject", str(subject)) for subject in who.subjects)}):
        connection.execute(delete(parked).where(p.object == object, p.record_id == id))
    for email in who.emails:
        said = or_(p.content.contains(email, autoescape=True), p.reason.contains(email, autoescape=True))
        connection.execute(delete(parked).where(said))


def _kinds_of(connection: Connection, who: Whose) -> set[int]:
    """What these people did: details of a form may name them."""
    found: set[int] = set()
    for subjects in chunks(who.subjects):
        did = select(activities.c.kind).where(activities.c.subject.in_(subjects)).distinct()
        found |= set(connection.execute(did).scalars())
    for emails in chunks(who.emails):
        waits = select(unmatched.c.kind).where(unmatched.c.email.in_(emails)).distinct()
        found |= set(connection.execute(waits).scalars())
    return found


def _forget_kinds(connection: Connection, told: set[int]) -> None:
    """Takes the details away of what nobody else did. The numbers stay: they are never given out twice."""
    for chunk in chunks(sorted(told)):
        others = {
            *connection.execute(select(activities.c.kind).where(activities.c.kind.in_(chunk)).distinct()).scalars(),
            *connection.execute(select(unmatched.c.kind).where(unmatched.c.kind.in_(chunk)).distinct()).scalars(),
        }
        alone = [one for one in chunk if one not in others]
        bare = {"digest": literal(f"{GONE}:") + cast(kinds.c.id, Text), "details": "[]"}
        connection.execute(update(kinds).where(kinds.c.id.in_(alone)).values(bare))
