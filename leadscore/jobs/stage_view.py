"""How lifecycle stages stand: what is on its way, what stands still and why, and what moved lately."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from leadscore.jobs.stages import StageMover
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.known_stages import FUSE, MODELS, Past, count_wishes, note, notes, past_moves
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


def view_stages(store: Engine, limit: int) -> StageView:
    """All of it, at most `limit` rows of each sort; touches no network."""
    with reading(store) as connection:
        return StageView(
            stopped=stopped(connection),
            counts=count_pending(connection),
            pending=tuple(pending(connection, limit)),
            past=tuple(past_moves(connection, limit)),
            wishes=count_wishes(connection),
        )


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
