"""Notes what sales must be told: somebody entered a stage, or rose to a total; telling it is another job."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from leadscore.jobs.worker import Hook, Settled
from leadscore.store.account import bound
from leadscore.store.batch import chunks
from leadscore.store.live_tables import outbox
from leadscore.store.notices import Crossing, Figures, put
from leadscore.store.work_tables import scores, written
from scoring.model import Notify, ScoringModel

_values = msgspec.json.Decoder(dict[str, str]).decode


class Entered(NamedTuple):
    """A record that entered a stage because its score rose into it. `stage`: our word; `at`: the instant of the score
    that decided it, the same on every replay."""

    record: int
    subject: int
    model: str
    stage: str
    at: int


def put_entered(connection: Connection, models: Sequence[ScoringModel], entered: Sequence[Entered], now: int) -> int:
    """Notes whom sales must be told of, as the models say. Call it in the transaction that notes that the CRM holds the
    stage; a second call with the same entries changes nothing. Returns how many notices are new."""
    asked = {(m.name, one.enters): _merged(m.notify, one) for m in models for one in m.notify if one.enters}
    found = [(one, asked[one.model, one.stage]) for one in entered if (one.model, one.stage) in asked]
    known = _figures(connection, [one for one, _ in found])
    crossings = [
        Crossing(one.subject, one.record, f"enters:{one.stage}", one.at, by, one.model, text, known[one])
        for one, texts in found
        for by, text in texts.items()
    ]
    return len(put(connection, crossings, now))


def rises(models: Sequence[ScoringModel]) -> Hook:
    """A hook of the worker: notes who rose to a total that a model asks about, from below it in the saved score before
    to it or above it now. Who falls and rises again is told again. Before the first apply nobody is told."""
    asked: dict[str, list[tuple[int, Mapping[str, str]]]] = {}
    for model in models:
        edges = {one.rises_to: _merged(model.notify, one) for one in model.notify if one.rises_to is not None}
        asked[model.name] = sorted(edges.items())

    def hook(connection: Connection, kept: Sequence[Settled], now: int) -> None:
        crossings = [
            Crossing(
                one.current.subject, one.current.record, f"rises_to:{edge}", one.score.as_of, by, one.score.model or "",
                text, _figures_of(one),
            )
            for one in kept
            for edge, texts in asked.get(one.score.model or "", ())
            if _rose(one, edge)
            for by, text in texts.items()
        ]  # fmt: skip
        if not crossings:
            return
        found = bound(connection)
        if found.baseline_at is not None and not found.sampled:
            put(connection, crossings, now)

    return hook


def _rose(one: Settled, edge: int) -> bool:
    before = None if one.before is None else one.before.total
    return one.score.total is not None and one.score.total >= edge and (before is None or before < edge)


def _merged(notify: Sequence[Notify], like: Notify) -> dict[str, str]:
    """The text of each channel for one occasion; what two entries say through the same channel is one notice."""
    texts: dict[str, list[str]] = {}
    for one in notify:
        if (one.enters, one.rises_to) == (like.enters, like.rises_to):
            for by in one.by:
                texts.setdefault(by, []).append(one.text)
    return {by: "\n".join(dict.fromkeys(said)) for by, said in texts.items()}


def _figures_of(one: Settled) -> Figures:
    score = one.score
    return Figures(score.total, score.band, score.grade, score.stage, score.reason or "")


def _figures(connection: Connection, entered: Sequence[Entered]) -> dict[Entered, Figures]:
    """What the saved scores say, with the reason that goes or went to the CRM."""
    s, found = scores.c, {}
    for chunk in chunks(entered):
        query = select(s.subject, s.total, s.band, s.grade).where(s.subject.in_([one.subject for one in chunk]))
        known = {row.subject: row for row in connection.execute(query)}
        told: dict[int, str] = {}
        for table in (written, outbox):
            texts = select(table.c.record, table.c["values"]).where(table.c.record.in_([one.record for one in chunk]))
            told |= {row[0]: _values(row[1]).get("reason", "") for row in connection.execute(texts)}
        for one in chunk:
            row = known.get(one.subject)
            total, band, grade = (row.total, row.band, row.grade) if row else (None, None, None)
            found[one] = Figures(total, band, grade, one.stage, told.get(one.record, ""))
    return found
