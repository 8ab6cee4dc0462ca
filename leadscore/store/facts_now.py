"""What is known about many subjects now, read in bulk: folded documents, activities by range, lists, deals."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from connectors.protocol import DEAL_STATUS
from leadscore.store import tables
from leadscore.store.activities import load_kinds
from leadscore.store.batch import chunks, near_by
from leadscore.store.facts_past import facts_of
from leadscore.store.folding import link_key
from leadscore.store.memberships import memberships_of, read_lists
from leadscore.store.places import FieldPlaces
from leadscore.store.prepared import Lookup
from leadscore.store.streams import read_states
from scoring.facts import Activity, Facts, Kind
from scoring.values import is_blank

Document = dict[str, str]
_decode = msgspec.json.Decoder(Document).decode


class Current(NamedTuple):
    """A subject with its facts. `arrives`: the next instant at which a fact that is stored already comes true."""

    subject: int
    record: int
    facts: Facts
    arrives: int | None


@dataclass(slots=True)
class Sight:
    """What one batch needs to know beside its subjects. `counted` names the objects that were read to count them;
    `kinds` may be shared by many batches, since a kind never changes."""

    places: tuple[FieldPlaces, ...]
    lists: dict[str, str]
    counted: frozenset[str]
    kinds: dict[int, Kind]
    linked: dict[tuple[str, str], Document] = field(default_factory=dict)


def sight(connection: Connection, places: tuple[FieldPlaces, ...], kinds: dict[int, Kind]) -> Sight:
    """A Sight for one transaction: a company that changes later is not seen by it."""
    counted = {place.object for spec in places for place in spec.places if place.kind == "count"}
    read: set[str] = set()
    for state in read_states(connection).values():
        read |= state.objects
        if state.passes:
            read |= {name for name in counted if state.name.lower() in (name.lower(), _plural(name.lower()))}
    return Sight(places, read_lists(connection), frozenset(counted & read), kinds)


def facts_now(connection: Connection, subjects: Sequence[int], known: Sight, as_of: int) -> Iterator[Current]:
    """Facts of those of these subjects (ascending) that a living record shows, good for scoring at `as_of` or later.

    The fold of a record stands for its history; only subjects whose past matters get it in full: those with answers,
    with several records, or with a value from the future.
    """
    if not subjects:
        return
    people = _records(connection, subjects)
    activities = _activities(connection, subjects, known)
    memberships = memberships_of(connection, {r.id: who for who, rows in people.items() for r in rows}, known.lists)
    counts = _counts(connection, {row.id: who for who, rows in people.items() for row in rows}, known)
    exact = _with_answers(connection, subjects)
    documents = {who: _decode(rows[0].document) for who, rows in people.items()}
    _load_linked(connection, documents.values(), known)
    read = _field_reader(known)
    for who, rows in people.items():
        first, done = rows[0], activities.get(who, ())
        late = done and done[-1].occurred_at > as_of
        arrives = [activity.occurred_at for activity in done if activity.occurred_at > as_of] if late else []
        ahead = first.ahead is not None and first.ahead > as_of
        if who in exact or len(rows) > 1 or ahead:
            facts = facts_of(connection, who, known.places, known.counted)
            if facts is not None:
                arrives += [v.valid_at for v in facts.history if v.valid_at is not None and v.valid_at > as_of]
                arrives += [answer.at for answer in facts.answers if answer.at > as_of]
                yield Current(who, first.id, facts, min(arrives, default=None))
            continue
        current = read(documents[who], counts.get(who, {}))
        facts = Facts(first.record_id, first.created_at, current, (), done, memberships(who), ())
        yield Current(who, first.id, facts, min(arrives, default=None))


_r, _a = tables.records.c, tables.activities.c
_RECORDS = Lookup(
    select(_r.subject, _r.id, _r.record_id, _r.created_at, _r.ahead, _r.document)
    .where(_r.until.is_(None), _r.read_at.is_not(None))
    .order_by(_r.subject, _r.id),
    _r.subject,
)
_ACTIVITIES = Lookup(
    select(_a.subject, _a.occurred_at, _a.kind, _a.source, _a.learned_at).order_by(_a.subject, _a.occurred_at),
    _a.subject,
)
_ANSWERED = Lookup(select(tables.answers.c.subject), tables.answers.c.subject)


class _Record(NamedTuple):
    subject: int
    id: int
    record_id: str
    created_at: int | None
    ahead: int | None
    document: str


def _records(connection: Connection, subjects: Sequence[int]) -> dict[int, list[_Record]]:
    wanted = set(subjects)
    found: dict[int, list[_Record]] = {}
    for row in _RECORDS.rows(connection, subjects):
        if row[0] in wanted:
            found.setdefault(row[0], []).append(_Record._make(row))
    return found


def _activities(connection: Connection, subjects: Sequence[int], known: Sight) -> dict[int, tuple[Activity, ...]]:
    rows = _ACTIVITIES.rows(connection, subjects)
    new = tuple.__new__  # half the price of Activity(...), twenty million times
    kinds = known.kinds
    load_kinds(connection, {row[2] for row in rows}, kinds)
    return {
        who: tuple(
            [new(Activity, (kinds[kind], at, source or None, learned)) for _, at, kind, source, learned in group]
        )
        for who, group in groupby(rows, key=itemgetter(0))
    }


def _with_answers(connection: Connection, subjects: Sequence[int]) -> set[int]:
    return {row[0] for row in _ANSWERED.rows(connection, subjects)}


def _counts(connection: Connection, people: Mapping[int, int], known: Sight) -> dict[int, Counter[tuple[str, str]]]:
    """For each subject how many living deals have each status, and `total`, by object and word."""
    found: dict[int, Counter[tuple[str, str]]] = {}
    if not known.counted:
        return found
    links, deals = tables.links.c, tables.records.c
    for near in near_by(links.other, sorted(people)):
        query = (
            select(links.other, deals.object, deals.document)
            .join_from(tables.links, tables.records, deals.id == links.record)
            .where(near, links.until.is_(None), deals.until.is_(None), deals.object.in_(sorted(known.counted)))
        )
        for record, name, document in connection.execute(query):
            status = _decode(document).get(DEAL_STATUS)
            if status and record in people:
                found.setdefault(people[record], Counter()).update([(name, status), (name, "total")])
    return found


def _load_linked(connection: Connection, documents: Iterable[Document], known: Sight) -> None:
    objects = {place.object for spec in known.places for place in spec.places if place.kind == "linked"}
    wanted = {(name, id) for d in documents for name in objects for id in _linked_ids(d, name)}
    r = tables.records.c
    for name in sorted(objects):
        ids = sorted(id for other, id in wanted if other == name and (other, id) not in known.linked)
        for chunk in chunks(ids):
            query = select(r.record_id, r.document).where(r.object == name, r.record_id.in_(chunk), r.until.is_(None))
            found = {row.record_id: _decode(row.document) for row in connection.execute(query)}
            known.linked |= {(name, id): found.get(id, {}) for id in chunk}


def _linked_ids(document: Document, object: str) -> list[str]:
    return [id for id in document.get(link_key(object), "").split(";") if id]


def _field_reader(known: Sight) -> Callable[[Document, Mapping[tuple[str, str], int]], dict[str, str]]:
    simple = [(s.field, s.places[0].name) for s in known.places if len(s.places) == 1 and s.places[0].kind == "own"]
    others = [spec for spec in known.places if len(spec.places) > 1 or spec.places[0].kind != "own"]
    objects = sorted({place.object for spec in others for place in spec.places if place.kind == "linked"})
    linked, counted = known.linked, known.counted

    def read(document: Document, counts: Mapping[tuple[str, str], int]) -> dict[str, str]:
        current = {name: document[where] for name, where in simple if document.get(where)}
        beside = {name: [linked[name, id] for id in _linked_ids(document, name)] for name in objects}
        for spec in others:
            for kind, object, name, _ in spec.places:
                if kind == "own":
                    raw = document.get(name, "")
                elif kind == "linked":
                    raw = next((other[name] for other in beside[object] if other.get(name)), "")
                else:
                    raw = str(counts.get((object, name), 0)) if object in counted else ""
                if raw and not is_blank(spec.type, raw):
                    current[spec.field] = raw
                    break
        return current

    return read


def _plural(name: str) -> str:
    return name[:-1] + "ies" if name.endswith("y") else name + "s"
