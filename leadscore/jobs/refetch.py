"""Reads the records that notices named from the CRM, as they are now, and keeps what is new in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Engine

from connectors.errors import ConnectorError, Rejected
from connectors.protocol import Needs, Page, Reader, SeenRecord
from leadscore.jobs.lease_owner import LEASE, new_owner
from leadscore.store import leases
from leadscore.store.batch import chunks
from leadscore.store.database import one_writer, writing
from leadscore.store.errors import StoreError
from leadscore.store.leases import PARKED, Claim
from leadscore.store.live_tables import refetches
from leadscore.store.merging import follow_merges
from leadscore.store.pages import keep_activities
from leadscore.store.parked import Parked, park
from leadscore.store.records import Key, find_records, keep_records
from leadscore.store.refetches import keys_of, name_unread

A_CALL = 100
"""How many records one call reads."""
TRIES = 5
"""After so many tries a record is put aside."""
_PATIENCE = 3
"""How often a record that nobody has read yet may be missing before it counts as gone: a notice may come before the
CRM shows the record."""
_WAIT = 5_000


@dataclass(slots=True)
class RefetchReport:
    """`read`: records that the CRM showed; `missing`: those that it has no more; `parked`: put aside, with a reason."""

    read: int = 0
    missing: int = 0
    parked: int = 0


@dataclass(slots=True)
class _Batch:
    """Claimed records of one object."""

    object: str
    claims: dict[str, Claim] = field(default_factory=dict)


def refetch(store: Engine, reader: Reader, needs: Needs, now: int, worker: str, *, many: int = A_CALL) -> RefetchReport:
    """Reads up to `many` records that notices named; whom a change concerns is made due in the same transaction.

    RetryLater, QuotaExhausted and AccessDenied pass through, and StoreError: the records stay named. A record that the
    CRM refuses, or that cannot be kept, is put aside, and its neighbours go on.
    """
    owner = new_owner(worker)
    report = RefetchReport()
    with writing(store) as connection:
        claims = {one.key: one for one in leases.claim(connection, refetches, now, owner, many=many, lease=LEASE)}
        keys = keys_of(connection, sorted(claims))
    batches: dict[str, _Batch] = {}
    for number, (object, id) in keys.items():
        batches.setdefault(object, _Batch(object)).claims[id] = claims[number]
    open_claims = dict(claims)
    try:
        for object, batch in sorted(batches.items()):
            for ids in chunks(sorted(batch.claims), A_CALL):
                part = {id: batch.claims[id] for id in ids}
                _read(store, reader, needs, object, part, now, report)
                for one in part.values():
                    open_claims.pop(one.key, None)
    except (ConnectorError, StoreError):
        _give_back(store, list(open_claims.values()), now)
        raise
    return report


def _read(
    store: Engine, reader: Reader, needs: Needs, object: str, part: Mapping[str, Claim], now: int, report: RefetchReport
) -> None:
    """Reads and keeps some records; those at which it fails are found by halves."""
    try:
        page = reader.fetch_with_activities(object, sorted(part), needs)
        _keep(store, object, part, page, now, report)
    except Rejected as error:
        _halve(store, reader, needs, object, part, now, report, error)
    except (ConnectorError, StoreError):
        raise
    except Exception as error:  # noqa: BLE001 (whatever one record does, its neighbours go on)
        _halve(store, reader, needs, object, part, now, report, error)


def _halve(
    store: Engine,
    reader: Reader,
    needs: Needs,
    object: str,
    part: Mapping[str, Claim],
    now: int,
    report: RefetchReport,
    error: Exception,
) -> None:
    ids = sorted(part)
    if len(ids) > 1:
        for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
            _read(store, reader, needs, object, {id: part[id] for id in half}, now, report)
        return
    ((id, claim),) = part.items()
    final = isinstance(error, Rejected) or claim.tries + 1 >= TRIES
    with writing(store) as connection:
        if claim.key not in leases.still_held(connection, refetches, [claim]):
            return
        later = PARKED if final else now + _WAIT * 2**claim.tries
        leases.give_back(connection, refetches, [claim.key], later, begun=True)
        if final:
            content = msgspec.json.encode({"record": claim.key}).decode()
            park(connection, [Parked("read", object, id, _told(error), content, now)])
    report.parked += final


def _keep(
    store: Engine,
    object: str,
    part: Mapping[str, Claim],
    page: Page,
    now: int,
    report: RefetchReport,
) -> None:
    seen = {record.id: record for record in page.records}
    with writing(store) as connection:
        one_writer(connection)
        held = leases.still_held(connection, refetches, list(part.values()))
        ours = {id: claim for id, claim in part.items() if claim.key in held}
        known = find_records(connection, [_key(object, id) for id in ours])
        later: list[int] = []
        records: list[SeenRecord] = []
        for id, claim in ours.items():
            before = known[object, id]
            if id in seen:
                records.append(seen[id])
            elif before.read_at is None and before.until is None and claim.tries < _PATIENCE:
                later.append(claim.key)
            else:
                records.append(SeenRecord(object, id, {}, archived=True))
        # A CRM may answer with what a record was merged into.
        records += [record for record in page.records if record.id not in part]
        follow_merges(connection, records, now)
        keep_records(connection, records, now, asked=True)
        # What a record did is a fact even if another worker has the record by now.
        keep_activities(connection, page.activities, now, first=False)
        name_unread(connection, [known[object, one.id].id for one in records if (object, one.id) in known], now)
        leases.give_back(connection, refetches, later, now + _WAIT, begun=True)
        marks = {claim.key: claim.mark for claim in ours.values() if claim.key not in later}
        leases.finish(connection, refetches, marks)
    report.read += sum(1 for id in ours if id in seen)
    report.missing += sum(1 for record in records if record.id not in seen)


def _give_back(store: Engine, claims: Sequence[Claim], now: int) -> None:
    with writing(store) as connection:
        held = leases.still_held(connection, refetches, claims)
        leases.give_back(connection, refetches, held, now, begun=False)


def _key(object: str, id: str) -> Key:
    return (object, id)


def _told(error: Exception) -> str:
    words = error.words if isinstance(error, Rejected) else f"{type(error).__name__}: {error}"
    return f"The record could not be read: {words[:500]}"
