"""Keeps the current score of each subject with the lines that add up to it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, or_, select

from leadscore.store import due
from leadscore.store.batch import Row, chunks, insert_new, to_json, upsert
from leadscore.store.prepared import Lookup
from leadscore.store.tables import records
from leadscore.store.work_tables import due as due_table
from leadscore.store.work_tables import ledgers, scores, stage_changes
from scoring.ledger import Contribution, Score

SCORE_COLUMNS = tuple(column.name for column in scores.columns)
_LEDGER_COLUMNS = tuple(column.name for column in ledgers.columns)


class Scored(NamedTuple):
    """A score to be saved. `fired` are the numbers, in the model, of the rules that gave points."""

    subject: int
    score: Score
    arrives: int | None
    fired: str


class Before(NamedTuple):
    """What was saved last of a subject, as far as it matters for the next saving."""

    generation: int
    outcome: tuple[object, ...]
    total: int | None
    stage: str | None
    touched: bool
    moved: bool


def save_scores(
    connection: Connection, scored: Sequence[Scored], generation: int, seen: Mapping[int, int], *, newcomers_enter: bool
) -> Mapping[int, Before]:
    """Saves scores; the notices `seen` are for the caller to take away in the same transaction. A subject without a
    notice (or with 0 of them) whom the same models scored before has seen nothing but time pass. `newcomers_enter`:
    who was never scored enters the stage of the first score now; before the first apply nobody knows since when they
    stand there. The reason is not saved: it is worked out for what is written. Returns what was saved of them until
    now."""
    before = _before(connection, [one.subject for one in scored])
    rows: list[Row] = []
    lines: list[Row] = []
    stages: list[Row] = []
    for subject, score, arrives, fired in scored:
        last = before.get(subject)
        outcome = _outcome(score)
        time_only = last is not None and last.generation == generation and not seen.get(subject)
        moved = last is None or last.moved or (outcome != last.outcome and not time_only)
        touched = bool(score.contributions) or (last is not None and last.touched)
        wake = min((at for at in (score.next_change_at, arrives) if at is not None), default=None)
        rows.append(
            (subject, generation, score.as_of, *outcome, score.next_change_at, wake, int(touched), int(moved), fired)
        )
        lines.append((subject, to_json(score.contributions), to_json(score.unreadable)))
        stood = last.stage if last is not None else None
        if stood != score.stage and (last is not None or newcomers_enter):
            stages.append((subject, score.as_of, stood, score.stage))
    upsert(connection, scores, SCORE_COLUMNS, rows)
    upsert(connection, ledgers, _LEDGER_COLUMNS, lines)
    insert_new(connection, stage_changes, ("subject", "at", "before", "after"), stages)
    return before


def changed(before: Mapping[int, Before], scored: Iterable[Scored]) -> set[int]:
    """Whose score came out otherwise than the one saved `before`, or for the first time."""
    return {
        one.subject
        for one in scored
        if (last := before.get(one.subject)) is None or last.outcome != _outcome(one.score)
    }


def forget_scores(connection: Connection, subjects: Iterable[int]) -> None:
    """Takes away the scores of subjects that no living record shows any more."""
    for chunk in chunks(subjects):
        connection.execute(delete(scores).where(scores.c.subject.in_(chunk)))
        connection.execute(delete(ledgers).where(ledgers.c.subject.in_(chunk)))


def saved_lines(connection: Connection, subject: int) -> tuple[Contribution, ...] | None:
    """The lines of the saved score of a subject; None: it was never scored."""
    text = connection.execute(select(ledgers.c.lines).where(ledgers.c.subject == subject)).scalar_one_or_none()
    return None if text is None else tuple(Contribution(*line) for line in msgspec.json.decode(text))


def due_subjects(connection: Connection, now: int) -> list[int]:
    """Subjects that were named or whose instant has come, ascending, but for those `due.left_out`. Costs what is due,
    not what there is."""
    named = due.named()
    woken = select(scores.c.subject).where(scores.c.wake_at <= now)
    found = {*connection.execute(named).scalars(), *connection.execute(woken).scalars()}
    return sorted(found - due.left_out(connection, now)) if found else []


def outdated_subjects(connection: Connection, generation: int, now: int, low: int, high: int) -> list[int]:
    """Living subjects in [low, high) that other models than these scored, or that are due; ascending, but for those
    `due.left_out`."""
    inside = (records.c.subject >= low, records.c.subject < high)
    other = (
        select(records.c.subject)
        .outerjoin(scores, scores.c.subject == records.c.subject)
        .where(*inside, records.c.until.is_(None), records.c.read_at.is_not(None))
        .where(or_(scores.c.generation.is_(None), scores.c.generation != generation))
    )
    named = due.named().where(due_table.c.subject >= low, due_table.c.subject < high)
    woken = select(scores.c.subject).where(scores.c.subject >= low, scores.c.subject < high, scores.c.wake_at <= now)
    found = {subject for query in (other, named, woken) for subject in connection.execute(query).scalars()}
    return sorted(found - due.left_out(connection, now, low, high)) if found else []


def subject_bounds(connection: Connection) -> tuple[int, int]:
    """The lowest and the highest subject; (0, -1) if there are none."""
    # Asked one by one, each is the end of an index; asked together, SQLite would look at every record.
    low = connection.execute(select(func.min(records.c.subject))).scalar_one()
    high = connection.execute(select(func.max(records.c.subject))).scalar_one()
    return (0, -1) if low is None else (low, high)


_s = scores.c
_BEFORE = Lookup(
    select(
        _s.subject, _s.model, _s.total, _s.scores, _s.adjustment, _s.band, _s.grade, _s.stage,
        _s.generation, _s.touched, _s.moved,
    ),
    _s.subject,
)  # fmt: skip


def _before(connection: Connection, subjects: Sequence[int]) -> dict[int, Before]:
    found: dict[int, Before] = {}
    for row in _BEFORE.rows(connection, sorted(subjects)):
        found[row[0]] = Before(row[8], tuple(row[1:8]), row[2], row[7], bool(row[9]), bool(row[10]))
    return found


def _outcome(score: Score) -> tuple[object, ...]:
    points = to_json(dict(score.scores))
    return (score.model, score.total, points, score.adjustment, score.band, score.grade, score.stage)


def fired_counts(connection: Connection) -> list[tuple[str, str, int]]:
    """How many subjects share each set of rules that gave points, by model."""
    s = scores.c
    query = select(s.model, s.fired, func.count()).where(s.model.is_not(None)).group_by(s.model, s.fired)
    return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(s.model, s.fired))]
