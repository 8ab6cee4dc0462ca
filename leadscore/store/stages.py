"""Stages on their way to the CRM: whose stage is to be decided, what was decided, and how far each change has come."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from connectors.stages import Step
from leadscore.store import leases
from leadscore.store.batch import chunks, storable
from leadscore.store.leases import LONGEST_WAIT, PARKED, SUSPECT, Claim
from leadscore.store.live_tables import stage_intents
from leadscore.store.tables import records

DECIDE, READY = "decide", "ready"
BEGUN: tuple[Step, ...] = ("write", "clear", "set", "confirm")
FUSE, DAY = "fuse", "day"
_TEXTS = 8


class Asked(NamedTuple):
    """A record whose stage is to be decided. `gone`: it no longer lives."""

    claim: Claim
    subject: int
    object: str
    id: str
    gone: bool


class Change(NamedTuple):
    """A decided change of one record; `before` and `after` are the CRM's values ("" is empty), `stage` is our word for
    `after`. `as_of`: the instant of the score; `crossed_at`: when the score came to stand there."""

    record: int
    first: Step
    model: str
    field: str
    before: str
    after: str
    stage: str
    reason: str
    as_of: int
    crossed_at: int
    entered: bool
    put_back: bool


class Walk(NamedTuple):
    """A claimed change at one of its steps."""

    claim: Claim
    step: Step
    subject: int
    object: str
    id: str
    gone: bool
    change: Change
    released: bool


def request(connection: Connection, wanted: Mapping[int, int], now: int, *, released: bool = False) -> None:
    """Asks for the stages of these records (subject by record) to be decided anew: one row each, however often. What
    was decided and not begun is decided again; what is under way is finished first."""
    rows = [
        {"record": record, "subject": subject, "step": DECIDE, "released": int(released), "since": now}
        | {"entered": 0, "put_back": 0, "mark": 1, "fence": 0, "tries": 0, "not_before": 0}
        for record, subject in sorted(wanted.items())
    ]
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement, c = insert(stage_intents), stage_intents.c
    waits = or_(c.step == DECIDE, c.step == READY)
    renewed = {
        "mark": c.mark + 1,
        "subject": statement.excluded.subject,
        "step": case((waits, DECIDE), else_=c.step),
        "released": case((statement.excluded.released == 1, 1), else_=c.released),
        "not_before": case((waits, 0), else_=c.not_before),
        "waits": None,
    }
    connection.execute(statement.on_conflict_do_update(index_elements=[c.record], set_=renewed), rows)


def anything_ready(connection: Connection, now: int) -> bool:
    """Whether any row can be worked on now; a look that takes no lock."""
    return connection.execute(select(stage_intents.c.record).where(*_ready(now, 0)).limit(1)).first() is not None


def claim(
    connection: Connection, steps: Collection[str], now: int, owner: str, *, many: int, lease: int, alone: int = SUSPECT
) -> list[Claim]:
    """As `leases.claim`, of rows at one of these steps."""
    c = stage_intents.c
    query = select(c.record, c.mark, c.fence, c.tries).where(c.step.in_(steps), *_ready(now, lease))
    query = query.order_by(c.since, c.record).limit(many).with_for_update(skip_locked=True)
    rows = connection.execute(query).all()
    if rows and rows[0].tries >= alone:
        rows = rows[:1]
    claims = [Claim(r.record, owner, r.mark, r.fence + 1, r.tries) for r in rows if r is rows[0] or r.tries < alone]
    lent = {"owner": owner, "until": now + lease, "fence": c.fence + 1, "tries": c.tries + 1}
    for chunk in chunks(one.key for one in claims):
        connection.execute(update(stage_intents).where(c.record.in_(chunk)).values(lent))
    return claims


def asked(connection: Connection, claims: Sequence[Claim]) -> list[Asked]:
    """What these claims are to decide."""
    found = _with_records(connection, claims)
    return [Asked(claim, row.subject, row.object, row.record_id, row.gone is not None) for claim, row in found]


def walks(connection: Connection, claims: Sequence[Claim]) -> list[Walk]:
    """What these claims are to do next."""
    found: list[Walk] = []
    for claim, row in _with_records(connection, claims):
        change = _change(row)
        gone, released = row.gone is not None, bool(row.released)
        found.append(Walk(claim, row.step, row.subject, row.object, row.record_id, gone, change, released))
    return found


def decided(connection: Connection, changes: Sequence[tuple[Claim, Change]]) -> None:
    """Keeps what was decided under these claims; who was named again meanwhile is decided again."""
    c = stage_intents.c
    for claim, change in changes:
        row = change._asdict() | {"entered": int(change.entered), "put_back": int(change.put_back)}
        del row["record"]
        row["reason"] = storable(change.reason)
        values = {**row, "step": READY, "owner": None, "until": None, "tries": 0, "not_before": 0, "waits": None}
        # From here on a mark stands for what came after the decision.
        values["mark"] = 0
        mine = (c.record == change.record, c.mark == claim.mark)
        connection.execute(update(stage_intents).where(*mine).values(values))
        again = {"owner": None, "until": None, "tries": 0, "not_before": 0}
        connection.execute(update(stage_intents).where(c.record == change.record, c.mark != claim.mark).values(again))


def take_step(connection: Connection, ids: Iterable[int], step: str, *, not_before: int = 0) -> None:
    """Notes which step comes next for records; nobody is at them then."""
    values = {"step": step, "owner": None, "until": None, "tries": 0, "not_before": not_before, "waits": None}
    for chunk in chunks(sorted(ids)):
        connection.execute(update(stage_intents).where(stage_intents.c.record.in_(chunk)).values(values))


def end(connection: Connection, ids: Iterable[int]) -> None:
    """Takes rows away whose change has ended; who was named since it was decided is decided anew."""
    finished = sorted(ids)
    take_step(connection, finished, DECIDE)
    for chunk in chunks(finished):
        mine = stage_intents.c.record.in_(chunk)
        connection.execute(update(stage_intents).where(mine).values(released=0, entered=0, put_back=0))
    leases.finish(connection, stage_intents, dict.fromkeys(finished, 0))


def turn_back(connection: Connection, record: int, reason: str) -> None:
    """The field was emptied and does not take the new stage: the old one is to be set again."""
    c = stage_intents.c
    values = {"after": c.before, "reason": storable(reason), "put_back": 1, "entered": 0}
    connection.execute(update(stage_intents).where(c.record == record).values(values))


class Decided(NamedTuple):
    """A decided change that was not begun. `waits`: for what, "" for its turn."""

    record: int
    first: str
    as_of: int
    entered: bool
    released: bool
    waits: str


def ready_changes(connection: Connection, now: int) -> list[Decided]:
    """The decided changes that may begin now, oldest first."""
    c = stage_intents.c
    query = select(c.record, c.first, c.as_of, c.entered, c.released, c.waits).where(c.step == READY, *_ready(now, 0))
    rows = connection.execute(query.order_by(c.since, c.record)).all()
    return [Decided(r.record, r.first, r.as_of, bool(r.entered), bool(r.released), r.waits or "") for r in rows]


def count_under_way(connection: Connection, *, entered: bool = False) -> int:
    """Changes that are begun: those that the fuse counts, or all entries."""
    c = stage_intents.c
    which = c.entered == 1 if entered else c.released == 0
    return connection.execute(select(func.count()).where(c.step.in_(BEGUN), which)).scalar_one()


def count_waiting(connection: Connection) -> int:
    """Decided changes, not begun, that the fuse counts; those held back to another day are not."""
    c = stage_intents.c
    mine = (c.step == READY, c.released == 0, or_(c.waits.is_(None), c.waits != DAY))
    return connection.execute(select(func.count()).where(*mine)).scalar_one()


def hold(connection: Connection, ids: Iterable[int], why: str, until: int) -> None:
    """Lets decided changes wait."""
    for chunk in chunks(sorted(ids)):
        mine = stage_intents.c.record.in_(chunk)
        connection.execute(update(stage_intents).where(mine).values(waits=why, not_before=until))


def release(connection: Connection) -> int:
    """Lets all changes that are decided or asked for now go on, whatever the fuse says; returns how many waited."""
    c = stage_intents.c
    waited = connection.execute(select(func.count()).where(c.waits == FUSE)).scalar_one()
    connection.execute(update(stage_intents).where(c.not_before != PARKED).values(released=1))
    connection.execute(update(stage_intents).where(c.waits == FUSE).values(waits=None, not_before=0))
    return waited


class Pending(NamedTuple):
    """A change on its way, for a person to look at. `waits` also tells `parked`."""

    object: str
    id: str
    step: str
    before: str
    after: str
    stage: str
    reason: str
    waits: str
    since: int
    not_before: int
    record: int


def pending(connection: Connection, limit: int, subject: int | None = None) -> list[Pending]:
    """What was decided and is not yet done, and what was put aside, of one person or of all; oldest first."""
    s, r = stage_intents.c, records.c
    parked = s.not_before == PARKED
    query = (
        select(
            r.object, r.record_id, s.step, s.before, s.after, s.stage, s.reason,
            case((parked, "parked"), else_=func.coalesce(s.waits, "")), s.since, s.not_before, s.record,
        )
        .join(records, r.id == s.record)
        .where(or_(s.step != DECIDE, parked), true() if subject is None else s.subject == subject)
    )  # fmt: skip
    rows = connection.execute(query.order_by(s.since, s.record).limit(limit))
    return [Pending._make(value or "" if place < _TEXTS else value for place, value in enumerate(row)) for row in rows]


def count_pending(connection: Connection) -> dict[str, int]:
    """How many rows are to be decided, ready, under way, held by the fuse or to another day, or parked."""
    c = stage_intents.c
    state = case(
        (c.not_before == PARKED, "parked"),
        (c.step == DECIDE, DECIDE),
        (c.step != READY, "under way"),
        else_=func.coalesce(c.waits, READY),
    ).label("state")
    counts = connection.execute(select(state, func.count()).group_by(state).order_by(state))
    return {row[0]: row[1] for row in counts}


def count_ready(connection: Connection) -> dict[tuple[str, str], int]:
    """How many decided changes wait to begin, by the CRM's value now and our word for the stage."""
    c = stage_intents.c
    query = select(c.before, c.stage, func.count()).where(c.step == READY).group_by(c.before, c.stage)
    return {(row[0], row[1]): row[2] for row in connection.execute(query.order_by(c.before, c.stage))}


def _ready(now: int, lease: int) -> tuple[ColumnElement[bool], ...]:
    c = stage_intents.c
    free = or_(c.owner.is_(None), c.until <= now, c.until > now + 2 * lease) if lease else c.owner.is_(None)
    if not lease:
        free = or_(free, c.until <= now)
    return free, or_(c.not_before <= now, and_(c.not_before > now + LONGEST_WAIT, c.not_before != PARKED))


def _with_records(connection: Connection, claims: Sequence[Claim]) -> list[tuple[Claim, Row[Any]]]:
    s, r = stage_intents, records.c
    rows = {}
    for chunk in chunks(one.key for one in claims):
        query = select(s, r.object, r.record_id, r.until.label("gone"), r.subject.label("shows"))
        for row in connection.execute(query.join(records, r.id == s.c.record).where(s.c.record.in_(chunk))):
            rows[row.record] = row
    return [(one, rows[one.key]) for one in claims if one.key in rows]


def _change(row: Row[Any]) -> Change:
    texts = [row.first, row.model, row.field, row.before, row.after, row.stage, row.reason]
    numbers = (row.as_of or 0, row.crossed_at or 0, bool(row.entered), bool(row.put_back))
    return Change._make((row.record, *(text or "" for text in texts), *numbers))
