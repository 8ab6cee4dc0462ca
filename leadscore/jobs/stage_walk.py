"""Takes decided changes of stages into the CRM, step by step, so that a cut at any instant is gone on from."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine

from connectors.stages import NEXT_STEP, StageAnswer, StageMove, StageSeen, StageWriter, Written
from leadscore.jobs.notices import Entered, put_entered
from leadscore.store import leases, stages
from leadscore.store.database import one_writer, writing
from leadscore.store.known_stages import KnownStage, Moved, known, note_moves, save_known
from leadscore.store.leases import PARKED
from leadscore.store.live_tables import stage_intents
from leadscore.store.parked import Parked, park, unpark
from leadscore.store.refetches import name_records
from leadscore.store.stages import DECIDE, Walk
from scoring.model import ScoringModel

JOB = "stage"
_TAKEN_BY_OTHERS = ("person", "workflow", "import", "default")


@dataclass(slots=True)
class Steps:
    """What became of a turn: `steps` taken of changes that go on, `done` changes, `passed` by somebody's higher stage,
    `moved`: decided anew since somebody set another, `parked` with a sentence, records `missing` from the CRM."""

    steps: int = 0
    done: int = 0
    passed: int = 0
    moved: int = 0
    parked: int = 0
    missing: int = 0


@dataclass(slots=True)
class _Outcome:
    saved: list[KnownStage] = field(default_factory=list)
    journal: list[Moved] = field(default_factory=list)
    entered: list[Entered] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)


def take_steps(
    store: Engine, writer: StageWriter, models: Sequence[ScoringModel], walks: Sequence[Walk], now: int
) -> Steps:
    """One step for each of these claimed changes, and the answers kept in one transaction. The CRM's errors pass
    through; then the caller gives the claims back, and the same step is taken again."""
    living = [one for one in walks if not one.gone]
    answers, seen = _answers(writer, living, now)
    report, outcome = Steps(), _Outcome()
    with writing(store) as connection:
        one_writer(connection)
        held = leases.still_held(connection, stage_intents, [one.claim for one in walks])
        mine = [one for one in walks if one.claim.key in held]
        states = known(connection, [one.claim.key for one in mine])
        for one in mine:
            state = states[one.claim.key]
            if one.gone:
                outcome.finished.append(one.claim.key)
                report.missing += 1
            else:
                answer = answers[one.claim.key]
                _Note(connection, one, state, answer, now, report, outcome).note(seen.get(one.claim.key))
        save_known(connection, outcome.saved)
        note_moves(connection, outcome.journal, now)
        put_entered(connection, models, outcome.entered, now)
        stages.end(connection, outcome.finished)
    return report


def _answers(
    writer: StageWriter, walks: Sequence[Walk], now: int
) -> tuple[dict[int, StageAnswer], dict[int, StageSeen]]:
    """The CRM's answers by record, and how it shows those that are there: that tells the time of our write by the
    CRM's own clock."""
    answers: dict[int, StageAnswer] = {}
    seen: dict[int, StageSeen] = {}
    for name in dict.fromkeys(one.change.field for one in walks):
        some = [one for one in walks if one.change.field == name]
        moves = [StageMove(o.object, o.id, o.change.before, o.change.after, o.step) for o in some]
        told = {answer.id: answer for answer in writer.write_stages(name, moves)}
        answers |= {one.claim.key: told[one.id] for one in some}
        there = [one for one in some if one.step == "confirm" and told[one.id].outcome == "done"]
        for object in dict.fromkeys(one.object for one in there):
            ours = {one.id: one for one in there if one.object == object}
            written = {id: Written(one.change.after, now) for id, one in ours.items()}
            shown = writer.read_stages(object, name, list(ours), written)
            seen |= {ours[id].claim.key: one for id, one in shown.items()}
    return answers, seen


@dataclass(frozen=True, slots=True)
class _Note:
    """Notes the answer to one step of one record."""

    connection: Connection
    walk: Walk
    state: KnownStage
    answer: StageAnswer
    now: int
    report: Steps
    outcome: _Outcome

    def note(self, seen: StageSeen | None) -> None:
        match self.answer.outcome:
            case "done" if (step := NEXT_STEP[self.walk.step]) is not None:
                self._go_on(step)
            case "done":
                self._done(seen)
            case "passed":
                self._save(value=self.answer.value or "", cleared=None)
                self._end("passed")
                self.report.passed += 1
            case "moved":
                self._save(value=self.answer.value or "", cleared=None if self.answer.value else self.state.cleared)
                self._journal("moved", self.answer.words)
                stages.take_step(self.connection, [self.walk.claim.key], DECIDE)
                self.report.moved += 1
            case "missing":
                name_records(self.connection, [self.walk.claim.key], self.now)
                self._end("missing")
                self.report.missing += 1
            case "rejected" if self.walk.step == "set" and not self.walk.change.put_back:
                self._turn_back()
            case _:
                self._park()

    def _go_on(self, step: str) -> None:
        if self.walk.step == "clear" and not self.answer.value:
            # Whose the stage was is kept as it is: until another follows, it counts as present.
            self._save(value="", cleared=self.walk.change.before)
        stages.take_step(self.connection, [self.walk.claim.key], step)
        self.report.steps += 1

    def _done(self, seen: StageSeen | None) -> None:
        change = self.walk.change
        at = self.now if seen is None or seen.set_at is None else seen.set_at
        state = self.state._replace(value=change.after, shown=change.after, cleared=None, at=self.now)
        if seen is not None and (seen.value != change.after or seen.source in _TAKEN_BY_OTHERS):
            by = seen.source if seen.source in ("person", "default") else "program"
            state = state._replace(value=seen.value, ours=False, set_at=at, by=by)
        elif change.put_back:
            state = state._replace(written=change.after, written_at=at)
        else:
            state = state._replace(ours=True, set_at=change.as_of, by=None, written=change.after, written_at=at)
        self.outcome.saved.append(state)
        if change.entered:
            record, subject = self.walk.claim.key, self.walk.subject
            self.outcome.entered.append(Entered(record, subject, change.model, change.stage, change.crossed_at))
        self.report.done += 1
        if change.put_back and change.first == "clear":
            # We turned back: what the CRM refused stays put aside, until a person or new facts let it be tried again.
            self._journal("done", change.reason)
            stages.take_step(self.connection, [change.record], DECIDE, not_before=PARKED)
            return
        unpark(self.connection, JOB, self.walk.object, self.walk.id)
        self._end("done")

    def _turn_back(self) -> None:
        """The field is empty now, and must not stay so."""
        self._say_parked()
        change = self.walk.change
        why = f"Put back: the CRM refuses {change.after} ({self.answer.words})"
        stages.turn_back(self.connection, change.record, why)
        stages.take_step(self.connection, [change.record], "set")
        self.report.parked += 1

    def _park(self) -> None:
        if self.answer.value is not None:
            self._save(value=self.answer.value, cleared=None if self.answer.value else self.state.cleared)
        self._say_parked()
        stages.take_step(self.connection, [self.walk.claim.key], DECIDE, not_before=PARKED)
        self.report.parked += 1

    def _say_parked(self) -> None:
        self._journal(self.answer.outcome, self.answer.words)
        park(self.connection, [Parked(JOB, self.walk.object, self.walk.id, self.answer.words, "{}", self.now)])

    def _save(self, *, value: str, cleared: str | None) -> None:
        self.outcome.saved.append(self.state._replace(value=value, cleared=cleared, at=self.now))

    def _end(self, outcome: str) -> None:
        self._journal(outcome, self.answer.words or self.walk.change.reason)
        self.outcome.finished.append(self.walk.claim.key)

    def _journal(self, outcome: str, reason: str) -> None:
        change = self.walk.change
        self.outcome.journal.append(
            Moved(
                record=change.record,
                subject=self.walk.subject,
                before=change.before,
                after=change.after,
                stage=change.stage,
                reason=reason,
                entered=change.entered,
                released=self.walk.released,
                outcome=outcome,
            )
        )
