"""Contacts, companies and deals as they lie in the store: read, shown, written, archived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from leadscore.sandbox.catalogue import CONTACT, CREATED, DEFAULTS, MODIFIED
from leadscore.sandbox.clock import instant, iso
from leadscore.sandbox.derived import derived
from leadscore.sandbox.errors import Failure, Refused, conflict
from leadscore.sandbox.happening import Happening, Source
from leadscore.sandbox.history import histories
from leadscore.sandbox.record import Record, from_row
from leadscore.sandbox.state import Portal
from leadscore.sandbox.values import Values
from leadscore.sandbox.wire import Json

_COLUMNS = "id, created, modified, archived, origin, doc"


def load(portal: Portal, object_type: str, ids: Iterable[int], archived: bool = False) -> dict[int, Record]:
    wanted = msgspec.json.encode(list(ids)).decode()
    sql = f"SELECT {_COLUMNS} FROM objects WHERE type=? AND id IN (SELECT value FROM json_each(?)) AND archived=?"  # noqa: S608 - constant columns
    rows = portal.db.execute(sql, (object_type, wanted, int(archived)))
    return {row[0]: from_row(object_type, row) for row in rows}


def load_one(portal: Portal, object_type: str, record_id: int, archived: bool = False) -> Record | None:
    return load(portal, object_type, [record_id], archived).get(record_id)


def page(portal: Portal, object_type: str, first: int, count: int, archived: bool) -> list[Record]:
    sql = f"SELECT {_COLUMNS} FROM objects WHERE type=? AND id>=? AND archived=? ORDER BY id LIMIT ?"  # noqa: S608 - constant columns
    return [from_row(object_type, row) for row in portal.db.execute(sql, (object_type, first, int(archived), count))]


def find_unique(portal: Portal, object_type: str, name: str, values: Iterable[str]) -> dict[str, int]:
    """Record ids by a unique property's value; e-mail addresses are found in any case."""
    wanted = msgspec.json.encode([_key(name, value) for value in values]).decode()
    sql = (
        "SELECT value, id FROM unique_values WHERE type=? AND property=? AND value IN (SELECT value FROM json_each(?))"
    )
    return dict(portal.db.execute(sql, (object_type, name, wanted)).fetchall())


def find_email(portal: Portal, address: str) -> int | None:
    """The contact that has this address, as its first or as an additional one."""
    for name in ("email", "hs_additional_emails"):
        if found := find_unique(portal, CONTACT, name, [address]):
            return next(iter(found.values()))
    return None


def add_email(portal: Portal, item: Record, address: str) -> None:
    """Gives a contact one more address, as a merge or a person does. Raises Refused (409) when it is taken."""
    if (holder := find_email(portal, address)) is not None:
        raise Refused(_taken(True, "email", address, holder))
    key = _key("email", address)
    portal.db.execute("INSERT INTO unique_values VALUES (?,'hs_additional_emails',?,?)", (CONTACT, key, item.id))
    known = item.doc.get("hs_additional_emails")
    change(portal, item, {"hs_additional_emails": f"{known};{key}" if known else key}, Source("CRM_UI"))


def _key(name: str, value: str) -> str:
    return value.strip().lower() if name in ("email", "hs_additional_emails") else value


def shown(portal: Portal, item: Record, properties: Sequence[str], history: Sequence[str] = ()) -> Json:
    """A record as the API gives it: unknown names are left out, known but empty ones are null."""
    known = portal.definitions(item.type)
    always = (CREATED[item.type], "hs_object_id", MODIFIED[item.type])
    names = (*always, *properties) if properties or history else DEFAULTS[item.type]
    values = {name: item.value(name) for name in names if name in known}
    answer: Json = {
        "id": str(item.id),
        "properties": values,
        "createdAt": iso(item.created),
        "updatedAt": iso(item.modified),
        "archived": item.archived,
    }
    if item.archived:
        answer["archivedAt"] = iso(item.modified)
    if history:
        values.update({name: item.value(name) for name in history if name in known})
        answer["propertiesWithHistory"] = histories(portal, item, [name for name in history if name in known])
    return answer


def insert(portal: Portal, object_type: str, values: Values, source: Source, at: int | None = None) -> Record:
    """Stores a new record. Raises Refused (409) when a unique value is taken."""
    at = portal.now() if at is None else at
    stored = {name: value for name, value in values.items() if value is not None}
    created = instant(stored.pop("createdate")) if "createdate" in stored else at
    new_id = portal.next_id(object_type)
    stored |= derived(portal, object_type, {}, stored, at)
    item = Record(object_type, new_id, created, at, False, msgspec.json.encode(source.packed()).decode(), stored)
    claim_unique(portal, item, stored)
    hide_from_search(portal, item, None)
    portal.db.execute(
        "INSERT INTO objects (type, id, created, modified, archived, origin, doc) VALUES (?,?,?,?,0,?,?)",
        (object_type, new_id, created, at, item.origin, msgspec.json.encode(stored).decode()),
    )
    portal.tell(Happening("creation", object_type, new_id, at, source, dict(stored)))
    return _as_left(portal, item)


def change(portal: Portal, item: Record, values: Values, source: Source, at: int | None = None) -> Record:
    """Writes values into a record and its history; always moves the date of modification, as HubSpot does."""
    at = portal.now() if at is None else at
    fresh = {name: value for name, value in values.items() if item.doc.get(name) != value}
    fresh |= derived(portal, item.type, item.doc, fresh, at)
    if "createdate" in fresh:
        del fresh["createdate"]
    claim_unique(portal, item, fresh)
    hide_from_search(portal, item, item)
    if fresh:
        old = {name: item.doc[name] for name in fresh if name in item.doc}
        entry = [[at, *source.packed(), {name: value or "" for name, value in fresh.items()}, old or None]]
        text = msgspec.json.encode(entry).decode()
        portal.db.execute("INSERT INTO changes (type, id, entries) VALUES (?,?,?)", (item.type, item.id, text))
    for name, value in fresh.items():
        if value is None:
            item.doc.pop(name, None)
        else:
            item.doc[name] = value
    item.modified = max(item.modified, at)
    portal.db.execute(
        "UPDATE objects SET modified=?, doc=? WHERE type=? AND id=?",
        (item.modified, msgspec.json.encode(item.doc).decode(), item.type, item.id),
    )
    if fresh:
        portal.tell(Happening("propertyChange", item.type, item.id, at, source, fresh))
    return _as_left(portal, item)


def _as_left(portal: Portal, item: Record) -> Record:
    """The same record with what workflows have added to it since."""
    if (latest := load_one(portal, item.type, item.id)) is not None:
        item.doc, item.modified = latest.doc, latest.modified
    return item


def archive(portal: Portal, item: Record, source: Source) -> None:
    """Into the recycle bin, from which `erasing.restore` brings it back."""
    hide_from_search(portal, item, item)
    portal.db.execute(
        "UPDATE objects SET archived=1, modified=? WHERE type=? AND id=?", (portal.now(), item.type, item.id)
    )
    portal.db.execute("DELETE FROM unique_values WHERE type=? AND id=?", (item.type, item.id))
    portal.tell(Happening("deletion", item.type, item.id, portal.now(), source))


def claim_unique(portal: Portal, item: Record, values: Mapping[str, str | None]) -> None:
    """Reserves the values of unique properties for a record. Raises Refused (409) when another one has them."""
    definitions = portal.definitions(item.type)
    for name, value in values.items():
        is_email = item.type == CONTACT and name == "email"
        if not is_email and not (name in definitions and definitions[name].unique):
            continue
        if value is not None:
            holder = _holder(portal, item.type, name, value)
            if holder not in (None, item.id):
                raise Refused(_taken(is_email, name, value, holder))
        if old := item.doc.get(name):
            sql = "DELETE FROM unique_values WHERE type=? AND property=? AND value=? AND id=?"
            portal.db.execute(sql, (item.type, name, _key(name, old), item.id))
        if value is not None:
            row = (item.type, name, _key(name, value), item.id)
            portal.db.execute("INSERT OR REPLACE INTO unique_values VALUES (?,?,?,?)", row)


def claim_all(portal: Portal, item: Record) -> None:
    """Reserves every unique value that a merged or restored record has. Raises Refused (409)."""
    values = dict(item.doc)
    more = values.pop("hs_additional_emails", "").split(";") if item.type == CONTACT else []
    claim_unique(portal, item, values)
    for address in filter(None, more):
        if find_email(portal, address) not in (None, item.id):
            raise Refused(_taken(True, "email", address, find_email(portal, address)))
        row = (item.type, "hs_additional_emails", _key("email", address), item.id)
        portal.db.execute("INSERT OR REPLACE INTO unique_values VALUES (?,?,?,?)", row)


def _holder(portal: Portal, object_type: str, name: str, value: str) -> int | None:
    if object_type == CONTACT and name == "email":
        return find_email(portal, value)
    return next(iter(find_unique(portal, object_type, name, [value]).values()), None)


def _taken(is_email: bool, name: str, value: str, holder: int | None) -> Failure:
    if is_email:
        return conflict(f"Contact already exists. Existing ID: {holder}")
    return conflict(f"Another record already has {value!r} in the unique property {name}. Existing ID: {holder}")


def hide_from_search(portal: Portal, item: Record, before: Record | None) -> None:
    """Keeps what the search index shows until it catches up; nothing at all for a record that is new."""
    lag = portal.settings.search_lag_ms
    if not lag:
        return
    old: tuple[Any, ...] = (None, None, None, None)
    if before is not None:
        old = (before.created, before.modified, int(before.archived), msgspec.json.encode(before.doc).decode())
    portal.db.execute(
        "INSERT INTO stale (type, id, until, created, modified, archived, doc) VALUES (?,?,?,?,?,?,?)",
        (item.type, item.id, portal.now() + lag, *old),
    )
