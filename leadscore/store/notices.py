"""Keeps what sales is told: each crossing once, in a queue until somebody was told, then as what was said when."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, Select, Table, delete, func, or_, select, update

from leadscore.store.batch import chunks, insert_new, storable, to_json
from leadscore.store.leases import LONGEST_WAIT, Claim
from leadscore.store.live_tables import notices, postings, tellings
from leadscore.store.parked import Parked, park
from leadscore.store.tables import records

OPEN: Final = "open"
DIGEST: Final = "digest"
DONE: Final = "done"
DEAD: Final = "dead"
VOID: Final = "void"
JOB = "notice"

State = Literal["open", "digest", "done", "dead", "void"]
_QUEUES: Mapping[str, Table] = {"crm_task": tellings, "webhook": postings}
_COLUMNS = (
    "number", "id", "subject", "record", "event", "at", "by", "place", "model", "template", "figures", "state", "put_at"
)  # fmt: skip
_QUEUE_COLUMNS = ("notice", "since", "mark", "fence", "tries", "not_before")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the score said at the crossing."""

    total: int | None = None
    band: str | None = None
    grade: str | None = None
    stage: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Something that sales is to be told through one channel. `at`: when it happened, the same on every replay."""

    subject: int
    record: int
    event: str
    at: int
    by: str
    model: str
    template: str
    figures: Figures
    place: str = ""

    @property
    def id(self) -> str:
        told = (str(self.subject), self.event, str(self.at), self.by, self.place)
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


class Notice(NamedTuple):
    """A notice that was claimed, with the living record on which it is told now. `record_id` None: no record shows the
    person any more."""

    claim: Claim
    id: str
    subject: int
    event: str
    at: int
    by: str
    place: str
    model: str
    template: str
    figures: Figures
    text: str | None
    owner: str | None
    put_at: int
    record: int
    object: str
    record_id: str | None

    @property
    def number(self) -> int:
        return self.claim.key


class Line(NamedTuple):
    """A notice as a person looks at it. `record_id`: the CRM's id; None: the record is no longer known."""

    id: str
    event: str
    by: str
    record_id: str | None
    state: State
    reason: str | None
    task: str | None
    owner: str | None
    at: int
    put_at: int
    done_at: int | None


def number_of(id: str) -> int:
    """The number of the notice with this id; it fits where a signed 64-bit number does."""
    return int(id[:16], 16) >> 2


def put(connection: Connection, crossings: Sequence[Crossing], now: int) -> list[int]:
    """Keeps notices to be told; those that are there already, told or not, are left alone. Returns the new numbers."""
    fresh = {number_of(one.id): one for one in crossings}
    for chunk in chunks(sorted(fresh)):
        for known in connection.execute(select(notices.c.number).where(notices.c.number.in_(chunk))).scalars():
            del fresh[known]
    rows = [
        (
            number, one.id, one.subject, one.record, one.event, one.at, one.by, one.place, one.model,
            storable(one.template), storable(to_json(one.figures)), OPEN, now,
        )
        for number, one in sorted(fresh.items())
    ]  # fmt: skip
    insert_new(connection, notices, _COLUMNS, rows)
    for by, queue in _QUEUES.items():
        enqueue(connection, queue, [number for number, one in sorted(fresh.items()) if one.by == by], now)
    return sorted(fresh)


def enqueue(connection: Connection, queue: Table, numbers: Sequence[int], now: int) -> None:
    """Puts notices into a queue; those that wait there already keep their place."""
    insert_new(connection, queue, _QUEUE_COLUMNS, [(number, now, 1, 0, 0, 0) for number in numbers])


def claimed(connection: Connection, claims: Sequence[Claim]) -> list[Notice]:
    """What these claims are to tell, in their order."""
    n, by_number = notices.c, {one.key: one for one in claims}
    query = select(notices, records.c.object, records.c.record_id, records.c.until, records.c.subject.label("shows"))
    rows: dict[int, Row[Any]] = {}
    for chunk in chunks(sorted(by_number)):
        found = query.outerjoin(records, records.c.id == n.record).where(n.number.in_(chunk))
        rows |= {row.number: row for row in connection.execute(found)}
    return [_notice(connection, one, rows[one.key]) for one in claims if one.key in rows]


def _notice(connection: Connection, claim: Claim, row: Row[Any]) -> Notice:
    shown = showing(connection, row)
    record, object, record_id = shown or (row.record, row.object or "", None)
    return Notice(
        claim, row.id, row.subject, row.event, row.at, row.by, row.place, row.model, row.template,
        msgspec.json.decode(row.figures, type=Figures), row.text, row.owner_id, row.put_at, record, object, record_id,
    )  # fmt: skip


def showing(connection: Connection, row: Any) -> tuple[int, str, str] | None:
    """The living record on which a notice is told: ours, the object and its id in the CRM; None: the person is gone.
    The row holds the notice, and `object`, `record_id`, `until` and the subject (`shows`) of its record."""
    if row.record_id is not None and row.until is None:
        return row.record, row.object, row.record_id
    # Merged away, perhaps: then another record shows the person.
    r, who = records.c, row.subject if row.shows is None else row.shows
    living = select(r.id, r.object, r.record_id).where(r.subject == who, r.until.is_(None), r.read_at.is_not(None))
    other = connection.execute(living.order_by(r.id).limit(1)).one_or_none()
    return None if other is None else (other[0], other[1], other[2])


def exists(connection: Connection, number: int) -> bool:
    """Whether a notice is still there: that of a person who was erased is not."""
    return connection.execute(select(notices.c.number).where(notices.c.number == number)).one_or_none() is not None


def keep_text(connection: Connection, number: int, text: str) -> None:
    """Notes what a notice says, so that every try says the same."""
    connection.execute(update(notices).where(notices.c.number == number).values(text=text))


def settle(
    connection: Connection,
    number: int,
    state: State,
    now: int,
    *,
    reason: str | None = None,
    task: str | None = None,
    record: tuple[str, str] = ("", ""),
) -> None:
    """Notes what became of a notice, and of those that it tells as a digest, and takes them out of the queues. A dead
    one can be tried again; `record` is then the object and id in the CRM under which it is listed."""
    values = {"state": state, "reason": reason, "task_id": task, "done_at": now}
    connection.execute(update(notices).where(notices.c.number == number).values(values))
    if state == DONE:
        told = {"state": DONE, "task_id": task, "done_at": now}
        connection.execute(update(notices).where(notices.c.digest == number, notices.c.state == DIGEST).values(told))
    if state == DEAD:
        id = connection.execute(select(notices.c.id).where(notices.c.number == number)).scalar_one_or_none()
        park(connection, [Parked(JOB, *record, reason or "", to_json({"notice": id}), now)] if id else [])
    leave_queues(connection, [number])


def leave_queues(connection: Connection, numbers: Sequence[int]) -> None:
    """Takes notices out of the queues."""
    for queue in _QUEUES.values():
        for chunk in chunks(numbers):
            connection.execute(delete(queue).where(queue.c.notice.in_(chunk)))


def open_again(connection: Connection, ids: Sequence[str], now: int) -> int:
    """Lets dead notices be told after all; returns how many there were."""
    again: dict[str, list[int]] = {by: [] for by in _QUEUES}
    for chunk in chunks(ids):
        query = select(notices.c.number, notices.c.by).where(notices.c.id.in_(chunk), notices.c.state == DEAD)
        for number, by in connection.execute(query.order_by(notices.c.number)):
            again[by].append(number)
    for by, numbers in again.items():
        for part in chunks(numbers):
            opened = {"state": OPEN, "reason": None, "done_at": None}
            connection.execute(update(notices).where(notices.c.number.in_(part)).values(opened))
        enqueue(connection, _QUEUES[by], numbers, now)
        # It was sent before and may have arrived.
        connection.execute(update(_QUEUES[by]).where(_QUEUES[by].c.notice.in_(numbers)).values(tries=1))
    return sum(len(numbers) for numbers in again.values())


def listed(connection: Connection, states: Collection[str], limit: int) -> list[Line]:
    """Notices in these states, the newest first."""
    return [Line(*row) for row in connection.execute(_lines().where(notices.c.state.in_(states)).limit(limit))]


def _lines() -> Select[Any]:
    n = notices.c
    columns = (n.id, n.event, n.by, records.c.record_id, n.state, n.reason, n.task_id, n.owner_id, n.at, n.put_at)
    query = select(*columns, n.done_at).outerjoin(records, records.c.id == n.record)
    return query.order_by(func.coalesce(n.done_at, n.put_at).desc(), n.number)


def anything_ready(connection: Connection, queue: Table, now: int) -> bool:
    """Whether a queue may hold something to be told now. Cheap, and at most mistaken in saying yes."""
    c = queue.c
    ready = or_(c.not_before <= now, c.not_before > now + LONGEST_WAIT)
    return connection.execute(select(c.notice).where(ready).limit(1)).one_or_none() is not None
