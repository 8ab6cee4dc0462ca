"""What the store knows: how much, how fresh, what waits and what was put aside."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from leadscore.jobs.leader import SCHEDULER
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.stage_view import stopped
from leadscore.jobs.troubles import FRESH
from leadscore.store.account import Binding, binding
from leadscore.store.backlog import Backlog, backlog
from leadscore.store.chores import ChoreState, chore_states
from leadscore.store.database import reading
from leadscore.store.facts_now import facts_now, sight
from leadscore.store.leaders import Leader, leader
from leadscore.store.models import Generation, generation_at
from leadscore.store.pages import count_unmatched
from leadscore.store.parked import Parked, all_parked, count_parked
from leadscore.store.people import Person, band_counts, best_people, count_activities, count_records, total_counts
from leadscore.store.places import places_of
from leadscore.store.runs import Run, last_runs
from leadscore.store.scores import due_subjects
from leadscore.store.stages import count_pending
from leadscore.store.streams import StreamState, read_states
from leadscore.store.troubles import Trouble, troubles_since
from scoring.engine import compile_models
from scoring.ledger import Score


@dataclass(frozen=True, slots=True)
class Status:
    """`binding` None: nothing was read yet. `due`: people to be scored again at `now`. `unmatched`: activities that
    wait for a record with their e-mail address. `parked`: how much each job put aside. `leader`: of the schedulers of
    a running service; None: none runs. `troubles`: what keeps its work from going on at present. `stopped`: why
    lifecycle stages stand still, `stages`: how many of their changes are where."""

    binding: Binding | None
    models: Generation
    streams: tuple[StreamState, ...]
    records: Mapping[str, int]
    activities: int
    unmatched: int
    due: int
    bands: Mapping[str | None, int]
    parked: Mapping[str, int]
    runs: tuple[Run, ...]
    backlog: Backlog
    leader: Leader | None
    chores: tuple[ChoreState, ...]
    troubles: tuple[Trouble, ...]
    stopped: tuple[str, ...]
    stages: Mapping[str, int]


def status(store: Engine, now: int) -> Status:
    """All of it as of `now`; touches no network."""
    with reading(store) as connection:
        return Status(
            binding=binding(connection),
            models=generation_at(connection),
            streams=tuple(read_states(connection).values()),
            records=count_records(connection),
            activities=count_activities(connection),
            unmatched=count_unmatched(connection),
            due=len(due_subjects(connection, now)),
            bands=band_counts(connection),
            parked=count_parked(connection),
            runs=last_runs(connection),
            backlog=backlog(connection, now),
            leader=leader(connection, SCHEDULER, now),
            chores=chore_states(connection),
            troubles=troubles_since(connection, now - FRESH),
            stopped=stopped(connection),
            stages=count_pending(connection),
        )


def put_aside(store: Engine, limit: int = 1000) -> tuple[Parked, ...]:
    """What was put aside, newest first, with the reasons."""
    with reading(store) as connection:
        return all_parked(connection, limit)


def distribution(store: Engine) -> Mapping[int, int]:
    """How many people have each total, as last scored."""
    with reading(store) as connection:
        return total_counts(connection)


def top(store: Engine, rulebook: Rulebook, as_of: int, count: int = 20) -> tuple[tuple[Person, Score], ...]:
    """The people with the highest saved totals, best first, each scored at `as_of` so that it can tell its reason."""
    with reading(store) as connection:
        people = best_people(connection, count)
        bound = binding(connection)
        places = places_of(rulebook.models, bound.account.crm if bound else "")
        subjects = sorted({person.subject for person in people})
        known = {c.subject: c.facts for c in facts_now(connection, subjects, sight(connection, places, {}), as_of)}
    scorer = compile_models(rulebook.models, rulebook.tables)
    return tuple((person, scorer(known[person.subject], as_of)) for person in people if person.subject in known)
