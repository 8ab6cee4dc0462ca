"""Tells who rises into a band or falls out of one in the next days, if nothing new arrives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, select

from leadscore.jobs.rulebook import Rulebook
from leadscore.store.account import bound
from leadscore.store.batch import chunks
from leadscore.store.database import reading
from leadscore.store.facts_now import facts_now, sight
from leadscore.store.people import Person
from leadscore.store.places import places_of
from leadscore.store.tables import records
from leadscore.store.work_tables import scores
from scoring.engine import compile_models
from scoring.facts import Facts, Kind
from scoring.ledger import Score

WINDOW = 1_000


@dataclass(frozen=True, slots=True)
class Move:
    """A person goes from one band to another at an instant; None: no band, because no model is for them."""

    at: int
    person: Person
    before: str | None
    after: str | None
    total_before: int | None
    total_after: int | None


def forecast(store: Engine, rulebook: Rulebook, now: int, until: int) -> tuple[Move, ...]:
    """Every change of band after `now` and up to `until`, in order of time. A fact that is stored already and lies
    ahead counts when its time comes.

    Scores only people whose saved score changes within that time, at each of its changes. Touches no network and saves
    nothing. Raises StoreError if the store is empty.
    """
    moves: list[Move] = []
    scorer = compile_models(rulebook.models, rulebook.tables)
    with reading(store) as connection:
        places = places_of(rulebook.models, bound(connection).account.crm)
        s = scores.c
        query = select(s.subject).where(s.wake_at <= until).order_by(s.subject)
        subjects = connection.execute(query).scalars().all()
        kinds: dict[int, Kind] = {}
        for chunk in chunks(subjects, WINDOW):
            known = sight(connection, places, kinds)
            found = list(facts_now(connection, chunk, known, now))
            r = records.c
            shown = [one.record for one in found]
            named = select(r.id, r.subject, r.object, r.record_id, r.email).where(r.id.in_(shown))
            people = {row[0]: Person(*row[1:]) for row in connection.execute(named)}
            for one in found:
                moves += _moves(scorer, one.facts, people[one.record], now, until)
    return tuple(sorted(moves, key=lambda move: (move.at, move.person.subject)))


def _moves(scorer: Callable[[Facts, int], Score], facts: Facts, person: Person, now: int, until: int) -> Iterator[Move]:
    score = scorer(facts, now)
    while (at := _next(facts, score)) is not None and at <= until:
        later = scorer(facts, at)
        if later.band != score.band:
            yield Move(at, person, score.band, later.band, score.total, later.total)
        score = later


def _next(facts: Facts, score: Score) -> int | None:
    """When the score changes next, or the next fact that is stored already comes true."""
    ahead = [one.occurred_at for one in facts.activities if one.occurred_at > score.as_of]
    ahead += [one.valid_at for one in facts.history if one.valid_at is not None and one.valid_at > score.as_of]
    return min([*ahead, *([] if score.next_change_at is None else [score.next_change_at])], default=None)
