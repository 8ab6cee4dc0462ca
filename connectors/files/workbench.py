"""A private database on disk for what a run must remember: ids that were seen, activities waiting for their contact.

It has no name there, so that nothing is left behind however the program ends. It lies where SQLITE_TMPDIR or TMPDIR
says, else in /var/tmp; its memory is bounded, its size about twice that of the unpacked activities.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache

import msgspec

from connectors.files.activities import SeenRow
from connectors.files.contacts import Contact
from connectors.files.rejects import FileProblem
from scoring.facts import Activity, Kind

_CACHE_KIB = 65_536
_KINDS_KEPT = 16_384
_KEPT_BYTES = 1000
_SCHEMA = (
    "CREATE TABLE person (ordinal INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, line INTEGER NOT NULL)",
    "CREATE TABLE activity (contact TEXT NOT NULL, line INTEGER NOT NULL, at INTEGER NOT NULL, id TEXT, kind BLOB)",
    "CREATE TABLE repeat (content BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID",
)


class Workbench:
    """The private database of one run: who was seen, and activities waiting for their contact."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add_person(self, contact: Contact, ordinal: int) -> int | None:
        """Notes a contact; the line on which the same id stood before, else None."""
        try:
            self._db.execute("INSERT INTO person VALUES (?, ?, ?)", (ordinal, contact.id, contact.line))
        except sqlite3.IntegrityError:
            found = self._db.execute("SELECT line FROM person WHERE id = ?", (contact.id,)).fetchone()
            return int(found[0])
        return None

    def id_of(self, ordinal: int) -> str:
        """The id of a person by ordinal."""
        return str(self._db.execute("SELECT id FROM person WHERE ordinal = ?", (ordinal,)).fetchone()[0])

    def store(self, activities: Iterable[SeenRow]) -> None:
        """Keeps activities, to be asked for by contact."""
        encode = msgspec.json.encode
        self._db.executemany(
            "INSERT INTO activity VALUES (?, ?, ?, ?, ?)",
            ((who, line, what.occurred_at, what.id, encode(what.kind)) for line, who, what in activities),
        )
        # Holds all columns, so that one person's activities lie side by side on disk.
        self._db.execute("CREATE INDEX by_contact ON activity (contact, line, at, id, kind)")

    def activities_of(self) -> Callable[[str], tuple[Activity, ...]]:
        """A function from a contact's id to its stored activities."""
        decode = msgspec.json.Decoder(Kind).decode
        shared = lru_cache(maxsize=_KINDS_KEPT)(decode)
        execute = self._db.execute

        def activities_of(id: str) -> tuple[Activity, ...]:
            found = execute("SELECT kind, at, id FROM activity WHERE contact = ? ORDER BY line", (id,))
            return tuple(
                [
                    Activity(shared(kind) if len(kind) <= _KEPT_BYTES else decode(kind), at, source)
                    for kind, at, source in found
                ]
            )

        return activities_of

    def strangers(self) -> Iterator[tuple[int, str]]:
        """Lines and contacts of the stored activities whose contact was not seen, by line."""
        yield from self._db.execute(
            "SELECT line, contact FROM activity WHERE contact NOT IN (SELECT id FROM person) ORDER BY line"
        )

    def occurrence(self, content: bytes) -> int:
        """How often this content was asked about, this time included."""
        found = self._db.execute(
            "INSERT INTO repeat VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times", (content,)
        ).fetchall()
        return int(found[0][0])


@contextmanager
def workbench() -> Iterator[Workbench]:
    """An empty private database, gone at the end. Raises FileProblem when the disk is full, KeyboardInterrupt when a
    person stops the program in the middle of a long statement."""
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", f"cache_size=-{_CACHE_KIB}"):
            db.execute(f"PRAGMA {pragma}")
        for statement in _SCHEMA:
            db.execute(statement)
        db.execute("BEGIN")
        # Sorting takes minutes when there is much; only between two steps of Python can a Ctrl-C be heard.
        db.set_progress_handler(lambda: 0, 100_000)
        try:
            yield Workbench(db)
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise KeyboardInterrupt from error
            if "full" not in str(error):
                raise
            raise FileProblem(
                "The disk for temporary files is full; set TMPDIR to a folder with about twice the size of the "
                "unpacked activities, and run again."
            ) from error
