"""Contacts, companies and deals as they lie in the store: read, shown, written, archived, with their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from leadscore.sandbox.catalogue import CONTACT, DEAL, DEFAULTS, MODIFIED
from leadscore.sandbox.clock import instant, iso
from leadscore.sandbox.errors import Failure, Refused, conflict
from leadscore.sandbox.state import Portal
from leadscore.sandbox.values import Values

Json = dict[str, Any]
_decode = msgspec.json.Decoder(dict[str, str]).decode
_decode_changes = msgspec.json.Decoder(list[Any]).decode
_COLUMNS = "id, created, modified, archived, origin, doc"


@dataclass(frozen=True)
class Source:
    """Who wrote a value, in HubSpot's words: `type` such as CRM_UI, INTEGRATION, FORM, IMPORT."""

    type: str
    id: str | None = None
    user: int | None = None

    @classmethod
    def api(cls, portal: Portal) -> Source:
        return cls(portal.settings.write_source, portal.settings.write_source_id)

    @classmethod
    def person(cls, user: int) -> Source:
        """An edit in the app: `sourceId` is `userId:NNN` and `updatedByUserId` the same number (live capture)."""
        return cls("CRM_UI", f"userId:{user}", user)

    def packed(self) -> list[Any]:
        return [self.type, self.id, self.user]


@dataclass
class Record:
    type: str
    id: int
    created: int
    modified: int
    archived: bool
    origin: str
    doc: dict[str, str]

    def value(self, name: str) -> str | None:
        if name == "hs_object_id":
            return str(self.id)
        if name == MODIFIED[self.type]:
            return iso(self.modified)
        if name == "createdate":
            return iso(self.created)
        return self.doc.get(name)


def record(object_type: str, row: Sequence[Any]) -> Record:
    """From a row of id, created, modified, archived, origin, doc."""
    return Record(object_type, row[0], row[1], row[2], bool(row[3]), row[4], _decode(row[5]))


def as_id(text: object) -> int | None:
    """A record id from the wire; None when it cannot be one."""
    shown = str(text)
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= 18 else None


def load(portal: Portal, object_type: str, ids: Iterable[int], archived: bool = False) -> dict[int, Record]:
    wanted = msgspec.json.encode(list(ids)).decode()
    sql = f"SELECT {_COLUMNS} FROM objects WHERE type=? AND id IN (SELECT value FROM json_each(?)) AND archived=?"  # noqa: S608 - constant columns
    rows = portal.db.execute(sql, (object_type, wanted, int(archived)))
    return {row[0]: record(object_type, row) for row in rows}


def load_one(portal: Portal, object_type: str, record_id: int, archived: bool = False) -> Record | None:
    return load(portal, object_type, [record_id], archived).get(record_id)


def page(portal: Portal, object_type: str, first: int, count: int, archived: bool) -> list[Record]:
    sql = f"SELECT {_COLUMNS} FROM objects WHERE type=? AND id>=? AND archived=? ORDER BY id LIMIT ?"  # noqa: S608 - constant columns
    return [record(object_type, row) for row in portal.db.execute(sql, (object_type, first, int(archived), count))]


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
    always = ("createdate", "hs_object_id", MODIFIED[item.type])
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
        answer["propertiesWithHistory"] = _histories(portal, item, [name for name in history if name in known])
    return answer


def _histories(portal: Portal, item: Record, names: Sequence[str]) -> dict[str, list[Json]]:
    """Newest first. What was never changed shows one version, of the record's creation."""
    rows = portal.db.execute("SELECT entries FROM changes WHERE type=? AND id=? ORDER BY seq", (item.type, item.id))
    entries = [entry for row in rows for entry in _decode_changes(row[0])]
    entries.sort(key=lambda entry: entry[0])
    found: dict[str, list[Json]] = {name: [] for name in names}
    depth = portal.settings.history_depth
    origin = _decode_changes(item.origin)
    for at, kind, source_id, user, new, old in entries:
        source = (kind, source_id, user)
        for name in new.keys() & found.keys():
            if not found[name] and old and old.get(name) is not None:
                found[name].append(_version(old[name], item.created, origin))
            found[name].append(_version(new[name], at, source))
    for name, versions in found.items():
        value = item.value(name)
        if not versions and value is not None:
            at = item.modified if name == MODIFIED[item.type] else item.created
            versions.append(_version(value, at, origin))
        versions.reverse()
        if depth:
            del versions[depth:]
    return found


def _version(value: str | None, at: int, source: Sequence[Any]) -> Json:
    version: Json = {"value": value or "", "timestamp": iso(at), "sourceType": source[0]}
    if source[1] is not None:
        version["sourceId"] = source[1]
    if source[2] is not None:
        version["updatedByUserId"] = source[2]
    return version


def insert(portal: Portal, object_type: str, values: Values, source: Source, at: int | None = None) -> Record:
    """Stores a new record. Raises Refused (409) when a unique value is taken."""
    at = portal.now() if at is None else at
    stored = {name: value for name, value in values.items() if value is not None}
    created = instant(stored.pop("createdate")) if "createdate" in stored else at
    new_id = portal.next_id(object_type)
    stored |= _derived(portal, object_type, {}, stored, at)
    item = Record(object_type, new_id, created, at, False, msgspec.json.encode(source.packed()).decode(), stored)
    _claim_unique(portal, item, stored)
    _hide_from_search(portal, item, None)
    portal.db.execute(
        "INSERT INTO objects (type, id, created, modified, archived, origin, doc) VALUES (?,?,?,?,0,?,?)",
        (object_type, new_id, created, at, item.origin, msgspec.json.encode(stored).decode()),
    )
    return item


def change(portal: Portal, item: Record, values: Values, source: Source, at: int | None = None) -> Record:
    """Writes values into a record and its history; always moves the date of modification, as HubSpot does."""
    at = portal.now() if at is None else at
    fresh = {name: value for name, value in values.items() if item.doc.get(name) != value}
    fresh |= _derived(portal, item.type, item.doc, fresh, at)
    if "createdate" in fresh:
        del fresh["createdate"]
    _claim_unique(portal, item, fresh)
    _hide_from_search(portal, item, item)
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
    return item


def archive(portal: Portal, item: Record) -> None:
    _hide_from_search(portal, item, item)
    portal.db.execute(
        "UPDATE objects SET archived=1, modified=? WHERE type=? AND id=?", (portal.now(), item.type, item.id)
    )
    portal.db.execute("DELETE FROM unique_values WHERE type=? AND id=?", (item.type, item.id))


def _claim_unique(portal: Portal, item: Record, values: Mapping[str, str | None]) -> None:
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


def _holder(portal: Portal, object_type: str, name: str, value: str) -> int | None:
    if object_type == CONTACT and name == "email":
        return find_email(portal, value)
    return next(iter(find_unique(portal, object_type, name, [value]).values()), None)


def _taken(is_email: bool, name: str, value: str, holder: int | None) -> Failure:
    if is_email:
        return conflict(f"Contact already exists. Existing ID: {holder}")
    return conflict(f"Another record already has {value!r} in the unique property {name}. Existing ID: {holder}")


def _hide_from_search(portal: Portal, item: Record, before: Record | None) -> None:
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


def _derived(
    portal: Portal, object_type: str, before: Mapping[str, str], new: Mapping[str, str | None], at: int
) -> dict[str, str]:
    """What HubSpot sets by itself along with a write: stage dates of contacts, the closed marks of deals."""
    if object_type == CONTACT:
        stage = new.get("lifecyclestage")
        name = f"hs_v2_date_entered_{stage}"
        return {name: iso(at)} if stage and name in portal.definitions(CONTACT) else {}
    if object_type == DEAL and ("dealstage" in new or "closedate" in new or "amount" in new):
        return _deal_marks(portal, before, new, at)
    return {}


def _deal_marks(portal: Portal, before: Mapping[str, str], new: Mapping[str, str | None], at: int) -> dict[str, str]:
    stage = new.get("dealstage") or before.get("dealstage") or ""
    metadata = stage_metadata(portal, stage)
    closed = metadata.get("isClosed") == "true"
    probability = float(metadata.get("probability", "0"))
    marks = {
        "hs_is_closed": str(closed).lower(),
        "hs_is_closed_won": str(closed and probability == 1).lower(),
        "hs_is_closed_lost": str(closed and probability == 0).lower(),
        "hs_deal_stage_probability": format(probability, "g"),
    }
    if amount := new.get("amount"):
        marks["amount_in_home_currency"] = amount
    if new.get("dealstage"):
        marks["hs_v2_date_entered_current_stage"] = iso(at)
        if closed and before.get("hs_is_closed") != "true" and not new.get("closedate"):
            marks["closedate"] = iso(at)
    closed_at = marks.get("closedate") or new.get("closedate") or before.get("closedate")
    if marks["hs_is_closed_won"] == "true" and closed_at:
        marks["hs_closed_won_date"] = closed_at
    return {name: value for name, value in marks.items() if before.get(name) != value}


def stage_metadata(portal: Portal, stage: str) -> dict[str, str]:
    """A deal stage's metadata: a map of texts, in HubSpot's way; empty for a stage that no pipeline has."""
    sql = (
        "SELECT json_extract(s.value, '$.metadata') FROM pipelines p, json_each(p.doc, '$.stages') s "
        "WHERE p.type='deals' AND json_extract(s.value, '$.id')=?"
    )
    row = portal.db.execute(sql, (stage,)).fetchone()
    return _decode(row[0]) if row else {}
