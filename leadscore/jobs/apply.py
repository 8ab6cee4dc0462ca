"""Writes exactly what a plan says into the CRM, and can be cut at any instant and go on."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from sqlalchemy import Engine

from connectors.errors import ConnectorError
from connectors.plan import STAGE_WORD, RecordPlan, WritePlan, fuse, stage_moves, staleness
from connectors.protocol import Reader, RecordWrite, WriteAnswer, Writer
from leadscore.jobs.refused import ConfirmationNeeded, FuseBlown, StalePlan
from leadscore.jobs.rulebook import Rulebook
from leadscore.store import due
from leadscore.store.account import Binding, bound, note, require_same
from leadscore.store.batch import chunks, to_json
from leadscore.store.database import reading, writing
from leadscore.store.feedback import note_emptied
from leadscore.store.parked import Parked, park, written_at_last
from leadscore.store.runs import begin_run, end_run
from leadscore.store.writes import (
    StageWrite,
    held_values,
    save_held,
    save_stage_writes,
    settle_moved,
    stage_writes_since,
)

_FUSE_SPAN = 24 * 3_600_000
_AT_ONCE = 6
"""How many calls are on their way at a time: a CRM takes a third of a second to answer, and allows 19 a second."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row left alone because somebody changed the CRM's value since the plan: `word` held `found`, not `planned`."""

    id: str
    word: str
    planned: str
    found: str


@dataclass(slots=True)
class ApplyReport:
    """What became of each row: written now, `already` there, skipped, refused by the CRM (id and its words), or
    missing from the CRM."""

    written: int = 0
    already: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many rows were gone through."""
        return self.written + self.already + len(self.skipped) + len(self.rejected) + len(self.missing)

    @property
    def complete(self) -> bool:
        """Whether the CRM now holds all that was planned."""
        return not (self.skipped or self.rejected or self.missing)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the plan that is still to be done, with what the store has of its record."""

    row: RecordPlan
    record: int
    held: Mapping[str, str]


@dataclass(slots=True)
class _Sent:
    """What became of the rows of one call. `landed`: they were there already, from a call that was cut."""

    landed: list[_Row] = field(default_factory=list)
    answered: list[tuple[_Row, WriteAnswer]] = field(default_factory=list)
    skipped: list[tuple[_Row, Skipped, dict[str, str]]] = field(default_factory=list)
    missing: list[_Row] = field(default_factory=list)


def apply_plan(
    store: Engine,
    reader: Reader,
    writer: Writer,
    plan: WritePlan,
    rulebook: Rulebook,
    now: int,
    *,
    force: bool = False,
    confirmed_account: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ApplyReport:
    """Writes the rows of a plan; those whose CRM value is no longer the plan's old one are left alone.

    Every answer of the CRM is noted in the store at once, so a second call with the same plan goes on where the first
    was cut. Raises StalePlan, ConfirmationNeeded (first write to a production account without its id in
    `confirmed_account`) and FuseBlown (unless `force`) before anything is written, StoreError if the store is of
    another account, and lets RetryLater, QuotaExhausted and AccessDenied through.
    """
    with reading(store) as connection:
        found = bound(connection)
    _check(found, reader, plan, rulebook)
    _confirm(store, found, now, confirmed_account)
    report = ApplyReport()
    todo = _remaining(store, plan, report)
    with writing(store) as connection:
        run = begin_run(connection, "apply", now)
    trace: dict[str, object] = {"as_of": plan.as_of, "rows": len(plan.rows), "baseline": plan.baseline}
    trace |= _hold_the_fuse(store, plan, todo, run, now, force=force)
    try:
        for group in chunks(chunks(todo, writer.batch), _AT_ONCE):
            _apply_group(store, reader, writer, group, plan.as_of, now, report)
            if progress:
                progress(report.done, len(plan.rows))
    except ConnectorError as error:
        with writing(store) as connection:
            end_run(connection, run, now, "stopped", trace | _counts(report) | {"error": str(error)})
        raise
    with writing(store) as connection:
        if found.baseline_at is None:
            note(connection, baseline_at=plan.as_of)
        due.sent(connection, plan.as_of)
        end_run(connection, run, now, "done", trace | _counts(report))
    return report


def _check(found: Binding, reader: Reader, plan: WritePlan, rulebook: Rulebook) -> None:
    account = reader.account()
    require_same(found, account.crm, account.id)
    stale = staleness(plan, crm=account.crm, account=account.id, digests=rulebook.digests)
    if stale is None and found.sampled:
        stale = "Only a sample of the contacts was read. Run `leadscore sync`, then `leadscore plan`, and apply that."
    if stale is None and plan.baseline and found.baseline_at is not None and found.baseline_at != plan.as_of:
        stale = "This plan was made before the first apply. Run `leadscore plan` again and apply that."
    if stale is not None:
        raise StalePlan(stale)


def _confirm(store: Engine, found: Binding, now: int, confirmed: str | None) -> None:
    if found.account.kind != "production" or found.confirmed_at is not None:
        return
    if confirmed != found.account.id:
        told = f"{confirmed!r} is not its id. " if confirmed is not None else ""
        raise ConfirmationNeeded(
            f"This is the first write to the production account {found.account.name}. {told}Confirm it with its id.",
            found.account.id,
        )
    with writing(store) as connection:
        note(connection, confirmed_at=now)


def _remaining(store: Engine, plan: WritePlan, report: ApplyReport) -> list[_Row]:
    """The rows that the store does not know to be done; records that the store does not know are missing."""
    todo: list[_Row] = []
    for chunk in chunks(plan.rows):
        with reading(store) as connection:
            held = {
                (name, id): known
                for name in sorted({row.object for row in chunk})
                for id, known in held_values(connection, name, [r.id for r in chunk if r.object == name]).items()
            }
        for row in chunk:
            known = held.get((row.object, row.id))
            if known is None:
                report.missing.append(row.id)
            elif all(known[1].get(change.word, "") == change.new for change in row.changes):
                report.already += 1
            else:
                todo.append(_Row(row, *known))
    return todo


def _hold_the_fuse(
    store: Engine, plan: WritePlan, todo: Sequence[_Row], run: int, now: int, *, force: bool
) -> dict[str, object]:
    """Refuses a flood of stage changes, unless forced; either way the run keeps a trace of it."""
    with reading(store) as connection:
        recent = stage_writes_since(connection, now - _FUSE_SPAN)
    left = replace(plan, rows=tuple(one.row for one in todo))
    blown = fuse(stage_moves(left), recent, plan.known)
    if blown is None:
        return {}
    trace: dict[str, object] = {"fuse": blown, "forced": force}
    if not force:
        with writing(store) as connection:
            end_run(connection, run, now, "refused", trace)
        raise FuseBlown(blown)
    return trace


def _apply_group(
    store: Engine,
    reader: Reader,
    writer: Writer,
    group: Sequence[Sequence[_Row]],
    as_of: int,
    now: int,
    report: ApplyReport,
) -> None:
    """Sends some batches at once and notes what became of each, also of those beside one that failed."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        calls = [pool.submit(_send, reader, writer, batch) for batch in group]
    for call in calls:
        if call.exception() is None:
            _note(store, call.result(), as_of, now, report)
    for call in calls:
        call.result()


def _send(reader: Reader, writer: Writer, batch: Sequence[_Row]) -> _Sent:
    """Looks at what the CRM holds, and writes the rows that still begin from what the plan took for given."""
    words = list(dict.fromkeys(change.word for one in batch for change in one.row.changes))
    shown = reader.outputs([one.row.id for one in batch], words)
    sent = _Sent()
    ready: list[_Row] = []
    for one in batch:
        if one.row.id not in shown:
            sent.missing.append(one)
            continue
        current = {word: value or "" for word, value in shown[one.row.id].items()}
        changes = one.row.changes
        if all(current.get(c.word, "") == c.new for c in changes):
            # A call that was cut after the CRM took it: it is there, only our note of it is not.
            sent.landed.append(one)
        elif other := next((c for c in changes if current.get(c.word, "") != c.old), None):
            sent.skipped.append((one, Skipped(one.row.id, other.word, other.old, current.get(other.word, "")), current))
        else:
            ready.append(one)
    writes = [RecordWrite(one.row.object, one.row.id, one.row.values) for one in ready]
    answers = {answer.id: answer for answer in writer.write(writes)} if writes else {}
    sent.answered += [(one, answers[one.row.id]) for one in ready]
    return sent


def _note(store: Engine, sent: _Sent, as_of: int, now: int, report: ApplyReport) -> None:
    """Notes all that one call has brought, in one transaction."""
    written = [one for one, answer in sent.answered if answer.outcome == "written"]
    done = sent.landed + written
    held = {one.record: {**one.held, **current} for one, _, current in sent.skipped}
    held |= {one.record: note_emptied(one.held, one.row.values, now) for one in done}
    stages = [(one, one.row.change(STAGE_WORD)) for one in done]
    refused = [(one.row, answer) for one, answer in sent.answered if answer.outcome == "rejected"]
    with writing(store) as connection:
        save_held(connection, held, now)
        save_stage_writes(connection, [StageWrite(one.record, now, c.old, c.new) for one, c in stages if c is not None])
        settle_moved(connection, [one.row.subject for one in done], as_of)
        written_at_last(connection, [(one.row.object, one.row.id) for one in done])
        park(connection, [Parked("apply", r.object, r.id, a.words, to_json(r.values), now) for r, a in refused])
    report.already += len(sent.landed)
    report.written += len(written)
    report.skipped += [skipped for _, skipped, _ in sent.skipped]
    report.rejected += [(row.id, answer.words) for row, answer in refused]
    report.missing += [one.row.id for one in sent.missing]
    report.missing += [one.row.id for one, answer in sent.answered if answer.outcome == "missing"]


def _counts(report: ApplyReport) -> dict[str, object]:
    return {
        "written": report.written,
        "already": report.already,
        "skipped": len(report.skipped),
        "rejected": len(report.rejected),
        "missing": len(report.missing),
    }
