"""How far each stream of the CRM was read, and what was asked for when its present pass began."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection, delete, select

from connectors.protocol import Cursor, Needs
from leadscore.store.batch import to_json, upsert
from leadscore.store.prepared import Prepared
from leadscore.store.work_tables import streams


@dataclass(frozen=True, slots=True)
class StreamState:
    """`cursor`: None starts over. `passes`: how many times it was read to its end; 0: the first pass is under way,
    and what it brings is taken as known at its own time."""

    name: str
    cursor: Cursor | None
    needs: str
    objects: frozenset[str]
    passes: int
    read_at: int | None
    finished_at: int | None


def needs_text(needs: Needs) -> str:
    """Needs as text that two equal ones share."""
    return to_json(
        {
            "properties": {name: sorted(props) for name, props in sorted(needs.properties.items())},
            "watched": {name: sorted(props) for name, props in sorted(needs.watched.items())},
            "lists": sorted(needs.lists),
            "activities": sorted(needs.activities),
        }
    )


def read_states(connection: Connection) -> dict[str, StreamState]:
    """Every stream that was ever begun, by name."""
    return {
        name: StreamState(name, cursor, needs, frozenset(msgspec.json.decode(objects)), passes, read_at, finished_at)
        for name, cursor, needs, objects, passes, read_at, finished_at in _ALL.rows(connection)
    }


_ALL = Prepared(select(streams).order_by(streams.c.name))


def save_state(connection: Connection, state: StreamState) -> None:
    """Notes where a stream stands."""
    columns = ("name", "cursor", "needs", "objects", "passes", "read_at", "finished_at")
    objects = to_json(sorted(state.objects))
    row = (state.name, state.cursor, state.needs, objects, state.passes, state.read_at, state.finished_at)
    upsert(connection, streams, columns, [row])


def keep_only(connection: Connection, names: Sequence[str]) -> None:
    """Forgets streams that are no longer read; should one come back, it is read from its start."""
    connection.execute(delete(streams).where(streams.c.name.not_in(names)))


def begin_pass(state: StreamState | None, name: str, needs: Needs, *, over: bool) -> StreamState:
    """The state with which the next pass of a stream begins: from its cursor, from the start if `over`, and as if it
    were the first time if more is asked for of it than in the pass before."""
    text = needs_text(needs)
    if state is None or grown(state, needs):
        return StreamState(name, None, text, state.objects if state else frozenset(), 0, None, None)
    return replace(state, cursor=None if over else state.cursor, needs=text)


def grown(state: StreamState, needs: Needs) -> bool:
    """Whether more is asked for of a stream than when its last pass began."""
    before = msgspec.json.decode(state.needs)
    if not needs.activities <= set(before["activities"]):
        return True
    for wanted, had in ((needs.properties, before["properties"]), (needs.watched, before["watched"])):
        for name, properties in wanted.items():
            if name in state.objects and not set(properties) <= set(had.get(name, ())):
                return True
    return False
