"""Keeps what sales answered about people, tells answers from our own emptying, and puts aside what nobody answered."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from connectors.protocol import SeenAnswer, SeenFeedback
from leadscore.store import due
from leadscore.store.batch import chunks, insert_new, storable, to_json, upsert
from leadscore.store.parked import Parked, park
from leadscore.store.prepared import Among, Prepared
from leadscore.store.tables import ALWAYS, answers, records
from leadscore.store.work_tables import parked, stage_changes, written
from scoring.values import write_instant

JOB = "feedback"
FIELD = "feedback"
"""The output word of the field in which sales answers."""
EMPTIED = "$feedback_emptied"
"""Beside what our fields hold: the instants at which we emptied the field, with the answer that it held then."""
OPERATOR = "operator"
"""The author of what the command line did."""
MOST_AN_HOUR = 20

_HOUR = 3_600_000
_EARLIEST, _LATEST = 10 * 60_000, 2 * _HOUR
_COLUMNS = ("subject", "record", "at", "answer", "author", "note", "learned_at")
_decode = msgspec.json.Decoder(dict[str, str]).decode
_WHY = {
    "import": "an import wrote it",
    "workflow": "a workflow wrote it",
    "program": "a program wrote it",
    "bulk": "it came with a change of many records at once",
    "unknown": "the CRM does not say who wrote it",
}


class Asked(NamedTuple):
    """A record of a person with what was read of its feedback. `fresh`: it was not read before. `since`: from when the
    record shows this person."""

    record: int
    subject: int
    object: str
    id: str
    fresh: bool
    feedback: SeenFeedback
    since: int = ALWAYS


def keep_feedback(connection: Connection, asked: Sequence[Asked], now: int) -> set[int]:
    """Keeps new answers of persons and returns whom they are about; all others are parked with their reason. The same
    reading again changes nothing."""
    asked = [one for one in asked if one.feedback.answers or one.feedback.held is not None]
    if not any(one.feedback.answers for one in asked):
        return set()
    held = _held(connection, [one.record for one in asked])
    known = _known(connection, [one.subject for one in asked])
    given: list[tuple[Asked, SeenAnswer]] = []
    aside: list[Parked] = []
    noted: list[dict[str, object]] = []
    for one in asked:
        own = _own_emptyings(one.feedback.answers, held.get(one.record, {}).get(EMPTIED, ""))
        for answer in one.feedback.answers:
            if answer.at in own or _is_known(one, answer, known.get(one.subject, ())):
                if answer.note:
                    noted.append({"of": one.record, "given": answer.at, "told": storable(answer.note)})
                continue
            if answer.hand == "person":
                given.append((one, answer))
            else:
                aside.append(_parked(one, answer, _WHY[answer.hand], now))
    _note_down(connection, noted)
    given, many = _without_bulk(connection, given, now)
    park(connection, aside + many)
    _show(connection, asked, held, now)
    rows = [
        (o.subject, o.record, a.at, storable(a.value) or None, a.author, storable(a.note), None if o.fresh else now)
        for o, a in given
    ]
    insert_new(connection, answers, _COLUMNS, rows)
    return {one.subject for one, _ in given}


def _note_down(connection: Connection, noted: Sequence[dict[str, object]]) -> None:
    """Adds notes that were typed after their answers; a note moves no score."""
    if noted:
        a = answers.c
        mine = (a.record == bindparam("of"), a.at == bindparam("given"), a.note != bindparam("told"))
        connection.execute(update(answers).where(*mine).values(note=bindparam("told")), list(noted))


def withdraw(connection: Connection, subject: int, now: int, author: str = OPERATOR) -> None:
    """Keeps that somebody withdrew the answer about a person, and makes them due."""
    query = (
        select(records.c.id).where(records.c.subject == subject).order_by(records.c.until.is_not(None), records.c.id)
    )
    record = connection.execute(query.limit(1)).scalar_one()
    insert_new(connection, answers, _COLUMNS, [(subject, record, now, None, author, "", None)])
    due.mark(connection, [subject], "feedback", now)


def note_emptied(held: Mapping[str, str], values: Mapping[str, str], now: int) -> dict[str, str]:
    """What a record holds after a write of these values; that we emptied the feedback field is noted with it."""
    after = {**held, **values}
    before = held.get(FIELD, "")
    if values.get(FIELD) == "" and before:
        after[EMPTIED] = ";".join(part for part in (held.get(EMPTIED, ""), f"{now} {before}") if part)
    return after


class Mark(NamedTuple):
    """When the score of a person entered a stage."""

    subject: int
    at: int
    after: str | None


def stage_marks(connection: Connection, subjects: Iterable[int]) -> list[Mark]:
    """Every stage that the scores of these people entered, oldest first."""
    return [Mark(*row) for row in _MARKS.rows(connection, keys=sorted(set(subjects)))]


class Given(NamedTuple):
    """An answer as it is kept, with the record on which it was given."""

    subject: int
    object: str
    id: str
    email: str | None
    at: int
    answer: str | None
    author: str
    note: str


def given_answers(connection: Connection, subjects: Iterable[int] | None = None) -> list[Given]:
    """All kept answers, or those about these people, oldest first."""
    if subjects is None:
        return [Given(*row) for row in connection.execute(_GIVEN)]
    return [Given(*row) for row in _GIVEN_OF.rows(connection, keys=sorted(set(subjects)))]


_s, _a, _r = stage_changes.c, answers.c, records.c
_MARKS = Prepared(select(_s.subject, _s.at, _s.after).where(Among(_s.subject)).order_by(_s.subject, _s.at))
_GIVEN = (
    select(_a.subject, _r.object, _r.record_id, _r.email, _a.at, _a.answer, _a.author, _a.note)
    .join_from(answers, records, _r.id == _a.record)
    .order_by(_a.at, _a.subject, _a.record)
)
_GIVEN_OF = Prepared(_GIVEN.where(Among(_a.subject)))


def _own_emptyings(given: Sequence[SeenAnswer], journal: str) -> set[int]:
    """The times at which the field was emptied by us: the answer that we took away, near the time at which we did.
    Each note of ours stands for one emptying; one by a program comes before one by a person."""
    own: set[int] = set()
    for part in filter(None, journal.split(";")):
        at, _, answer = part.partition(" ")
        near = [
            one
            for one in given
            if not one.value and one.before == answer and int(at) - _EARLIEST <= one.at <= int(at) + _LATEST
        ]
        near = [one for one in near if one.at not in own]
        if near:
            own.add(min(near, key=lambda one: (one.hand == "person", abs(one.at - int(at)))).at)
    return own


def _without_bulk(
    connection: Connection, given: Sequence[tuple[Asked, SeenAnswer]], now: int
) -> tuple[list[tuple[Asked, SeenAnswer]], list[Parked]]:
    """Leaves out the answers of whoever gave more of them within an hour than a person does by hand."""
    authors = {answer.author for _, answer in given}
    times: dict[str, list[int]] = {
        author: [answer.at for _, answer in given if answer.author == author] for author in authors
    }
    for author in sorted(authors):
        kept = select(answers.c.at).where(answers.c.author == author)
        times[author] += connection.execute(kept).scalars()
    put_aside: set[tuple[str, str, int]] = set()
    for name, id, content in connection.execute(
        select(parked.c.object, parked.c.record_id, parked.c.content).where(parked.c.job == JOB)
    ):
        told = msgspec.json.decode(content)
        if told["bulk"]:
            put_aside.add((name, id, told["at"]))
            times.setdefault(told["author"], []).append(told["at"])
    crowded = {author: _crowded(sorted(ats)) for author, ats in times.items()}
    one_by_one: list[tuple[Asked, SeenAnswer]] = []
    many: list[Parked] = []
    for one, answer in given:
        if (one.object, one.id, answer.at) in put_aside:
            continue
        if answer.at in crowded[answer.author]:
            why = f"its author gave more than {MOST_AN_HOUR} answers within an hour"
            many.append(_parked(one, answer, why, now, bulk=True))
        else:
            one_by_one.append((one, answer))
    return one_by_one, many


def _crowded(times: Sequence[int]) -> set[int]:
    """The times that lie together with more than MOST_AN_HOUR others in some hour."""
    found: set[int] = set()
    for start, at in enumerate(times):
        end = bisect_left(times, at + _HOUR)
        if end - start > MOST_AN_HOUR:
            found |= set(times[start:end])
    return found


def _parked(one: Asked, answer: SeenAnswer, why: str, now: int, *, bulk: bool = False) -> Parked:
    what = f"The answer `{answer.value}`" if answer.value else "The emptying of the answer"
    reason = (
        f"{what} of {write_instant(answer.at)} ({answer.author or 'nobody named'}) was not applied: {why}. "
        "Look, and answer by hand."
    )
    content = {
        "answer": answer.value,
        "at": answer.at,
        "author": answer.author,
        "note": storable(answer.note),
        "bulk": bulk,
    }
    return Parked(JOB, one.object, one.id, reason, to_json(content), now)


def _show(connection: Connection, asked: Sequence[Asked], held: Mapping[int, Mapping[str, str]], now: int) -> None:
    """Notes what our own field holds now, so that it is known whether there is anything to empty."""
    rows = []
    for one in asked:
        before, shown = held.get(one.record, {}), one.feedback.held
        if shown is not None and shown != before.get(FIELD, ""):
            after = {name: text for name, text in {**before, FIELD: storable(shown)}.items() if text}
            rows.append((one.record, to_json(after), now))
    upsert(connection, written, ("record", "values", "at"), rows)


def _held(connection: Connection, ids: Iterable[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for chunk in chunks(sorted(set(ids))):
        query = select(written.c.record, written.c["values"]).where(written.c.record.in_(chunk))
        found |= {row[0]: _decode(row[1]) for row in connection.execute(query)}
    return found


def _known(connection: Connection, subjects: Iterable[int]) -> dict[int, list[tuple[int, int, str | None]]]:
    """(at, record, answer) of everything kept about these subjects, oldest first."""
    found: dict[int, list[tuple[int, int, str | None]]] = {}
    a = answers.c
    for chunk in chunks(sorted(set(subjects))):
        query = select(a.subject, a.at, a.record, a.answer).where(a.subject.in_(chunk)).order_by(a.at)
        for row in connection.execute(query):
            found.setdefault(row[0], []).append((row[1], row[2], row[3]))
    return found


def _is_known(one: Asked, answer: SeenAnswer, known: Sequence[tuple[int, int, str | None]]) -> bool:
    """Whether an answer was kept already: as it is, or as what a merge copied from another record of the person."""
    if any(at == answer.at for at, _, _ in known):
        return True
    before = [(record, value) for at, record, value in known if at < answer.at]
    copied = bool(before) and before[-1][0] != one.record and before[-1][1] == (storable(answer.value) or None)
    return copied and answer.at <= one.since
