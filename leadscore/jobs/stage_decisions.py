"""Decides which records change stage now: reads the stages from the CRM, and asks what score, sales and people said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine

from connectors.stages import StageSeen, StageWriter, Step
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.stage_requests import Stood, basis_of, has_risen, is_theirs
from leadscore.jobs.stage_standing import Words, journal_of, standing_of, state_of, waits_for_crossing, words_of
from leadscore.store import leases, stages
from leadscore.store.account import Binding, bound
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.facts_now import facts_now, sight
from leadscore.store.facts_past import facts_of
from leadscore.store.known_stages import (
    ENROL,
    MODELS,
    Crossed,
    KnownStage,
    Living,
    Moved,
    crossings,
    living,
    note,
    note_moves,
    notes,
    save_known,
)
from leadscore.store.live_tables import stage_intents
from leadscore.store.places import places_of
from leadscore.store.refetches import name_records
from leadscore.store.stages import Asked, Change
from scoring.decide import StageChange, StageStanding, contradictions, decide
from scoring.engine import compile_models
from scoring.facts import Kind
from scoring.footing import compile_footings, last_crossing
from scoring.known import answer_at
from scoring.model import Lifecycle, ScoringModel

ORDER_HOLDS = 600_000
"""How long the CRM's order of stages is taken to hold, ms."""


@dataclass(slots=True)
class Decisions:
    """What came of a turn: `ready` changes, `wishes` of models that only observe, `same`: nothing is due, records
    `missing` from the CRM; `waits`: their model contradicts the CRM's stages."""

    ready: int = 0
    wishes: int = 0
    same: int = 0
    missing: int = 0
    waits: int = 0


@dataclass(frozen=True, slots=True)
class _Model:
    """A model with stages in this CRM, and its words for them."""

    model: ScoringModel
    words: Words
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store says of those who are asked about. `everybody`: also who stood there before the first apply."""

    found: Binding
    everybody: bool
    people: Mapping[int, Stood]
    records: Mapping[int, Living]
    moved: Mapping[int, list[Crossed]]


@dataclass(slots=True)
class _Outcome:
    """What is to be kept of a turn."""

    saved: list[KnownStage] = field(default_factory=list)
    changes: list[tuple[leases.Claim, Change]] = field(default_factory=list)
    wishes: list[Moved] = field(default_factory=list)
    done: dict[int, int] = field(default_factory=dict)


class Decider:
    """Decides with one set of models, compiled once. Not for several threads at a time."""

    def __init__(self, store: Engine, writer: StageWriter, rulebook: Rulebook, crm: str) -> None:
        self._store = store
        self._writer = writer
        self._crm = crm
        self._staged: list[tuple[ScoringModel, Lifecycle]] = [
            (one, one.lifecycle) for one in rulebook.models if one.lifecycle is not None and crm in one.lifecycle.field
        ]
        self._places = places_of(rulebook.models, crm)
        self._scorer = compile_models(rulebook.models, rulebook.tables)
        self._footing = compile_footings(rulebook.models, rulebook.tables)
        self._kinds: dict[int, Kind] = {}
        self._orders: dict[str, tuple[int, tuple[str, ...]]] = {}

    def decide(self, asked: Sequence[Asked], now: int) -> Decisions:
        """Decides for these claimed records, and keeps it in one transaction. The CRM's errors pass through."""
        models = {model.name: self._model(model, lifecycle, now) for model, lifecycle in self._staged}
        known = self._known(asked, now)
        fits: dict[int, _Model] = {}
        waits: list[leases.Claim] = []
        for one in asked:
            stood = known.people.get(one.subject)
            model = models.get(stood.score.model or "") if stood else None
            if model is not None and model.wrong:
                waits.append(one.claim)
            elif model is not None and one.claim.key in known.records:
                fits[one.claim.key] = model
        looked = [one for one in asked if one.claim.key in fits]
        seen = self._look(known, looked, fits)
        with writing(self._store) as connection:
            one_writer(connection)
            wrong = " ".join(sentence for model in models.values() for sentence in model.wrong)
            note(connection, MODELS, wrong or None, now)
            held = leases.still_held(connection, stage_intents, [one.claim for one in asked])
            later = held.keys() & {claim.key for claim in waits}
            leases.give_back(connection, stage_intents, later, now + ORDER_HOLDS, begun=False)
            idle = [one.claim for one in asked if one.claim.key not in fits and one.claim not in waits]
            missing = [one.claim for one in looked if one.claim.key not in seen]
            name_records(connection, [claim.key for claim in missing if claim.key in held], now)
            outcome = _Outcome(done={c.key: c.mark for c in (*idle, *missing) if c.key in held})
            for one in looked:
                if one.claim.key in held and one.claim.key in seen:
                    self._decide_one(connection, known, fits[one.claim.key], one, seen[one.claim.key], now, outcome)
            save_known(connection, outcome.saved)
            note_moves(connection, outcome.wishes, now)
            stages.decided(connection, outcome.changes)
            leases.finish(connection, stage_intents, outcome.done)
        same = len(outcome.done) - len(missing) - len(outcome.wishes)
        return Decisions(len(outcome.changes), len(outcome.wishes), same, len(missing), len(waits))

    def _model(self, model: ScoringModel, lifecycle: Lifecycle, now: int) -> _Model:
        name = lifecycle.field[self._crm]
        at, order = self._orders.get(name, (0, ()))
        if not order or abs(now - at) > ORDER_HOLDS:
            order = self._writer.stage_order(name)
            self._orders[name] = (now, order)
        words = words_of(lifecycle, self._crm, order)
        return _Model(model, words, contradictions(lifecycle, words.order, model.feedback))

    def _known(self, asked: Sequence[Asked], now: int) -> _Known:
        subjects = sorted({one.subject for one in asked if not one.gone})
        wanted = {one.claim.key for one in asked}
        with reading(self._store) as connection:
            people: dict[int, Stood] = {}
            for one in facts_now(connection, subjects, sight(connection, self._places, self._kinds), now):
                score = self._scorer(one.facts, now)
                people[one.subject] = Stood(one.subject, score, self._footing(one.facts, score), one.facts)
            records = {one.record: one for one in living(connection, subjects) if one.record in wanted}
            everybody = ENROL in notes(connection)
            return _Known(bound(connection), everybody, people, records, crossings(connection, subjects))

    def _look(self, known: _Known, looked: Sequence[Asked], fits: Mapping[int, _Model]) -> dict[int, StageSeen]:
        """The stages that the CRM shows now."""
        places = dict.fromkeys((one.object, fits[one.claim.key].words.field) for one in looked)
        found: dict[int, StageSeen] = {}
        for object, name in places:
            some = [one for one in looked if (one.object, fits[one.claim.key].words.field) == (object, name)]
            journals = {one.id: journal_of(known.records[one.claim.key].known) for one in some}
            written = {id: journal for id, journal in journals.items() if journal is not None}
            shown = self._writer.read_stages(object, name, [one.id for one in some], written)
            found |= {one.claim.key: shown[one.id] for one in some if one.id in shown}
        return found

    def _decide_one(
        self,
        connection: Connection,
        known: _Known,
        staged: _Model,
        one: Asked,
        seen: StageSeen,
        now: int,
        outcome: _Outcome,
    ) -> None:
        stood, record, words = known.people[one.subject], known.records[one.claim.key], staged.words
        state = state_of(record, seen, words.field, now)
        enrolled = known.everybody or self._enrolled(known, staged.model, one.subject)
        standing = standing_of(state, words, answer_at(stood.facts, now), enrolled=enrolled)
        if stood.footing is not None and stood.footing.enters and waits_for_crossing(standing):
            standing = replace(standing, crossed_at=self._crossed(connection, known, staged.model, stood, standing))
        change = decide(staged.model, stood.score, stood.footing, standing, words.order)
        state = state._replace(basis=basis_of(self._crm, staged.model, stood, theirs=is_theirs(state)))
        if change is not None and change.write:
            outcome.changes.append((one.claim, _change(known, staged, one, state, change, stood.score.as_of)))
        else:
            outcome.done[one.claim.key] = one.claim.mark
        if change is not None and not change.write:
            state = state._replace(wish=change.to, reason=change.reason)
            if record.known is None or record.known.wish != change.to:
                outcome.wishes.append(_wish(one, state, words, change))
        outcome.saved.append(state)

    def _enrolled(self, known: _Known, model: ScoringModel, subject: int) -> bool:
        begun = known.found.baseline_at
        return begun is not None and has_risen(model, known.moved.get(subject, ()), begun)

    def _crossed(
        self, connection: Connection, known: _Known, model: ScoringModel, stood: Stood, standing: StageStanding
    ) -> int | None:
        """The crossing by activity since somebody set the stage, told by all that is known of the person's past."""
        since = standing.set_at or 0
        if not known.everybody:
            since = max(since, known.found.baseline_at or 0)
        counted = sight(connection, self._places, self._kinds).counted
        facts = facts_of(connection, stood.subject, self._places, counted) or stood.facts
        return last_crossing(self._scorer, model, facts, stood.score, since)


def _change(known: _Known, staged: _Model, one: Asked, state: KnownStage, change: StageChange, as_of: int) -> Change:
    first: Step = "clear" if change.clear else "write" if state.cleared is None else "set"
    return Change(
        record=one.claim.key,
        first=first,
        model=staged.model.name,
        field=staged.words.field,
        before=state.value if state.cleared is None else state.cleared,
        after=staged.words.value(change.to),
        stage=change.to,
        reason=change.reason,
        as_of=as_of,
        crossed_at=_crossing(known.moved.get(one.subject, ()), change.to, as_of),
        entered=change.entered,
        put_back=change.put_back,
    )


def _wish(one: Asked, state: KnownStage, words: Words, change: StageChange) -> Moved:
    return Moved(
        record=one.claim.key,
        subject=one.subject,
        before=state.value,
        after=words.value(change.to),
        stage=change.to,
        reason=change.reason,
        entered=change.entered,
        released=False,
        outcome="observed",
    )


def _crossing(moved: Sequence[Crossed], stage: str, as_of: int) -> int:
    """When the score came to stand for the stage: two records of a person that enter it are told of as one."""
    came = [one.at for one in moved if one.after == stage and one.at <= as_of]
    return came[-1] if came else as_of
