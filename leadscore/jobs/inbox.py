"""The inbox: keeps what the CRM tells us before the CRM is answered, and turns it into records to be read."""

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from leadscore.jobs.room import Room
from leadscore.store import deliveries
from leadscore.store.account import binding
from leadscore.store.batch import storable
from leadscore.store.database import connect, one_writer, writing
from leadscore.store.deliveries import Stored
from leadscore.store.errors import StoreError
from leadscore.store.group_commit import GroupCommit, Overfull
from leadscore.store.records import ensure_records
from leadscore.store.refetches import name_records
from leadscore.store.unnaming import erased_among, forget_erased, without
from webhooks.delivery import Delivery, InboxUnavailable, Receipt
from webhooks.delivery import Rejected as Unreadable

TRIES = 5
"""After so many tries an event is a dead letter."""
OBJECTS = frozenset({"contact", "company", "deal", "Lead", "Contact", "Account", "Opportunity"})
"""The objects whose records we read."""

Handler = Callable[[Connection, Sequence[Stored], int], None]
"""Acts upon events of one kind (a merge, a deletion), in the transaction that closes them."""


_PATIENCE = 4.0
"""Seconds that a CRM is kept waiting: HubSpot counts more than 5 as a failure."""


class StoreInbox:
    """A `webhooks.delivery.Inbox` over the store at `url`, with database connections of its own.

    On SQLite one thread commits for all requests that wait; on PostgreSQL each has its transaction. Nothing is taken
    with fewer than `least_free` bytes on the disk of a SQLite file, while `most_waiting` rows wait to be committed, or
    `most_open` events to be acted upon. `ring` is called when something new was kept, in any thread. Close it at the
    end.
    """

    def __init__(
        self,
        url: str,
        *,
        least_free: int = 200_000_000,
        most_waiting: int = 50_000,
        most_open: int = 1_000_000,
        ring: Callable[[], None] | None = None,
    ) -> None:
        self._ring = ring
        self._store = connect(url)
        self._room = Room(self._store, least_free=least_free, most_open=most_open)
        self._group = GroupCommit(self._keep, most=most_waiting) if self._store.dialect.name == "sqlite" else None

    def put(self, receipt: Receipt) -> int:
        """Keeps a receipt, as the Protocol says."""
        rows = [_stored(one, receipt.received_at) for one in receipt.deliveries]
        rows += [_dead(one, receipt.received_at) for one in receipt.rejected]
        try:
            self._room.check()
            new = self._group.put(rows, _PATIENCE) if self._group else self._keep([rows])[0]
        except Overfull as error:
            raise InboxUnavailable(f"The inbox is full: {error}.") from error
        except (StoreError, DBAPIError, NoConnection, TimeoutError) as error:
            raise InboxUnavailable(f"The inbox cannot be written: {error}") from error
        if new and self._ring:
            self._ring()
        return new

    def close(self) -> None:
        """Commits what waits and gives the connections back."""
        if self._group:
            self._group.close()
        self._store.dispose()

    def _keep(self, groups: Sequence[Sequence[Stored]]) -> list[int]:
        # A CRM waits for the answer; the work behind it can wait.
        with writing(self._store, urgent=True) as connection:
            if self._group is None:
                for setting in ("synchronous_commit = on", "lock_timeout = '3s'", "statement_timeout = '4s'"):
                    connection.execute(text(f"SET LOCAL {setting}"))
            gone = erased_among(connection, [row for rows in groups for row in rows])
            return [deliveries.add(connection, without(rows, gone)) for rows in groups]


def _stored(one: Delivery, received_at: int) -> Stored:
    changed = storable(one.property) or None
    return Stored(
        one.key, one.source, one.account, one.kind, one.object, one.records, changed, one.occurred_at, one.raw,
        received_at,
    )  # fmt: skip


def _dead(one: Unreadable, received_at: int) -> Stored:
    return Stored(
        one.key, one.source, one.account, "unreadable", "", (), None, None, one.raw, received_at, deliveries.DEAD,
        storable(one.reason), 0, received_at,
    )  # fmt: skip


def take_in(
    store: Engine,
    now: int,
    *,
    ours: Collection[str] = frozenset(),
    handlers: Mapping[str, Handler] | None = None,
    many: int = 500,
) -> int:
    """Acts upon up to `many` open events, oldest first; returns how many. Nothing is read from the CRM here.

    Events of a kind in `handlers` go to its handler; all others name their records to be read. A change of one of
    `ours`, the properties that we write, is no news. An event at which it fails is tried again later and becomes a
    dead letter at last; the others go on. Raises StoreError.
    """
    try:
        return _take(store, now, frozenset(ours), handlers or {}, many, None)
    except StoreError:
        raise
    except Exception:  # noqa: BLE001 (one event is at fault: it is found by taking them one by one)
        return _one_by_one(store, now, frozenset(ours), handlers or {}, many)


def _take(
    store: Engine, now: int, ours: frozenset[str], handlers: Mapping[str, Handler], many: int, key: str | None
) -> int:
    with writing(store) as connection:
        one_writer(connection)
        bound = binding(connection)
        if bound is None:
            return 0
        found = deliveries.open_deliveries(connection, many) if key is None else deliveries.by_key(connection, key)
        account = bound.account.id
        many_found, found = len(found), forget_erased(connection, found)
        by_kind: dict[str, list[Stored]] = {}
        for one in found:
            if one.account != account:
                deliveries.close(connection, [one.key], now, f"It is about another account, {one.account}.")
            elif one.property in ours:
                deliveries.close(connection, [one.key], now, "It tells of what we wrote ourselves.")
            elif one.kind in handlers or any(named.object in OBJECTS for named in one.records):
                by_kind.setdefault(one.kind if one.kind in handlers else "", []).append(one)
            elif one.records:
                deliveries.close(connection, [one.key], now, "Nothing is read of such objects.")
            else:
                deliveries.bury(connection, one.key, "It names no record: it could not be read.", now)
        for kind, ones in sorted(by_kind.items()):
            (handlers[kind] if kind else _name)(connection, ones, now)
            deliveries.close(connection, [one.key for one in ones], now)
    return many_found


def _name(connection: Connection, ones: Sequence[Stored], now: int) -> None:
    keys = [(named.object, named.id) for one in ones for named in one.records if named.object in OBJECTS]
    held = ensure_records(connection, keys).values()
    # Nothing can happen any more to a record that was merged into another one.
    name_records(connection, [one.id for one in held if one.merged_into is None], now)


def _one_by_one(store: Engine, now: int, ours: frozenset[str], handlers: Mapping[str, Handler], many: int) -> int:
    with writing(store) as connection:
        found = deliveries.open_deliveries(connection, many)
    for one in found:
        try:
            _take(store, now, ours, handlers, 1, one.key)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 (it is told in the reason of the dead letter)
            with writing(store) as connection:
                deliveries.count_attempt(connection, one.key)
                if one.attempts + 1 >= TRIES:
                    deliveries.bury(connection, one.key, f"{type(error).__name__}: {str(error)[:500]}", now)
    return len(found)
