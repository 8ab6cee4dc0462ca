"""The org's memory: one SQLite file with a table an object, what its user may see, and the settings that steer it."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec

from leadscore.sandbox.clock import Clock
from leadscore.sandbox.salesforce import ids
from leadscore.sandbox.salesforce.catalogue import OBJECTS
from leadscore.sandbox.salesforce.fields import Field, restored
from leadscore.sandbox.salesforce.limits import Limiter

Row = dict[str, Any]

_OWN_TABLES = """
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS custom_fields (object TEXT NOT NULL, name TEXT NOT NULL, doc TEXT NOT NULL,
  PRIMARY KEY (object, name));
CREATE TABLE IF NOT EXISTS cursors (id TEXT PRIMARY KEY, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, act TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL,
  doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, doc TEXT NOT NULL, data BLOB);
CREATE TABLE IF NOT EXISTS metadata (
  type TEXT NOT NULL, name TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (type, name));
CREATE TABLE IF NOT EXISTS messages (
  seq INTEGER PRIMARY KEY, doc TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting');
CREATE TABLE IF NOT EXISTS pardot (
  object TEXT NOT NULL, id INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, prospect INTEGER,
  doc TEXT NOT NULL, PRIMARY KEY (object, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pardot_by_created ON pardot (object, created, id);
CREATE INDEX IF NOT EXISTS pardot_by_updated ON pardot (object, updated, id);
"""
_INDEXED = ("SystemModstamp", "Email", "WhoId", "LeadId", "ContactId", "OpportunityId", "AccountId")


@dataclass
class Settings:
    """Everything that `/_sandbox/settings` may change.

    `private`: objects of which the integration user sees its own rows only, without an error. `view_all_data`: it
    sees all the same. `all_fields`: it may read and edit every custom field without a permission set.
    `page_size`: rows of a query's page at the most; `short_pages`: pages hold fewer now and then, as documented.
    `assignment_rule`: an active rule moves Leads to `rule_owner` on every write that does not forbid it.
    `converted_status_stored`: whether a converted status written over the API is kept [not verified].
    `deleted_status`: HTTP status of ENTITY_IS_DELETED, 404 or 400 [not verified].
    `lock_rows`, `flow_errors`: ids whose next so many writes fail with UNABLE_TO_LOCK_ROW, or with a flow's error.
    `validation`: {"object": "Lead", "field": ..., "words": ...}: writes of the field are refused with these words.
    `message_wait_ms`: wait before an outbound message is sent again, doubled each time.
    `tracked`: fields with history, by object. `pardot`: there is a business unit of Account Engagement, which shows
    what is younger than `pardot_lag_ms` to nobody (up to a minute in truth).
    """

    org_name: str = "Acme"
    is_sandbox: bool = True
    organization_type: str = "Developer Edition"
    client_id: str = "3MVG9sandbox.consumer.key"
    client_secret: str = "sandbox-consumer-secret"  # noqa: S105 - opens this local stand-in only
    username: str = "leadscore@acme.example"
    private: list[str] = field(default_factory=list)
    view_all_data: bool = True
    all_fields: bool = False
    page_size: int = 2_000
    short_pages: bool = False
    assignment_rule: bool = False
    converted_status_stored: bool = False
    deleted_status: int = 404
    lock_rows: dict[str, int] = field(default_factory=dict)
    flow_errors: dict[str, int] = field(default_factory=dict)
    validation: list[dict[str, str]] = field(default_factory=list)
    tracked: dict[str, list[str]] = field(default_factory=dict)
    pardot: bool = True
    business_unit: str = "0Uv5f000000CaaaCAE"
    pardot_lag_ms: int = 0
    token_seconds: int = 7_200
    message_wait_ms: int = 60_000

    def change(self, **values: Any) -> None:
        """Raises ValueError for an unknown setting or a value of another kind."""
        known = {one.name: one for one in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"there is no setting {name!r}; there are {', '.join(sorted(known))}")
            if type(value) is not type(getattr(self, name)):
                raise ValueError(f"{name} is a {type(getattr(self, name)).__name__}, not {value!r}")
            setattr(self, name, value)


class Org:
    """One org. Hold `lock` around everything; `transaction()` holds it and keeps all or nothing."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.settings = Settings()
        self.limiter = Limiter()
        self.requests: Counter[str] = Counter()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.executescript(_OWN_TABLES)
        self._fields: dict[str, dict[str, Field]] = {}
        self._make_tables()
        self._load_settings()

    def now(self) -> int:
        return self.clock.now()

    def stamp(self) -> int:
        """Now, in whole seconds: Salesforce's rows know no finer time."""
        return self.clock.now() // 1000 * 1000

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.lock:
            if self.db.in_transaction:
                yield
                return
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def close(self) -> None:
        with self.lock:
            self.db.close()

    def fields(self, object: str) -> dict[str, Field]:
        """All fields of an object by name, whoever may see them. Raises KeyError for an unknown object."""
        return self._fields[object]

    def object_named(self, name: str) -> str | None:
        """The object as Salesforce spells it; names are taken in any case."""
        return self._names.get(name.lower())

    def field_named(self, object: str, name: str) -> Field | None:
        found = self._fields[object].get(name)
        return found or next((one for one in self._fields[object].values() if one.name.lower() == name.lower()), None)

    def add_field(self, object: str, made: Field) -> bool:
        """Makes a custom field, or changes it; whether it is new."""
        new = made.name not in self._fields[object]
        text = msgspec.json.encode(made.document()).decode()
        self.db.execute("INSERT OR REPLACE INTO custom_fields VALUES (?,?,?)", (object, made.name, text))
        if new:
            self.db.execute(f'ALTER TABLE "o_{object}" ADD COLUMN "{made.name}" {made.column}')
        self._fields[object] = {**self._fields[object], made.name: made}
        return new

    def drop_field(self, object: str, name: str) -> None:
        self.db.execute("DELETE FROM custom_fields WHERE object=? AND name=?", (object, name))
        self.db.execute(f'ALTER TABLE "o_{object}" DROP COLUMN "{name}"')
        self._fields[object] = {key: one for key, one in self._fields[object].items() if key != name}

    def look_again(self) -> None:
        """After something was taken back: the fields as the store has them."""
        for object, standard in OBJECTS.items():
            query = "SELECT doc FROM custom_fields WHERE object=? ORDER BY rowid"
            own = [restored(msgspec.json.decode(row[0])) for row in self.db.execute(query, (object,))]
            self._fields[object] = {one.name: one for one in (*standard, *own)}

    def next_number(self, name: str, many: int = 1) -> int:
        row = self.db.execute("SELECT next FROM numbers WHERE name=?", (name,)).fetchone()
        first: int = row[0] if row else 1
        self.db.execute("INSERT OR REPLACE INTO numbers VALUES (?,?)", (name, first + many))
        return first

    def next_id(self, object: str) -> str:
        prefix = ids.PREFIXES.get(object, "a00")
        return ids.record_id(prefix, self.next_number(f"id {prefix}"))

    def get(self, object: str, id: str) -> Row | None:
        """A row with all its columns, deleted ones too."""
        cursor = self.db.execute(f'SELECT * FROM "o_{object}" WHERE "Id"=?', (id,))  # noqa: S608 - a known object
        row = cursor.fetchone()
        return None if row is None else dict(zip((one[0] for one in cursor.description), row, strict=True))

    def put(self, object: str, row: Mapping[str, Any]) -> None:
        """Adds a row, or replaces it by its Id."""
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        self.db.execute(f'INSERT OR REPLACE INTO "o_{object}" ({names}) VALUES ({marks})', tuple(row.values()))  # noqa: S608 - known columns

    def put_all(self, object: str, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            self.put(object, row)

    def note(self, act: str, object: str, id: str, values: Mapping[str, Any]) -> None:
        """A line in the journal of what was taken; it is rolled back with its request."""
        line = (self.now(), act, object, id, msgspec.json.encode(values).decode())
        self.db.execute("INSERT INTO journal (at, act, object, id, doc) VALUES (?,?,?,?,?)", line)

    def save_settings(self) -> None:
        text = msgspec.json.encode(asdict(self.settings)).decode()
        self.db.execute("INSERT OR REPLACE INTO settings VALUES ('settings', ?)", (text,))

    def _load_settings(self) -> None:
        row = self.db.execute("SELECT value FROM settings WHERE key='settings'").fetchone()
        if row is not None:
            self.settings.change(**msgspec.json.decode(row[0]))

    def _make_tables(self) -> None:
        for object, standard in OBJECTS.items():
            known = {one.name: one for one in standard}
            columns = ", ".join(
                f'"{one.name}" {one.column}{" PRIMARY KEY" if one.name == "Id" else ""}' for one in standard
            )
            self.db.execute(f'CREATE TABLE IF NOT EXISTS "o_{object}" ({columns})')
            for name in _INDEXED:
                if name in known:
                    made = f'CREATE INDEX IF NOT EXISTS "i_{object}_{name}" ON "o_{object}" ("{name}", "Id")'
                    self.db.execute(made)
        self.look_again()
        # What a polymorphic reference leads to: owners are users or queues, activities belong to Leads or Contacts.
        self.db.executescript(_NAME_VIEW)
        self._names = {name.lower(): name for name in OBJECTS}


_NAME_VIEW = """
CREATE VIEW IF NOT EXISTS "o_Name" AS
  SELECT Id, Name, 'User' AS Type, Email, IsActive FROM "o_User"
  UNION ALL SELECT Id, Name, 'Group', NULL, 1 FROM "o_Group"
  UNION ALL SELECT Id, Name, 'Lead', Email, NULL FROM "o_Lead"
  UNION ALL SELECT Id, Name, 'Contact', Email, NULL FROM "o_Contact"
  UNION ALL SELECT Id, Name, 'Account', NULL, NULL FROM "o_Account"
  UNION ALL SELECT Id, Name, 'Opportunity', NULL, NULL FROM "o_Opportunity"
  UNION ALL SELECT Id, Name, 'Campaign', NULL, NULL FROM "o_Campaign";
"""
NAME_FIELDS = {
    name: Field(name, kind, system=True)
    for name, kind in {
        "Id": "id",
        "Name": "string",
        "Type": "string",
        "Email": "email",
        "IsActive": "boolean",
    }.items()
}
"""The fields of what a polymorphic reference leads to."""
