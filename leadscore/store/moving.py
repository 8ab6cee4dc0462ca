"""Hands what is kept of some records and people over to those that they were merged into."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, select, update
from sqlalchemy import Row as Found

from leadscore.store.batch import chunks, insert_new, to_json, upsert
from leadscore.store.every_table import every_table
from leadscore.store.feedback import EMPTIED, FIELD
from leadscore.store.folding import link_key
from leadscore.store.live_tables import addresses, outbox, quarantine, refetches, rescores, stage_intents
from leadscore.store.parked import Parked, park
from leadscore.store.tables import activities, answers, links, memberships, property_facts, records
from leadscore.store.work_tables import due, ledgers, parked, scores, written

UNKNOWN = "?"
"""Stands in `written` for what a merge left in one of our fields: nobody knows, so the next write names the field."""
_WORK = frozenset({due.name, outbox.name, refetches.name, stage_intents.name})
"""What was to be done for a record or person that is no more is not done."""
_STAY = frozenset({records.name, property_facts.name, links.name, activities.name, answers.name})
"""Of records: facts stay with the record that they were read from."""
_RESTED = ("sync", "feedback", "notice")
"""What these jobs put aside is worth a look still; the others' things are done anew."""
_decode = msgspec.json.Decoder(dict[str, str]).decode


def move_subjects(connection: Connection, gone: Sequence[int], keep: int) -> None:
    """Everything kept of these people becomes that of `keep`; where both have a row for the same, the row of `keep`
    stays. Every table with a column `subject` is looked at."""
    if not gone:
        return
    _join_scores(connection, gone, keep)
    _join_counts(connection, gone, keep)
    _join_quarantine(connection, gone, keep)
    for table in every_table():
        if "subject" in table.c and table is not records:
            _move(connection, table, "subject", gone, keep)
    for chunk in chunks([str(who) for who in gone]):
        own = (parked.c.object == "subject", parked.c.record_id.in_(chunk))
        connection.execute(delete(parked).where(*own))


def move_records(connection: Connection, gone: Sequence[int], into: int, now: int) -> None:
    """Everything that we do and know about these records becomes that of `into`; what lies in their queues goes."""
    if not gone:
        return
    _join_written(connection, gone, into, now)
    _join_memberships(connection, gone, into)
    _move_links(connection, gone, into)
    _keep_addresses(connection, gone, into)
    _move_parked(connection, gone, into)
    for table in every_table():
        if "record" in table.c and table.name not in _STAY:
            _move(connection, table, "record", gone, into)


def _move(connection: Connection, table: Table, column: str, gone: Sequence[int], keep: int) -> None:
    c = table.c[column]
    keyed = column in table.primary_key.columns
    if not keyed or table.name in _WORK:
        for chunk in chunks(gone):
            those = delete(table) if keyed else update(table).values({column: keep})
            connection.execute(those.where(c.in_(chunk)))
        return
    names = tuple(table.columns.keys())
    place = names.index(column)
    # In the order of those that are gone: the first one's row counts before the others'.
    for one in gone:
        rows = [tuple(row) for row in connection.execute(select(table).where(c == one))]
        connection.execute(delete(table).where(c == one))
        insert_new(connection, table, names, [(*row[:place], keep, *row[place + 1 :]) for row in rows])


def _join_scores(connection: Connection, gone: Sequence[int], keep: int) -> None:
    """The highest score stays until the next one: who stood in a stage with one of the records does not enter it anew
    as the one person."""
    rows = _rows(connection, scores, "subject", [keep, *gone])
    order = [row.subject for row in sorted(rows, key=lambda row: (row.total is None, -(row.total or 0)))]
    for one in order[1:]:
        for table in (scores, ledgers):
            connection.execute(delete(table).where(table.c.subject == one))
    if rows:
        for table in (scores, ledgers):
            connection.execute(update(table).where(table.c.subject == order[0]).values(subject=keep))
        touched = max(row.touched for row in rows)
        connection.execute(update(scores).where(scores.c.subject == keep).values(touched=touched, moved=1))


def _join_counts(connection: Connection, gone: Sequence[int], keep: int) -> None:
    counts: dict[int, int] = {}
    for row in _rows(connection, rescores, "subject", [keep, *gone]):
        counts[row.since] = max(counts.get(row.since, 0), int(row._mapping["count"]))
    upsert(connection, rescores, ("subject", "since", "count"), [(keep, *one) for one in counts.items()])


def _join_quarantine(connection: Connection, gone: Sequence[int], keep: int) -> None:
    """Whoever loops with one of the records is in quarantine as the one person, too."""
    rows = _rows(connection, quarantine, "subject", [keep, *gone])
    kept = next((row for row in rows if row.released_at is None), None)
    if kept is not None:
        upsert(connection, quarantine, tuple(quarantine.columns.keys()), [(keep, *tuple(kept)[1:])])


def _join_written(connection: Connection, gone: Sequence[int], into: int, now: int) -> None:
    """What our fields hold now: certain where all records held the same. Our notes on emptied answers are joined."""
    held = {row.record: _decode(row.values_) for row in _written(connection, [into, *gone])}
    if not held:
        return
    sources = [held[one] for one in dict.fromkeys((into, *gone)) if one in held]
    words = dict.fromkeys(word for source in sources for word in source)
    joined = {word: _agreed([source.get(word, "") for source in sources]) for word in words}
    joined[FIELD] = next((text for source in sources if (text := source.get(FIELD))), "")
    joined[EMPTIED] = ";".join(dict.fromkeys(p for s in sources for p in s.get(EMPTIED, "").split(";") if p))
    text = to_json({word: value for word, value in joined.items() if value})
    upsert(connection, written, ("record", "values", "at"), [(into, text, now)])


def _agreed(texts: Sequence[str]) -> str:
    return texts[0] if len(set(texts)) == 1 else UNKNOWN


def _written(connection: Connection, ids: Sequence[int]) -> list[Found[Any]]:
    query = select(written.c.record, written.c["values"].label("values_")).where(written.c.record.in_(ids))
    return list(connection.execute(query))


def _join_memberships(connection: Connection, gone: Sequence[int], into: int) -> None:
    """Who was on a list with several records has been on it since the first of them."""
    m = memberships.c
    spans: dict[tuple[str, int | None], int] = {}
    for row in _rows(connection, memberships, "record", [into, *gone]):
        key = (row.list_id, row.until)
        spans[key] = min(spans.get(key, row.since), row.since)
    for chunk in chunks([into, *gone]):
        connection.execute(delete(memberships).where(m.record.in_(chunk)))
    still = {list_id: since for (list_id, until), since in spans.items() if until is None}
    rows = [
        (into, list_id, since, until)
        for (list_id, until), since in sorted(spans.items(), key=str)
        if until is None or since < still.get(list_id, until)
    ]
    # A span that ended while another record was on the list still is no end.
    rows = [row for row in rows if row[3] is None or row[1] not in still]
    insert_new(connection, memberships, ("record", "list_id", "since", "until"), list(rows))


def _move_links(connection: Connection, gone: Sequence[int], into: int) -> None:
    """Whatever belongs to one of these records (deals to a contact, contacts to a company) belongs to `into`."""
    r = records.c
    new = connection.execute(select(r.record_id).where(r.id == into)).scalar_one()
    olds = {row.id: row for row in connection.execute(select(r.id, r.object, r.record_id).where(r.id.in_(gone)))}
    for chunk in chunks(gone):
        query = select(r.id, r.document, links.c.other).join_from(links, records, r.id == links.c.record)
        for row in connection.execute(query.where(links.c.other.in_(chunk), links.c.until.is_(None))).all():
            _rename(connection, row.id, link_key(olds[row.other].object), {olds[row.other].record_id: new})
    _move(connection, links, "other", gone, into)
    _end_doubles(connection, into)


def _rename(connection: Connection, record: int, key: str, became: Mapping[str, str]) -> None:
    """Corrects the ids of linked records in the document of one record."""
    text = connection.execute(select(records.c.document).where(records.c.id == record)).scalar_one()
    document = _decode(text)
    if key in document:
        ids = dict.fromkeys(became.get(id, id) for id in document[key].split(";"))
        document[key] = ";".join(id for id in ids if id)
        connection.execute(update(records).where(records.c.id == record).values(document=to_json(document)))


def _end_doubles(connection: Connection, into: int) -> None:
    """Of several open links of one record to `into` the oldest is enough."""
    query = select(links.c.record, links.c.since).where(links.c.other == into, links.c.until.is_(None))
    seen: set[int] = set()
    for row in connection.execute(query.order_by(links.c.record, links.c.since)).all():
        if row.record in seen:
            this = (links.c.record == row.record, links.c.other == into, links.c.since == row.since)
            connection.execute(delete(links).where(*this))
        seen.add(row.record)


def _keep_addresses(connection: Connection, gone: Sequence[int], into: int) -> None:
    """Their own addresses are further ones of `into`, until the CRM says which it has."""
    r = records.c
    own = connection.execute(select(r.email).where(r.id.in_(gone), r.email.is_not(None))).scalars()
    insert_new(connection, addresses, ("email", "record"), [(email, into) for email in dict.fromkeys(own)])


def _move_parked(connection: Connection, gone: Sequence[int], into: int) -> None:
    r = records.c
    new = connection.execute(select(r.record_id).where(r.id == into)).scalar_one()
    for old in connection.execute(select(r.object, r.record_id).where(r.id.in_(gone))).all():
        of_old = (parked.c.object == old.object, parked.c.record_id == old.record_id)
        things = connection.execute(select(parked).where(*of_old)).all()
        rested = [thing for thing in things if thing.job in _RESTED]
        connection.execute(delete(parked).where(*of_old))
        park(connection, [Parked(t.job, t.object, new, t.reason, t.content, t.at) for t in rested])


def _rows(connection: Connection, table: Table, column: str, ids: Iterable[int]) -> list[Found[Any]]:
    """Rows of these ids, in their order."""
    wanted = list(dict.fromkeys(ids))
    rows: list[Found[Any]] = []
    for chunk in chunks(wanted):
        rows += connection.execute(select(table).where(table.c[column].in_(chunk))).all()
    order = {id: number for number, id in enumerate(wanted)}
    return sorted(rows, key=lambda row: order[getattr(row, column)])
