"""Keeps one page of a CRM stream: records, activities, forms and lists, and whom they make due."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, func, select, update

from connectors.protocol import Page, SeenActivity, SeenForm, SeenList
from leadscore.store import due, tables
from leadscore.store.activities import (
    ACTIVITY_COLUMNS,
    UNMATCHED_COLUMNS,
    kind_ids,
    people_by_email,
    source_key,
)
from leadscore.store.batch import Row, chunks, insert_new, storable, to_json, upsert
from leadscore.store.database import one_writer
from leadscore.store.erased import erased_addresses, erased_keys
from leadscore.store.folding import address
from leadscore.store.merged import survivors
from leadscore.store.merging import follow_merges
from leadscore.store.parked import Parked, park
from leadscore.store.records import Key, ensure_records, keep_records
from leadscore.store.streams import StreamState, save_state
from scoring.facts import Kind


def keep_page(connection: Connection, page: Page, state: StreamState, now: int) -> StreamState:
    """Keeps a page and where its stream goes on; both belong into one transaction, which the caller commits.

    Returns the new state of the stream. The same page again changes nothing but the time of reading.
    """
    one_writer(connection)
    first = state.passes == 0
    follow_merges(connection, page.records, now)
    keep_records(connection, page.records, now)
    keep_forms(connection, page.forms, now)
    keep_activities(connection, page.activities, now, first=first)
    for seen in page.lists:
        keep_list(connection, seen, now)
    after = replace(
        state,
        cursor=page.cursor,
        objects=state.objects | {record.object for record in page.records},
        passes=state.passes + page.last,
        read_at=now,
        finished_at=now if page.last else state.finished_at,
    )
    save_state(connection, after)
    return after


def keep_forms(connection: Connection, forms: Iterable[SeenForm], now: int) -> None:
    """Notes what forms are called now; the first name that we see is taken for the one that a form always had."""
    latest = _form_names(connection)
    rows: list[Row] = []
    for form in forms:
        names = latest.get(form.id)
        if names is None:
            rows.append((form.id, tables.ALWAYS, storable(form.name)))
        elif names[-1][1] != storable(form.name):
            rows.append((form.id, now, storable(form.name)))
    upsert(connection, tables.forms, ("form_id", "since", "name"), list({row[0]: row for row in rows}.values()))


def keep_activities(connection: Connection, seen: Sequence[SeenActivity], now: int, *, first: bool) -> None:
    """Keeps activities, matched by record or else by e-mail, and makes their people due.

    Those whose e-mail no record has wait for one; those that name nobody are parked; those of people who were erased
    are left out. `first`: they come from the first reading of their source, so they count as known when they happened.
    """
    seen = _of_nobody_erased(connection, seen)
    if not seen:
        return
    names = _form_names(connection) if any("form_id" in a.details for a in seen) else {}
    kinds = [_kind(activity, names) for activity in seen]
    numbers = kind_ids(connection, kinds)
    keys: list[Key] = [(a.object, a.record_id) for a in seen if a.record_id]
    records = ensure_records(connection, keys)
    people = people_by_email(connection, [a for a in (address(s.email) for s in seen if not s.record_id) if a])
    matched: list[Row] = []
    waiting: list[Row] = []
    nobody: list[Parked] = []
    learned = None if first else now
    for activity, kind in zip(seen, kinds, strict=True):
        held = records.get((activity.object, activity.record_id or ""))
        email = address(activity.email)
        who = (held.subject, held.id) if held else people.get(email or "")
        source, number, at = source_key(activity.id), numbers[kind], activity.occurred_at
        if who and who[0] is not None:
            matched.append((who[0], at, number, source, who[1], now, learned))
        elif email and not held:
            waiting.append((email, number, source, at, now, learned))
        else:
            nobody.append(_names_nobody(activity, now))
    if insert_new(connection, tables.activities, ACTIVITY_COLUMNS, matched):
        due.mark(connection, {row[0] for row in matched if isinstance(row[0], int)}, "activity", now)
    insert_new(connection, tables.unmatched, UNMATCHED_COLUMNS, waiting)
    park(connection, nobody)


def keep_list(connection: Connection, seen: SeenList, now: int) -> None:
    """Notes who is on a list now, who came and who left; a first membership was always there."""
    records, memberships = tables.records, tables.memberships
    known = connection.execute(select(tables.lists).where(tables.lists.c.list_id == seen.id)).one_or_none()
    upsert(connection, tables.lists, ("list_id", "name", "read_at"), [(seen.id, storable(seen.name), now)])
    query = select(memberships.c.record).where(memberships.c.list_id == seen.id, memberships.c.until.is_(None))
    had = set(connection.execute(query).scalars())
    held = ensure_records(connection, [(seen.object, id) for id in sorted(seen.members)])
    into = survivors(connection, {record.id for record in held.values() if record.merged_into is not None})
    has = {into[record.id].record if record.id in into else record.id for record in held.values()}
    since = tables.ALWAYS if known is None else now
    fresh: list[Row] = [(id, seen.id, since, None) for id in sorted(has - had)]
    insert_new(connection, memberships, ("record", "list_id", "since", "until"), fresh)
    left = sorted(had - has)
    ended = update(memberships).where(
        memberships.c.record == bindparam("who"), memberships.c.list_id == seen.id, memberships.c.until.is_(None)
    )
    if left:
        connection.execute(ended.values(until=now), [{"who": id} for id in left])
    moved = [record.subject for record in held.values() if record.id not in had and record.subject is not None]
    for chunk in chunks(left):
        whose = select(records.c.subject).where(records.c.id.in_(chunk), records.c.subject.is_not(None))
        moved += connection.execute(whose).scalars()
    if known is None:
        # Until now everybody's membership was unknown; now it is known, of members and of all others.
        moved = list(connection.execute(select(records.c.subject).where(records.c.subject.is_not(None))).scalars())
    due.mark(connection, moved, "list", now)


def _of_nobody_erased(connection: Connection, seen: Sequence[SeenActivity]) -> Sequence[SeenActivity]:
    """Without what erased people did. Whoever comes back under an erased address is somebody new from then on."""
    gone = erased_keys(connection, {(a.object, a.record_id) for a in seen if a.record_id})
    emails = {email for a in seen if not a.record_id and (email := address(a.email))}
    when = erased_addresses(connection, emails)
    if not gone and not when:
        return seen
    kept = [a for a in seen if (a.object, a.record_id or "") not in gone]
    return [a for a in kept if a.record_id or a.occurred_at > when.get(address(a.email) or "", a.occurred_at - 1)]


def count_unmatched(connection: Connection) -> int:
    """How many activities wait for a record with their e-mail address."""
    return connection.execute(select(func.count()).select_from(tables.unmatched)).scalar_one()


def _form_names(connection: Connection) -> dict[str, list[tuple[int, str]]]:
    names: dict[str, list[tuple[int, str]]] = {}
    for row in connection.execute(select(tables.forms).order_by(tables.forms.c.form_id, tables.forms.c.since)):
        names.setdefault(row.form_id, []).append((row.since, row.name))
    return names


def _kind(activity: SeenActivity, names: dict[str, list[tuple[int, str]]]) -> Kind:
    """What the activity was. A form has the name that it had when it was submitted, not the one that it has today."""
    details = {storable(name): storable(text) for name, text in activity.details.items()}
    then = [name for since, name in names.get(details.get("form_id", ""), ()) if since <= activity.occurred_at]
    if then:
        details["form"] = then[-1]
    return Kind(activity.type, tuple(sorted(details.items())))


def _names_nobody(activity: SeenActivity, now: int) -> Parked:
    reason = "It names neither a person's record nor an e-mail address."
    content = {"occurred_at": activity.occurred_at, "details": {k: storable(v) for k, v in activity.details.items()}}
    return Parked("sync", activity.type, source_key(activity.id), reason, to_json(content), now)
