"""Tells of one person which lifecycle stage the CRM shows, what is to become of it, and why it stays where it does."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.stage_requests import has_risen
from leadscore.jobs.stage_standing import Words, standing_of, waits_for_crossing, words_of
from leadscore.store.account import bound
from leadscore.store.known_stages import ENROL, KnownStage, Living, crossings, living, notes
from leadscore.store.people import Person
from leadscore.store.stages import Pending, pending
from scoring.decide import StageStanding, why_it_stays
from scoring.engine import compile_models
from scoring.facts import Facts
from scoring.footing import Footing, compile_footings, last_crossing
from scoring.known import answer_at
from scoring.ledger import Score
from scoring.model import ScoringModel

_MANY = 1_000


@dataclass(frozen=True, slots=True)
class StageTold:
    """One record's stage. `value`: the CRM's, as we know it, "" is none; `ours`: we set it. `set_by` (person, program,
    default) and `set_at` are None where nobody was asked yet. `pending`: the change on its way. `wish`: our word for
    what an observing model would set; `reason` says why. `stays`: why what the score enters is not set."""

    record: int
    value: str
    ours: bool
    set_by: str | None
    set_at: int | None
    pending: Pending | None
    wish: str | None
    reason: str | None
    stays: str | None


def stages_told(
    connection: Connection, rulebook: Rulebook, person: Person, facts: Facts, score: Score
) -> tuple[StageTold, ...]:
    """The stages of all living records of a person; none where the model has no lifecycle in this CRM. `facts` with
    all that is known of the past. Touches no network."""
    crm = bound(connection).account.crm
    model = next((one for one in rulebook.models if one.name == score.model), None)
    if model is None or model.lifecycle is None or crm not in model.lifecycle.field:
        return ()
    footing = compile_footings(rulebook.models, rulebook.tables)(facts, score)
    scorer = compile_models(rulebook.models, rulebook.tables)
    words, waiting = words_of(model.lifecycle, crm, ()), pending(connection, _MANY, person.subject)
    stays = _Stays(connection, model, words, facts, score, footing, scorer)
    found: list[StageTold] = []
    for one in living(connection, [person.subject]):
        known = one.known
        coming = next((change for change in waiting if change.record == one.record), None)
        found.append(
            StageTold(
                record=one.record,
                value=known.value if known else one.document.get(words.field, ""),
                ours=known is not None and known.ours,
                set_by=known.by if known else None,
                set_at=known.set_at if known else None,
                pending=coming,
                wish=known.wish if known else None,
                reason=known.reason if known else None,
                stays=stays.of(one, known) if coming is None and not (known and known.wish) else None,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Stays:
    connection: Connection
    model: ScoringModel
    words: Words
    facts: Facts
    score: Score
    footing: Footing | None
    scorer: Callable[[Facts, int], Score]

    def of(self, one: Living, known: KnownStage | None) -> str | None:
        begun = bound(self.connection).baseline_at
        moved = crossings(self.connection, [one.subject]).get(one.subject, [])
        everybody = ENROL in notes(self.connection)
        enrolled = everybody or (begun is not None and has_risen(self.model, moved, begun))
        answer = answer_at(self.facts, self.score.as_of)
        if known is None:
            present = self.words.word(one.document.get(self.words.field, ""))
            return why_it_stays(self.model, self.footing, StageStanding(present, enrolled=enrolled, answer=answer))
        standing = standing_of(known, self.words, answer, enrolled=enrolled)
        if waits_for_crossing(standing):
            since = max(standing.set_at or 0, 0 if everybody else begun or 0)
            crossed = last_crossing(self.scorer, self.model, self.facts, self.score, since)
            standing = replace(standing, crossed_at=crossed)
        return why_it_stays(self.model, self.footing, standing)
