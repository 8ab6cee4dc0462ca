"""The portal's memory: one SQLite file, the settings that control its behaviour, and the lock around both.

Records are JSON documents with a few narrow columns beside them (id, times, archived). `changes` holds, per write, the
new values of a record: the property history is read from it. `stale` holds what the search index still shows of a
record while its newest state has not been indexed yet.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec

from leadscore.sandbox.catalogue import Definition
from leadscore.sandbox.clock import Clock
from leadscore.sandbox.faults import Fault
from leadscore.sandbox.happening import Happening
from leadscore.sandbox.limits import Limiter

DEFAULT_TOKEN = "pat-na1-5a4db0c5-0000-4000-8000-000000000001"  # noqa: S105 - opens this local stand-in only
ALL_SCOPES = (
    "oauth", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.schemas.contacts.read",
    "crm.schemas.contacts.write", "crm.objects.companies.read", "crm.objects.companies.write",
    "crm.schemas.companies.read", "crm.schemas.companies.write", "crm.objects.deals.read", "crm.objects.deals.write",
    "crm.schemas.deals.read", "crm.schemas.deals.write", "crm.objects.owners.read", "forms", "crm.lists.read",
    "crm.lists.write", "business-intelligence",
)  # fmt: skip

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sequences (name TEXT PRIMARY KEY, next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
  seq INTEGER PRIMARY KEY, type TEXT NOT NULL, id INTEGER NOT NULL, created INTEGER NOT NULL,
  modified INTEGER NOT NULL, archived INTEGER NOT NULL DEFAULT 0, origin TEXT NOT NULL, doc TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS objects_by_id ON objects (type, id);
CREATE INDEX IF NOT EXISTS objects_by_modified ON objects (type, archived, modified, id);
CREATE INDEX IF NOT EXISTS objects_by_created ON objects (type, archived, created, id);
CREATE TABLE IF NOT EXISTS stale (
  seq INTEGER PRIMARY KEY, type TEXT NOT NULL, id INTEGER NOT NULL, until INTEGER NOT NULL,
  created INTEGER, modified INTEGER, archived INTEGER, doc TEXT);
CREATE INDEX IF NOT EXISTS stale_by_id ON stale (type, id, until);
CREATE TABLE IF NOT EXISTS changes (
  seq INTEGER PRIMARY KEY, type TEXT NOT NULL, id INTEGER NOT NULL, entries TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS changes_by_id ON changes (type, id);
CREATE TABLE IF NOT EXISTS unique_values (
  type TEXT NOT NULL, property TEXT NOT NULL, value TEXT NOT NULL, id INTEGER NOT NULL,
  PRIMARY KEY (type, property, value)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS associations (
  from_type TEXT NOT NULL, from_id INTEGER NOT NULL, to_type TEXT NOT NULL, to_id INTEGER NOT NULL,
  type_id INTEGER NOT NULL, PRIMARY KEY (from_type, from_id, to_type, to_id, type_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS properties (
  type TEXT NOT NULL, name TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0, doc TEXT NOT NULL,
  PRIMARY KEY (type, name));
CREATE TABLE IF NOT EXISTS groups (
  type TEXT NOT NULL, name TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0, doc TEXT NOT NULL,
  PRIMARY KEY (type, name));
CREATE TABLE IF NOT EXISTS forms (
  guid TEXT PRIMARY KEY, name TEXT NOT NULL, form_type TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL, updated INTEGER NOT NULL, fields TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS submissions (
  seq INTEGER PRIMARY KEY, form TEXT NOT NULL, at INTEGER NOT NULL, contact INTEGER, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS submissions_by_form ON submissions (form, at, seq);
CREATE INDEX IF NOT EXISTS submissions_by_contact ON submissions (contact, at);
CREATE TABLE IF NOT EXISTS page_views (
  seq INTEGER PRIMARY KEY, contact INTEGER NOT NULL, at INTEGER NOT NULL, url TEXT NOT NULL, title TEXT,
  referrer TEXT, session TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS page_views_by_contact ON page_views (contact, at, seq);
CREATE INDEX IF NOT EXISTS page_views_by_time ON page_views (at, seq);
CREATE TABLE IF NOT EXISTS lists (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, object_type TEXT NOT NULL, processing TEXT NOT NULL,
  status TEXT NOT NULL, filter TEXT, created INTEGER NOT NULL, updated INTEGER NOT NULL, version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS memberships (
  list INTEGER NOT NULL, record INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (list, record)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS memberships_by_record ON memberships (record, list);
CREATE TABLE IF NOT EXISTS owners (id INTEGER PRIMARY KEY, archived INTEGER NOT NULL DEFAULT 0, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pipelines (
  type TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (type, id));
CREATE TABLE IF NOT EXISTS journal (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, object TEXT NOT NULL,
  id TEXT, properties TEXT, status INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS notices (
  seq INTEGER PRIMARY KEY, doc TEXT NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting');
CREATE INDEX IF NOT EXISTS notices_by_due ON notices (state, due, seq);
CREATE TABLE IF NOT EXISTS deliveries (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, status INTEGER, error TEXT, ms INTEGER NOT NULL, count INTEGER NOT NULL,
  events TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS workflows (id INTEGER PRIMARY KEY, runs INTEGER NOT NULL DEFAULT 0, doc TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS merged (
  type TEXT NOT NULL, old INTEGER NOT NULL, new INTEGER NOT NULL, PRIMARY KEY (type, old)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass
class Settings:
    """Everything that `/_sandbox/settings` may change.

    `batch_errors`: what a batch update with one bad row answers: `207` (its neighbours are written), `400` (none is),
    or `auto` (207 for rows with an objectWriteTraceId, else 400); which of them HubSpot does is [not verified].
    `multi_status_dated`: whether the 2026-09 spelling answers 207 at all [not verified].
    `existing_property_status`: 409, or 400 with "already exists" [not verified].
    `secondary_email_resolves`: whether a GET by e-mail finds a contact by an additional address [not verified].
    `required`: fields that an admin made mandatory, as {"contacts": ["country"]}; enforced from 2026-09 on.
    `utc_offset_minutes`: the account's midnight; the zone's name is only shown.
    `search_lag_ms`: how long the search index trails behind writes. `history_depth`: 0 keeps every version.
    `events_status`: what the events API answers below Enterprise [not verified].
    `merge_keeps_primary_id`: a merge makes no new record [not verified].
    `sync_company_stage`, `deal_created_stage`, `deal_won_stage`: see automation.py. `oauth_...`: see oauth.py.
    `archived_owner_refused`: whether a deactivated owner may still be set [not verified].
    `custom_task_properties`: whether tasks take properties of one's own, unique ones too [not verified].
    `write_source`: the sourceType in the history of API writes; `write_source_id`: its sourceId, if any.
    """

    portal_id: int = 147000001
    account_type: str = "DEVELOPER_TEST"
    tier: str = "enterprise"
    time_zone: str = "US/Eastern"
    utc_offset_minutes: int = -300
    secondary_email_resolves: bool = False
    required: dict[str, list[str]] = field(default_factory=dict)
    token: str = DEFAULT_TOKEN
    token_expires_at: int | None = None
    scopes: list[str] = field(default_factory=lambda: list(ALL_SCOPES))
    batch_errors: str = "auto"
    multi_status_dated: bool = True
    existing_property_status: int = 409
    search_lag_ms: int = 0
    history_depth: int = 0
    events_status: int = 403
    merge_keeps_primary_id: bool = False
    sync_company_stage: bool = False
    deal_created_stage: str | None = None
    deal_won_stage: str | None = None
    oauth_client_id: str = "sandbox-client"
    oauth_client_secret: str = "sandbox-client-secret"  # noqa: S105 - opens this local stand-in only
    oauth_refresh_token: str = "na1-00000000-sandbox-refresh-token"  # noqa: S105 - the same
    oauth_expires_in: int = 1800
    oauth_rotate: bool = False
    archived_owner_refused: bool = True
    custom_task_properties: bool = False
    write_source: str = "INTEGRATION"
    write_source_id: str | None = "sandbox-app"

    def change(self, **changes: Any) -> None:
        """Raises ValueError naming an unknown setting or a value of the wrong kind."""
        merged = asdict(self) | changes
        if unknown := sorted(set(changes) - {known.name for known in fields(self)}):
            raise ValueError(f"there is no setting {unknown[0]!r}; there are {', '.join(asdict(self))}")
        try:
            checked = msgspec.convert(merged, Settings)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error
        if checked.tier not in ("enterprise", "professional", "starter"):
            raise ValueError(f"tier is enterprise, professional or starter, not {checked.tier!r}")
        if checked.batch_errors not in ("auto", "207", "400"):
            raise ValueError(f"batch_errors is auto, 207 or 400, not {checked.batch_errors!r}")
        for known in fields(self):
            setattr(self, known.name, getattr(checked, known.name))


class Portal:
    """One HubSpot account. `lock` is held for the whole of each request; the connection is shared under it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self.lock = threading.RLock()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=256)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;" + SCHEMA)
        self.db.create_function("folded", 1, lambda text: text and text.lower(), deterministic=True)
        self.settings = self._load_settings()
        self.faults: list[Fault] = []
        self.limiter = Limiter()
        self.requests: Counter[str] = Counter()
        self.watchers: list[Callable[[Happening], None]] = []
        self.committed = threading.Event()
        self._told = False
        self._definitions: dict[str, dict[str, Definition]] = {}

    def _load_settings(self) -> Settings:
        row = self.db.execute("SELECT value FROM settings WHERE key='settings'").fetchone()
        return msgspec.json.decode(row[0], type=Settings) if row else Settings()

    def save_settings(self) -> None:
        text = msgspec.json.encode(self.settings).decode()
        self.db.execute("INSERT OR REPLACE INTO settings VALUES ('settings', ?)", (text,))

    def now(self) -> int:
        return self.clock.now()

    def next_id(self, name: str, count: int = 1) -> int:
        """The first of `count` fresh numbers of a sequence; ids look like HubSpot's and never come back."""
        row = self.db.execute("SELECT next FROM sequences WHERE name=?", (name,)).fetchone()
        first: int = row[0] if row else 1001
        self.db.execute("INSERT OR REPLACE INTO sequences VALUES (?, ?)", (name, first + count))
        return first

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block or, when it raises, nothing of it. Blocks may stand inside one another."""
        with self.lock:
            if self.db.in_transaction:
                yield self.db
                return
            self.db.execute("BEGIN")
            try:
                yield self.db
            except BaseException:
                self.db.execute("ROLLBACK")
                self._definitions.clear()
                raise
            self.db.execute("COMMIT")
            if self._told:
                self._told = False
                self.committed.set()

    def tell(self, news: Happening) -> None:
        """Hands news to whoever watches, within the transaction of the change itself."""
        self._told = True
        for watcher in self.watchers:
            watcher(news)

    def definitions(self, object_type: str) -> dict[str, Definition]:
        """The properties of an object type that are not archived, by name."""
        known = self._definitions.get(object_type)
        if known is None:
            rows = self.db.execute(
                "SELECT doc FROM properties WHERE type=? AND archived=0 ORDER BY rowid", (object_type,)
            )
            made = [Definition.of(msgspec.json.decode(row[0])) for row in rows]
            known = self._definitions[object_type] = {definition.name: definition for definition in made}
        return known

    def forget_definitions(self) -> None:
        """To be called after any change of a property."""
        self._definitions.clear()

    def close(self) -> None:
        with self.lock:
            self.db.close()
