"""Which models are in force, and which were at any time before, each with its text."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from leadscore.store.batch import insert_new
from leadscore.store.prepared import Prepared
from leadscore.store.work_tables import models


@dataclass(frozen=True, slots=True)
class ModelText:
    """A model as it was written, with the digest of what it means."""

    name: str
    digest: str
    text: str


@dataclass(frozen=True, slots=True)
class Generation:
    """The models that are in force together, in their order, from `since` on. Number 0: none yet."""

    number: int
    since: int
    models: tuple[ModelText, ...]

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(model.digest for model in self.models)


def put_in_force(connection: Connection, wanted: Sequence[ModelText], now: int) -> Generation:
    """Makes these the models in force; if they already are (by digest and order), nothing changes."""
    current = generation_at(connection)
    if current.number and current.digests == tuple(model.digest for model in wanted):
        return current
    number = current.number + 1
    columns = ("generation", "place", "name", "digest", "text", "since")
    rows = [(number, place, m.name, m.digest, m.text, now) for place, m in enumerate(wanted)]
    insert_new(connection, models, columns, [tuple(row) for row in rows])
    return Generation(number, now, tuple(wanted))


def generation_at(connection: Connection, at: int | None = None) -> Generation:
    """The models in force at an instant (None: now). Before the first ones, the first ones: the past of a store that
    was just begun is seen with the models of its beginning."""
    rows = _NOW.rows(connection)
    if at is not None and rows:
        number = connection.execute(_LATEST.where(models.c.since <= at)).scalar_one()
        if number is None:
            number = connection.execute(select(func.min(models.c.generation))).scalar_one()
        if number != rows[0][0]:
            then = select(models).where(models.c.generation == number).order_by(models.c.place)
            rows = [tuple(row) for row in connection.execute(then)]
    if not rows:
        return Generation(0, 0, ())
    return Generation(rows[0][0], rows[0][5], tuple(ModelText(row[2], row[3], row[4]) for row in rows))


_LATEST = select(func.max(models.c.generation))
_NOW = Prepared(select(models).where(models.c.generation == _LATEST.scalar_subquery()).order_by(models.c.place))
