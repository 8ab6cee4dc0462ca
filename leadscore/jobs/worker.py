"""Scores whoever is due, a few at a time, and puts what must be written into the outbox in the same transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from connectors.outputs import RIDERS, output_values
from leadscore.jobs.feedback_values import FeedbackValues
from leadscore.jobs.lease_owner import LEASE, new_owner
from leadscore.jobs.plan import output_words
from leadscore.jobs.refused import Refused
from leadscore.jobs.rescore import fired, unscored, wake
from leadscore.jobs.rulebook import Rulebook, rule_numbers
from leadscore.jobs.writing_policy import WritePolicy, differences, worth_writing
from leadscore.store import due, leases
from leadscore.store.account import Binding, bound
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.errors import StoreError
from leadscore.store.facts_now import Current, facts_now, sight
from leadscore.store.leases import PARKED, Claim
from leadscore.store.loops import count_rescores, hold_back, in_quarantine, put_in_quarantine
from leadscore.store.models import Generation, generation_at
from leadscore.store.outbox import Outgoing, movements, put_out, shown_of
from leadscore.store.parked import Parked, park
from leadscore.store.places import places_of
from leadscore.store.scores import Before, Scored, forget_scores, save_scores
from leadscore.store.work_tables import due as due_table
from scoring.engine import compile_models
from scoring.facts import Kind
from scoring.footing import Footing, compile_footings
from scoring.ledger import Score

MANY = 200
"""How many people are scored together: enough to be quick, few enough that nobody waits for the database."""
TRIES = 5
"""After so many tries a person whose scoring fails is put aside."""
_WAIT = 5_000
_LAST = 20


class Settled(NamedTuple):
    """A person who was just scored. `footing`: where the score stands among the stages, None without a lifecycle;
    `by_time`: no notice came, only an instant. `before`: what was saved until now, None for who is new."""

    current: Current
    score: Score
    footing: Footing | None
    by_time: bool
    before: Before | None = None


Hook = Callable[[Connection, Sequence[Settled], int], None]
"""What else belongs into the transaction that saves scores: called with the people saved, and the instant."""


@dataclass(slots=True)
class ScoreReport:
    """`gone`: nobody's record shows them any more; `out`: records put into the outbox; `parked`: put aside after too
    many tries; `quarantined`: scored too often within an hour; `lost`: another worker has them by now."""

    scored: int = 0
    gone: int = 0
    out: int = 0
    parked: int = 0
    quarantined: int = 0
    lost: int = 0


class Worker:
    """Scores due people of one store with one set of models, compiled once. Not for several threads at a time.

    `name` tells the worker from all others and must not end in a colon. `most_an_hour`: whom facts make us score more
    often than that is taken for caught in a loop.
    """

    def __init__(
        self,
        store: Engine,
        rulebook: Rulebook,
        policy: WritePolicy,
        *,
        name: str,
        hooks: Sequence[Hook] = (),
        most_an_hour: int = 30,
    ) -> None:
        self._store = store
        self._rulebook = rulebook
        self._digests = rulebook.digests
        self._policy = policy
        self._name = name
        self._hooks = tuple(hooks)
        self._most_an_hour = most_an_hour
        self._scorer = compile_models(rulebook.models, rulebook.tables)
        self._footing = compile_footings(rulebook.models, rulebook.tables)
        self._numbers = rule_numbers(rulebook.models)
        self._words = output_words(rulebook)
        self._causing = tuple(word for word in self._words if word not in RIDERS)
        self._feedback = FeedbackValues(rulebook.models, self._scorer)
        self._kinds: dict[int, Kind] = {}
        self._places = cache(lambda crm: places_of(rulebook.models, crm))

    def score_due(self, now: int, *, many: int = MANY) -> ScoreReport:
        """Scores up to `many` people who were named or whose instant has come; nothing scored: nobody is due.

        Touches no network. A person at whom it fails is tried again later and at last put aside; the others go on.
        Raises StoreError, and Refused if other models were put in force since this worker was made.
        """
        report = ScoreReport()
        with writing(self._store) as connection:
            self._in_force(connection)
            due.wake(connection, now)
            claims = leases.claim(connection, due_table, now, new_owner(self._name), many=many, lease=LEASE)
            claims = self._set_aside(connection, claims, now, report)
        self._score(sorted(claims), now, report)
        return report

    def _set_aside(self, connection: Connection, claims: Sequence[Claim], now: int, report: ScoreReport) -> list[Claim]:
        """Leaves out who is in quarantine, and who was begun so often that scoring them must be what kills workers."""
        held = {one.subject for one in in_quarantine(connection, [claim.key for claim in claims])}
        hold_back(connection, held)
        deadly = [claim for claim in claims if claim.tries >= _LAST and claim.key not in held]
        self._park(connection, {claim.key: "Scoring this person never came to an end." for claim in deadly}, now)
        report.parked += len(deadly)
        return [claim for claim in claims if claim.key not in held and claim not in deadly]

    def _score(self, claims: Sequence[Claim], now: int, report: ScoreReport) -> None:
        """Scores and saves; those at whom it fails are found by halves."""
        if not claims:
            return
        try:
            settled, gone, marks = self._answers([claim.key for claim in claims], now)
            self._save(claims, settled, gone, marks, now, report)
        except (StoreError, Refused):
            raise
        except Exception as error:  # noqa: BLE001 (whatever one person's facts do, the neighbours go on)
            if len(claims) > 1:
                half = len(claims) // 2
                self._score(claims[:half], now, report)
                self._score(claims[half:], now, report)
            else:
                self._failed(claims[0], error, now, report)

    def _answers(self, subjects: list[int], now: int) -> tuple[list[Settled], set[int], dict[int, int]]:
        """Everybody's score, who is gone, and the notices that were there when the facts were read."""
        with reading(self._store) as connection:
            marks = due.marks(connection, subjects)
            known = sight(connection, self._places(bound(connection).account.crm), self._kinds)
            people = list(facts_now(connection, subjects, known, now))
        settled: list[Settled] = []
        for one in people:
            score = self._scorer(one.facts, now)
            settled.append(Settled(one, score, self._footing(one.facts, score), not marks.get(one.subject)))
        return settled, set(subjects) - {one.subject for one in people}, marks

    def _save(
        self,
        claims: Sequence[Claim],
        settled: Sequence[Settled],
        gone: set[int],
        marks: Mapping[int, int],
        now: int,
        report: ScoreReport,
    ) -> None:
        with writing(self._store) as connection:
            one_writer(connection)
            generation, found = self._in_force(connection), bound(connection)
            held = leases.still_held(connection, due_table, claims)
            kept = [one for one in settled if one.current.subject in held]
            looping = self._looping(connection, kept, now)
            kept = [one for one in kept if one.current.subject not in looping]
            seen = {who: mark for who, mark in marks.items() if who in held and who not in looping}
            rows, begun = [self._scored(one) for one in kept], found.baseline_at is not None
            before = save_scores(connection, rows, generation.number, seen, newcomers_enter=begun)
            kept = [one._replace(before=before.get(one.current.subject)) for one in kept]
            # Before the hooks: whom one of them makes due stays due.
            leases.finish(connection, due_table, seen)
            forget_scores(connection, gone & held.keys())
            out = self._put_out(connection, found, kept, now)
            for hook in self._hooks:
                hook(connection, kept, now)
        report.scored += len(kept)
        report.gone += len(gone & held.keys())
        report.out += out
        report.quarantined += len(looping)
        report.lost += len(claims) - len(held)

    def _scored(self, one: Settled) -> Scored:
        instant = wake(one.current.arrives, one.footing)
        return Scored(one.current.subject, one.score, instant, fired(one.score, self._numbers))

    def _looping(self, connection: Connection, kept: Sequence[Settled], now: int) -> set[int]:
        """Who is scored too often: they go into quarantine."""
        counts = count_rescores(connection, [one.current.subject for one in kept if not one.by_time], now)
        reasons = {
            who: f"Facts changed this person's score {many} times within an hour. Does a workflow answer to our writes?"
            for who, many in counts.items()
            if many > self._most_an_hour
        }
        put_in_quarantine(connection, reasons, now)
        return set(reasons)

    def _put_out(self, connection: Connection, found: Binding, kept: Sequence[Settled], now: int) -> int:
        """Asks for the writes that these scores cause. Before the first apply nothing is written: that is a person's
        to start."""
        if found.baseline_at is None or found.sampled:
            return 0
        by_subject = {one.current.subject: one for one in kept}
        movement = movements(connection, list(by_subject))
        people = {who: (one.current.facts, one.score) for who, one in by_subject.items()}
        more = self._feedback.values(connection, people, now)
        rows: list[Outgoing] = []
        for shown in shown_of(connection, list(by_subject)):
            one = by_subject[shown.subject]
            touched, moved = movement[shown.subject]
            beside = more.get(shown.subject, {})
            new = output_values(one.score, self._causing) | beside
            changes = differences(new, {word: text for word, text in shown.held.items() if word in new})
            # What is underway will make the CRM differ from what we know of it, so the newest goes after it.
            if shown.underway or worth_writing(changes, shown.held, self._policy, touched=touched, moved=moved):
                why = "time" if one.by_time else "facts"
                values = output_values(one.score, self._words) | beside
                rows.append(Outgoing(shown.record, shown.subject, values, why, one.score.as_of))
        put_out(connection, rows, now)
        return len(rows)

    def _failed(self, claim: Claim, error: Exception, now: int, report: ScoreReport) -> None:
        with writing(self._store) as connection:
            if claim.key not in leases.still_held(connection, due_table, [claim]):
                return
            if claim.tries + 1 < TRIES:
                leases.give_back(connection, due_table, [claim.key], now + _WAIT * 2**claim.tries, begun=True)
                return
            self._park(connection, {claim.key: unscored(error)}, now)
        report.parked += 1

    def _park(self, connection: Connection, reasons: Mapping[int, str], now: int) -> None:
        """What is due stays, with nobody working on it, until a person lets it be tried again."""
        leases.give_back(connection, due_table, reasons, PARKED, begun=True)
        park(connection, [Parked("score", "subject", str(who), why, "{}", now) for who, why in reasons.items()])

    def _in_force(self, connection: Connection) -> Generation:
        generation = generation_at(connection)
        if generation.digests != self._digests:
            raise Refused(
                "The models in force are not those that this worker has. Look at what changes with `leadscore plan`, "
                "`leadscore apply` it, and start again."
            )
        return generation
