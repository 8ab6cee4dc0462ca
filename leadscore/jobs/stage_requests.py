"""Notes whose stage in the CRM may have to be decided anew; a cheap look at scores just saved, without the network."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from leadscore.store import stages
from leadscore.store.account import bound
from leadscore.store.batch import to_json
from leadscore.store.known_stages import ENROL, Crossed, KnownStage, Living, crossings, living, notes
from scoring.facts import Answer, Facts
from scoring.feedback import spec_of
from scoring.footing import Footing
from scoring.known import answer_at
from scoring.ledger import Score
from scoring.model import Lifecycle, ScoringModel


class Stood(NamedTuple):
    """A person who was just scored, and where the score stands among the stages; None without a lifecycle."""

    subject: int
    score: Score
    footing: Footing | None
    facts: Facts


def request_for(connection: Connection, models: Sequence[ScoringModel], stood: Sequence[Stood], now: int) -> int:
    """Asks for the stages of those people, in the transaction that saves their scores; returns how many records.

    Before the first apply nobody's stage is ours to change. A record of which nothing is known, and whose decision
    can only be that nothing is due, is left out.
    """
    by_name = {model.name: model for model in models}
    staged = {one.subject: one for one in stood if one.footing is not None}
    if not staged:
        return 0
    found = bound(connection)
    if found.baseline_at is None or found.sampled:
        return 0
    everybody = ENROL in notes(connection)
    records = living(connection, staged)
    new = [one.subject for one in records if one.known is None and not everybody]
    moved = crossings(connection, new)
    wanted: dict[int, int] = {}
    for record in records:
        one = staged[record.subject]
        model = by_name[one.score.model or ""]
        if record.known is not None:
            asks = _differs(found.account.crm, model, one, record, record.known)
        else:
            enrolled = everybody or has_risen(model, moved.get(record.subject, ()), found.baseline_at)
            asks = _may_begin(model, one, enrolled)
        if asks:
            wanted[record.record] = record.subject
    stages.request(connection, wanted, now)
    return len(wanted)


def has_risen(model: ScoringModel, moved: Sequence[Crossed], since: int) -> bool:
    """Whether a score rose into a stage of the model after an instant. Whoever stood there before, and has only fallen
    or stayed since, is not new to anybody."""
    if model.lifecycle is None:
        return False
    ranks = {one.stage: -place for place, one in reversed(list(enumerate(model.lifecycle.enter)))}
    lowest = -len(ranks)
    return any(
        one.at > since and one.after in ranks and ranks[one.after] > ranks.get(one.before or "", lowest)
        for one in moved
    )


def basis_of(crm: str, model: ScoringModel, stood: Stood, *, theirs: bool) -> str:
    """What a decision rests on, as text: while it stays the same, and the CRM's stage too, so does the decision.

    `theirs`: the stage is somebody else's, so that any new activity may be the crossing that it waits for.
    """
    footing, lifecycle = stood.footing, model.lifecycle
    if footing is None or lifecycle is None:
        return ""
    answer = answer_at(stood.facts, stood.score.as_of) if stood.facts.answers else None
    said = None if answer is None else (answer.answer, answer.at, answer.learned_at)
    newest = _newest(stood.facts, stood.score.as_of) if theirs and footing.enters else None
    return to_json((_policy(crm, model, lifecycle), footing.excluded, footing.enters, footing.keeps, said, newest))


def is_theirs(known: KnownStage) -> bool:
    """Whether somebody's word stands in the field: not ours, and not the CRM's default."""
    return not known.ours and known.by not in (None, "default")


def _differs(crm: str, model: ScoringModel, one: Stood, record: Living, known: KnownStage) -> bool:
    if basis_of(crm, model, one, theirs=is_theirs(known)) != known.basis:
        return True
    field = "" if model.lifecycle is None else model.lifecycle.field.get(crm, "")
    return record.document.get(field, known.value) not in (known.value, known.shown)


def _may_begin(model: ScoringModel, one: Stood, enrolled: bool) -> bool:
    footing = one.footing
    if footing is None or footing.excluded:
        return False
    answer = answer_at(one.facts, one.score.as_of) if one.facts.answers else None
    return (bool(footing.enters) and enrolled) or _lowers(model, answer)


def _lowers(model: ScoringModel, answer: Answer | None) -> bool:
    spec = spec_of(model.feedback, answer)
    return spec is not None and (spec.hold is not None or spec.drop_to is not None or (spec.points or 0) < 0)


def _newest(facts: Facts, as_of: int) -> int | None:
    """When the latest activity that counts came to be known."""
    known = (max(one.occurred_at, one.learned_at or one.occurred_at) for one in facts.activities)
    return max((at for at in known if at <= as_of), default=None)


def _policy(crm: str, model: ScoringModel, lifecycle: Lifecycle) -> str:
    """What of a model decides beside where the score stands."""
    answers = () if model.feedback is None else model.feedback.answers
    rest = (lifecycle.mode, lifecycle.otherwise, lifecycle.down, lifecycle.never_leave, lifecycle.field.get(crm))
    words = sorted((word, values.get(crm)) for word, values in lifecycle.stages.items())
    order = tuple(one.stage for one in lifecycle.enter)
    return hashlib.sha256(repr((model.name, rest, words, order, answers)).encode()).hexdigest()[:16]
