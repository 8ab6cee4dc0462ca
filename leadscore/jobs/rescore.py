"""Scores again whoever is due, in several processes when there is much to do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from leadscore.jobs.bulk import no_collector
from leadscore.jobs.rulebook import Rulebook, RuleKey, rule_numbers
from leadscore.jobs.stage_requests import Stood, request_for
from leadscore.store import due, leases
from leadscore.store.account import bound, note
from leadscore.store.batch import chunks
from leadscore.store.database import connect, one_writer, reading, writing
from leadscore.store.errors import StoreError
from leadscore.store.facts_now import facts_now, sight
from leadscore.store.known_stages import subjects_known
from leadscore.store.leases import PARKED
from leadscore.store.models import put_in_force
from leadscore.store.parked import Parked, park
from leadscore.store.places import FieldPlaces, places_of
from leadscore.store.scores import (
    Scored,
    changed,
    due_subjects,
    forget_scores,
    outdated_subjects,
    save_scores,
    subject_bounds,
)
from leadscore.store.work_tables import due as due_table
from scoring.engine import compile_models
from scoring.facts import Facts, Kind
from scoring.footing import Footing, compile_footings
from scoring.ledger import Score

WINDOW = 4_000
"""How many subject numbers are read, scored and saved together."""
MUCH = 20_000
"""From how many subjects on it pays to start processes."""


@dataclass(frozen=True, slots=True)
class RescoreReport:
    """`removed`: subjects that no living record shows any more. `model_changed`: everybody was scored anew. `parked`:
    people put aside, because scoring them failed."""

    scored: int
    removed: int
    model_changed: bool
    parked: int = 0


class Counts(NamedTuple):
    """What became of the people of one range, or one window."""

    scored: int = 0
    removed: int = 0
    parked: int = 0

    def and_(self, other: "Counts") -> "Counts":
        return Counts(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Work:
    """A range [low, high) of subjects for one process. `everybody`: also those whom older models scored; `begun`: the
    first apply was made."""

    url: str
    rulebook: Rulebook
    crm: str
    generation: int
    now: int
    low: int
    high: int
    everybody: bool
    begun: bool


def rescore(
    store: Engine,
    rulebook: Rulebook,
    now: int,
    *,
    processes: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> RescoreReport:
    """Brings every score up to `now`: of subjects that were named, whose instant has come, and of all if the models
    are other ones than before. The result does not depend on the number of processes. Cut short, it goes on later.
    Nothing is written: after the first apply, whose score changed stays due until a service or an apply has seen to it.
    A person at whom it fails is put aside with the reason; who is put aside, in quarantine or held keeps the score that
    they have.

    Raises StoreError if nothing was read yet.
    """
    with writing(store) as connection:
        generation = put_in_force(connection, rulebook.written(), now)
        found = bound(connection)
    everybody = found.generation != generation.number
    url = store.url.render_as_string(hide_password=False)
    ranges = _ranges(store, now, everybody=everybody, processes=processes)
    crm, begun = found.account.crm, found.baseline_at is not None
    work = [Work(url, rulebook, crm, generation.number, now, low, high, everybody, begun) for low, high in ranges]
    total = Counts()
    for done, counts in enumerate(_carry_out(store, work, processes), start=1):
        total = total.and_(counts)
        if progress:
            progress(done, len(work))
    with writing(store) as connection:
        note(connection, generation=generation.number)
    return RescoreReport(total.scored, total.removed, everybody, total.parked)


def score_range(work: Work) -> Counts:
    """Scores one range in a process of its own."""
    store = connect(work.url)
    try:
        return _score_windows(store, work)
    finally:
        store.dispose()


def _carry_out(store: Engine, work: Sequence[Work], processes: int) -> Iterator[Counts]:
    if len(work) <= 1 or processes < 2:
        for one in work:
            yield _score_windows(store, one)
        return
    # Spawned, not forked: an open database connection does not survive a fork.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(score_range, work)


def _ranges(store: Engine, now: int, *, everybody: bool, processes: int) -> list[tuple[int, int]]:
    with reading(store) as connection:
        low, high = subject_bounds(connection)
        many = high - low + 1
        if not everybody:
            waiting = due_subjects(connection, now)
            if not waiting:
                return []
            low, high, many = waiting[0], waiting[-1], len(waiting)
    if many <= 0:
        return []
    parts = 1 if many <= MUCH else processes * 4
    step = -(-(high - low + 1) // parts)
    return [(start, min(start + step, high + 1)) for start in range(low, high + 1, step)]


def _score_windows(store: Engine, work: Work) -> Counts:
    tools = _Tools(
        scorer=compile_models(work.rulebook.models, work.rulebook.tables),
        numbers=rule_numbers(work.rulebook.models),
        footing=compile_footings(work.rulebook.models, work.rulebook.tables, timed_only=True),
        standing=compile_footings(work.rulebook.models, work.rulebook.tables) if _moves_stages(work) else None,
        places=places_of(work.rulebook.models, work.crm),
    )
    total = Counts()
    for subjects in _windows(store, work):
        total = total.and_(_score(store, work, tools, subjects))
    return total


@dataclass(frozen=True, slots=True)
class _Tools:
    """The models, compiled once."""

    scorer: Callable[[Facts, int], Score]
    numbers: Mapping[str, Mapping[RuleKey, str]]
    footing: Callable[[Facts, Score], Footing | None]
    standing: Callable[[Facts, Score], Footing | None] | None
    places: tuple[FieldPlaces, ...]
    kinds: dict[int, Kind] = field(default_factory=dict)


def _score(store: Engine, work: Work, tools: _Tools, subjects: list[int]) -> Counts:
    """Scores and saves; those at whom it fails are found by halves."""
    if not subjects:
        return Counts()
    try:
        return _score_window(store, work, tools, subjects)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever one person's facts do, the neighbours go on)
        if len(subjects) > 1:
            half = len(subjects) // 2
            parts = [_score(store, work, tools, some) for some in (subjects[:half], subjects[half:])]
            return parts[0].and_(parts[1])
        with writing(store) as connection:
            one_writer(connection)
            park_unscored(connection, subjects[0], error, work.now)
        return Counts(parked=1)


def _score_window(store: Engine, work: Work, tools: _Tools, subjects: list[int]) -> Counts:
    with no_collector():
        with reading(store) as connection:
            marks = due.marks(connection, subjects)
            known = sight(connection, tools.places, tools.kinds)
            results: list[Scored] = []
            stood: list[Stood] = []
            watched = subjects_known(connection, subjects) if tools.standing else frozenset()
            for one in facts_now(connection, subjects, known, work.now):
                score = tools.scorer(one.facts, work.now)
                instants = wake(one.arrives, tools.footing(one.facts, score))
                results.append(Scored(one.subject, score, instants, fired(score, tools.numbers)))
                if tools.standing and (score.stage is not None or one.facts.answers or one.subject in watched):
                    stood.append(Stood(one.subject, score, tools.standing(one.facts, score), one.facts))
        gone = set(subjects) - {one.subject for one in results}
        with writing(store) as connection:
            if stood or work.begun:
                one_writer(connection)
            before = save_scores(connection, results, work.generation, marks, newcomers_enter=work.begun)
            forget_scores(connection, gone)
            if work.begun and not work.everybody:
                # A service beside us would have told the CRM, and must still; other models are a person's to apply.
                kept = {who: mark for who, mark in marks.items() if who not in gone}
                due.settle(connection, {who: marks[who] for who in gone & marks.keys()})
                due.settle_unsent(connection, kept, changed(before, results), work.now)
            else:
                due.settle(connection, marks)
            request_for(connection, work.rulebook.models, stood, work.now)
    return Counts(len(results), len(gone))


def park_unscored(connection: Connection, subject: int, error: Exception, now: int) -> None:
    """Puts a person aside at whom scoring failed: they are due, with nobody working on it, until a person lets it be
    tried again."""
    due.mark(connection, [subject], "failed", now)
    leases.give_back(connection, due_table, [subject], PARKED, begun=True)
    park(connection, [Parked("score", "subject", str(subject), unscored(error), "{}", now)])


def unscored(error: Exception) -> str:
    """Why somebody could not be scored, as a sentence."""
    return f"This person could not be scored: {type(error).__name__}: {str(error)[:500]}"


def _moves_stages(work: Work) -> bool:
    """Whether stages in the CRM may follow these scores; before the first apply none does."""
    return work.begun and any(model.lifecycle is not None for model in work.rulebook.models)


def _windows(store: Engine, work: Work) -> Iterator[list[int]]:
    """The subjects of the range that are to be scored, in ascending lists of at most WINDOW."""
    if not work.everybody:
        with reading(store) as connection:
            waiting = due_subjects(connection, work.now)
        yield from chunks((one for one in waiting if work.low <= one < work.high), WINDOW)
        return
    for low in range(work.low, work.high, WINDOW):
        with reading(store) as connection:
            yield outdated_subjects(connection, work.generation, work.now, low, min(low + WINDOW, work.high))


def wake(arrives: int | None, footing: Footing | None) -> int | None:
    """The next instant, besides the score's own, at which a person must be scored again: a known fact of the future
    arrives, or ages alone change which stages the score may keep."""
    instants = (arrives, footing.next_change_at if footing else None)
    return min((at for at in instants if at is not None), default=None)


def fired(score: Score, numbers: Mapping[str, Mapping[RuleKey, str]]) -> str:
    """The numbers of the rules that gave points, as text."""
    own = numbers.get(score.model or "", {})
    return " ".join(own[c[1:4]] for c in score.contributions if c.kind == "rule")
