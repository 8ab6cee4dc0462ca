"""Where records went that were merged away: which one stands for each of them now."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, select

from leadscore.store.batch import chunks
from leadscore.store.tables import records


class Survivor(NamedTuple):
    """What a merged record became: our number of it, and the CRM's id."""

    record: int
    id: str


def survivors(connection: Connection, merged: Collection[int]) -> dict[int, Survivor]:
    """What stands for these merged records (our numbers) now, however often they were merged on."""
    r = records.c
    steps: dict[int, tuple[int | None, str]] = {}
    ahead = set(merged)
    while ahead:
        found: set[int] = set()
        for chunk in chunks(sorted(ahead)):
            for row in connection.execute(select(r.id, r.record_id, r.merged_into).where(r.id.in_(chunk))):
                steps[row.id] = (row.merged_into, row.record_id)
                if row.merged_into is not None:
                    found.add(row.merged_into)
        ahead = found - steps.keys()
    return {one: _last(steps, one) for one in merged}


def _last(steps: dict[int, tuple[int | None, str]], one: int) -> Survivor:
    seen = {one}
    into, id = steps[one]
    while into is not None and into not in seen:
        seen.add(into)
        one = into
        into, id = steps[one]
    return Survivor(one, id)
