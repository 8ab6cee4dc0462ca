"""Writes what lies in the outbox into the CRM, a hundred records a call, and notes an answer for every one."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine

from connectors.errors import QuotaExhausted, RetryLater
from connectors.plan import STAGE_WORD
from connectors.protocol import Reader, RecordWrite, WriteAnswer, Writer
from leadscore.jobs.lease_owner import new_owner
from leadscore.jobs.writing_policy import differences
from leadscore.store import leases
from leadscore.store.batch import chunks, to_json
from leadscore.store.database import one_writer, writing
from leadscore.store.feedback import FIELD, note_emptied
from leadscore.store.live_tables import outbox
from leadscore.store.outbox import Sending, send_again, sendings
from leadscore.store.parked import Parked, park, written_at_last
from leadscore.store.refetches import name_records
from leadscore.store.writes import StageWrite, save_held, save_stage_writes, settle_moved

AT_ONCE = 6
"""How many calls are on their way at a time: a CRM takes a third of a second to answer, and allows 19 a second."""
LEASE = 45_000
"""How long rows are lent, ms; a call with all its tries must end within it."""
_NEVER = 1_000_000_000
_HOUR = 3_600_000
_TROUBLE = 30_000


@dataclass(slots=True)
class WriteBackReport:
    """What became of each row: written, `same` (the CRM has it already), refused by the CRM (parked, with its words),
    missing from the CRM, or `waits` because the CRM did not take the call."""

    written: int = 0
    same: int = 0
    refused: int = 0
    missing: int = 0
    waits: int = 0


@dataclass(slots=True)
class _Row:
    """A row to be sent: only the words that differ, or all of them where a call may have landed unnoted."""

    sending: Sending
    values: Mapping[str, str] = field(default_factory=dict)


def write_back(
    store: Engine, writer: Writer, now: int, worker: str, *, reader: Reader | None = None, many: int = 600
) -> WriteBackReport:
    """Writes up to `many` records of the outbox, several calls at once; nothing claimed: the outbox is empty.

    With a `reader` it looks before it empties the field of sales: an answer newer than the one to be taken away stays.
    A call whose outcome is unknown is sent again, whole. When a call fails, what the others brought is noted, its rows
    wait as long as the error says, and the error is raised: RetryLater, QuotaExhausted or AccessDenied.
    """
    report = WriteBackReport()
    with writing(store) as connection:
        claims = leases.claim(connection, outbox, now, new_owner(worker), many=many, lease=LEASE, alone=_NEVER)
        found = sendings(connection, claims)
        ready = _ready(connection, found, report)
    failures: list[Exception] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        batches = list(chunks(ready, writer.batch))
        calls = [pool.submit(_send, writer, reader, batch) for batch in batches]
        for batch, call in zip(batches, calls, strict=True):
            error = call.exception()
            if error is None:
                sent, answers = call.result()
                _note(store, sent, answers, now, report)
            elif isinstance(error, Exception):
                _wait(store, batch, error, now)
                report.waits += len(batch)
                failures.append(error)
            else:
                raise error
    if failures:
        raise failures[0]
    return report


def _ready(connection: Connection, found: Sequence[Sending], report: WriteBackReport) -> list[_Row]:
    """The rows that must be sent; those of which the CRM has everything, and of records that are gone, are done."""
    ready: list[_Row] = []
    done: dict[int, int] = {}
    for one in found:
        if one.gone:
            done[one.claim.key] = one.claim.mark
            report.missing += 1
        elif one.claim.tries:
            ready.append(_Row(one, one.values))
        elif changes := differences(one.values, one.held):
            ready.append(_Row(one, {change.word: change.new for change in changes}))
        else:
            done[one.claim.key] = one.claim.mark
            report.same += 1
    leases.finish(connection, outbox, done)
    return ready


def _send(
    writer: Writer, reader: Reader | None, batch: Sequence[_Row]
) -> tuple[Sequence[_Row], dict[str, WriteAnswer]]:
    """What was sent in the end, and an answer for each of the rows."""
    rows = batch if reader is None else _sparing(reader, batch)
    writes = [RecordWrite(row.sending.object, row.sending.id, row.values) for row in rows if row.values]
    answers = {answer.id: answer for answer in writer.write(writes)} if writes else {}
    nothing = {row.sending.id: WriteAnswer(row.sending.id, "written") for row in rows if not row.values}
    return rows, answers | nothing


def _sparing(reader: Reader, batch: Sequence[_Row]) -> list[_Row]:
    """The rows, without emptying an answer that a rep gave after the one to be taken away: nobody has heard it yet."""
    emptied = [row.sending.id for row in batch if row.values.get(FIELD) == ""]
    shown = reader.outputs(emptied, (FIELD,)) if emptied else {}

    def newer(row: _Row) -> bool:
        now = shown.get(row.sending.id, {}).get(FIELD)
        return bool(now) and now != row.sending.held.get(FIELD, "") and row.sending.id in emptied

    return [replace(row, values=_without(row.values)) if newer(row) else row for row in batch]


def _without(values: Mapping[str, str]) -> dict[str, str]:
    return {word: text for word, text in values.items() if word != FIELD}


def _note(
    store: Engine, batch: Sequence[_Row], answers: Mapping[str, WriteAnswer], now: int, report: WriteBackReport
) -> None:
    """Notes the answers of one call, in one transaction. Rows that another worker has by now may hold an older score
    than that one wrote: they are sent once more."""
    rows = [(row.sending, row.values, answers[row.sending.id]) for row in batch]
    with writing(store) as connection:
        one_writer(connection)
        ours = leases.still_held(connection, outbox, [row.sending.claim for row in batch])
        late = [sent.claim.key for sent, _, answer in rows if sent.claim.key not in ours]
        send_again(connection, late, now)
        mine = [one for one in rows if one[0].claim.key in ours]
        written = [(sent, values) for sent, values, answer in mine if answer.outcome == "written"]
        refused = [(sent, values, answer) for sent, values, answer in mine if answer.outcome == "rejected"]
        missing = [sent for sent, _, answer in mine if answer.outcome == "missing"]
        save_held(connection, {sent.claim.key: note_emptied(sent.held, values, now) for sent, values in written}, now)
        save_stage_writes(connection, [move for sent, values in written if (move := _stage(sent, values, now))])
        written_at_last(connection, [(sent.object, sent.id) for sent, _ in written])
        for sent, _ in written:
            settle_moved(connection, [sent.subject], sent.as_of)
        name_records(connection, [sent.claim.key for sent in missing], now)
        park(connection, [_parked(sent, values, answer, now) for sent, values, answer in refused])
        leases.finish(connection, outbox, {sent.claim.key: sent.claim.mark for sent, _, _ in mine})
    report.written += len(written)
    report.refused += len(refused)
    report.missing += len(missing)


def _wait(store: Engine, batch: Sequence[_Row], error: Exception, now: int) -> None:
    """The rows of a failed call stay, and wait as long as the CRM said."""
    if isinstance(error, RetryLater):
        until = now + min(round(error.seconds * 1000), _HOUR)
    elif isinstance(error, QuotaExhausted):
        until = error.resets_at or now + _HOUR
    else:
        until = now + _TROUBLE
    with writing(store) as connection:
        one_writer(connection)
        held = leases.still_held(connection, outbox, [row.sending.claim for row in batch])
        leases.give_back(connection, outbox, held, until, begun=True)
        send_again(connection, [row.sending.claim.key for row in batch if row.sending.claim.key not in held], now)


def _stage(sent: Sending, values: Mapping[str, str], now: int) -> StageWrite | None:
    before, after = sent.held.get(STAGE_WORD, ""), values.get(STAGE_WORD, sent.held.get(STAGE_WORD, ""))
    return None if before == after else StageWrite(sent.claim.key, now, before, after)


def _parked(sent: Sending, values: Mapping[str, str], answer: WriteAnswer, now: int) -> Parked:
    return Parked("write", sent.object, sent.id, answer.words, to_json(dict(values)), now)
