"""How lifecycle stages stand: what is on its way, what stands still and why, and what moved lately."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from leadscore.jobs.refused import Refused
from leadscore.jobs.stages import StageMover
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.known_stages import FUSE, MODELS, Past, count_wishes, living, note, notes, past_moves
from leadscore.store.people import find_person
from leadscore.store.stages import Pending, count_pending, count_ready, pending, release


@dataclass(frozen=True, slots=True)
class StageView:
    """`stopped`: sentences that say why stages stand still. `counts`: rows on their way, by what they wait for.
    `wishes`: how many records an observing model would move, by the CRM's value and our word for the stage."""

    stopped: tuple[str, ...]
    counts: Mapping[str, int]
    pending: tuple[Pending, ...]
    past: tuple[Past, ...]
    wishes: Mapping[tuple[str, str], int]


def view_stages(store: Engine, limit: int, who: str | None = None) -> StageView:
    """All of it, or that of one person (record id or e-mail address), at most `limit` rows of each sort; touches no
    network. Raises Refused if nobody is known by that name."""
    with reading(store) as connection:
        if who is not None:
            return _of_one(connection, limit, who)
        return StageView(
            stopped=stopped(connection),
            counts=count_pending(connection),
            pending=tuple(pending(connection, limit)),
            past=tuple(past_moves(connection, limit)),
            wishes=count_wishes(connection),
        )


def _of_one(connection: Connection, limit: int, who: str) -> StageView:
    person = find_person(connection, who)
    if person is None:
        raise Refused(f"Nobody is known as {who!r}. Give the record id or the e-mail address; or run `leadscore sync`.")
    waiting = pending(connection, limit, person.subject)
    counts = Counter(one.waits or ("ready" if one.step == "ready" else "under way") for one in waiting)
    known = [one.known for one in living(connection, [person.subject]) if one.known is not None]
    wishes = Counter((one.value, one.wish) for one in known if one.wish is not None)
    past = tuple(past_moves(connection, limit, person.subject))
    return StageView(stopped(connection), counts, tuple(waiting), past, wishes)


def stopped(connection: Connection) -> tuple[str, ...]:
    """Why stages stand still; nothing where none does."""
    waiting, said = count_pending(connection), notes(connection)
    found = [said[FUSE][1]] if FUSE in said and waiting.get(FUSE) else []
    return (*found, *([said[MODELS][1]] if MODELS in said else []))


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many records an apply would move, and an observing model would, by the CRM's value now and our word."""

    moves: Mapping[tuple[str, str], int]
    wishes: Mapping[tuple[str, str], int]


def outlook(store: Engine, mover: StageMover, now: int) -> Outlook:
    """Reads the stages of those who are asked about and decides; writes nothing into the CRM. Lets its errors through,
    and Refused."""
    mover.decide_all(now)
    with reading(store) as connection:
        return Outlook(count_ready(connection), count_wishes(connection))


def let_go_on(store: Engine, now: int) -> int:
    """A person lets what the fuse stopped go on; returns how many changes that were."""
    with writing(store) as connection:
        one_writer(connection)
        note(connection, FUSE, None, now)
        return release(connection)
