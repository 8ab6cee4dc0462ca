"""Scores again whoever is due, in several processes when there is much to do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from sqlalchemy import Engine

from leadscore.jobs.bulk import no_collector
from leadscore.jobs.rulebook import Rulebook, RuleKey, rule_numbers
from leadscore.jobs.stage_requests import Stood, request_for
from leadscore.store import due
from leadscore.store.account import bound, note
from leadscore.store.batch import chunks
from leadscore.store.database import connect, one_writer, reading, writing
from leadscore.store.facts_now import facts_now, sight
from leadscore.store.known_stages import subjects_known
from leadscore.store.models import put_in_force
from leadscore.store.places import places_of
from leadscore.store.scores import (
    Scored,
    changed,
    due_subjects,
    forget_scores,
    outdated_subjects,
    save_scores,
    subject_bounds,
)
from scoring.engine import compile_models
from scoring.facts import Kind
from scoring.footing import Footing, compile_footings
from scoring.ledger import Score

WINDOW = 4_000
"""How many subject numbers are read, scored and saved together."""
MUCH = 20_000
"""From how many subjects on it pays to start processes."""


@dataclass(frozen=True, slots=True)
class RescoreReport:
    """`removed`: subjects that no living record shows any more. `model_changed`: everybody was scored anew."""

    scored: int
    removed: int
    model_changed: bool


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
    scored = removed = 0
    for done, counts in enumerate(_carry_out(store, work, processes), start=1):
        scored, removed = scored + counts[0], removed + counts[1]
        if progress:
            progress(done, len(work))
    with writing(store) as connection:
        note(connection, generation=generation.number)
    return RescoreReport(scored, removed, everybody)


def score_range(work: Work) -> tuple[int, int]:
    """Scores one range in a process of its own; returns how many were scored and how many are gone."""
    store = connect(work.url)
    try:
        return _score_windows(store, work)
    finally:
        store.dispose()


def _carry_out(store: Engine, work: Sequence[Work], processes: int) -> Iterator[tuple[int, int]]:
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


def _score_windows(store: Engine, work: Work) -> tuple[int, int]:
    scorer = compile_models(work.rulebook.models, work.rulebook.tables)
    numbers = rule_numbers(work.rulebook.models)
    footing = compile_footings(work.rulebook.models, work.rulebook.tables, timed_only=True)
    places = places_of(work.rulebook.models, work.crm)
    standing = compile_footings(work.rulebook.models, work.rulebook.tables) if _moves_stages(work) else None
    scored = removed = 0
    kinds: dict[int, Kind] = {}
    for subjects in _windows(store, work):
        with no_collector():
            with reading(store) as connection:
                marks = due.marks(connection, subjects)
                known = sight(connection, places, kinds)
                results: list[Scored] = []
                stood: list[Stood] = []
                watched = subjects_known(connection, subjects) if standing else frozenset()
                for one in facts_now(connection, subjects, known, work.now):
                    score = scorer(one.facts, work.now)
                    instants = wake(one.arrives, footing(one.facts, score))
                    results.append(Scored(one.subject, score, instants, fired(score, numbers)))
                    if standing and (score.stage is not None or one.facts.answers or one.subject in watched):
                        stood.append(Stood(one.subject, score, standing(one.facts, score), one.facts))
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
        scored, removed = scored + len(results), removed + len(gone)
    return scored, removed


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
