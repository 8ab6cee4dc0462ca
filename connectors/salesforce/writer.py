"""Writes scores into Leads and Contacts, and tells for each one what became of it."""

from collections.abc import Sequence

from connectors.protocol import RecordWrite, WriteAnswer
from connectors.salesforce.bulk import update_by_job
from connectors.salesforce.client import Client
from connectors.salesforce.collections import MOST, update_rows
from connectors.salesforce.fields import field_name, written

BULK_FROM = 2_000
"""From so many records of one object on a bulk job takes fewer calls than collections."""


class SalesforceWriter:
    """A `connectors.protocol.Writer`. Threads may share it. `batch`: 200 answers fastest; for very many records take
    10,000, which go by bulk jobs."""

    def __init__(self, client: Client, *, batch: int = MOST, bulk_from: int = BULK_FROM) -> None:
        self._client = client
        self.batch = batch
        self._bulk_from = bulk_from

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        """Also raises NotInstalled when a field of ours is missing or our user may not edit it, and ValueError for more
        than `batch` records or an id that comes twice."""
        if len(writes) > self.batch:
            raise ValueError(f"{len(writes)} records in one call; this writer takes {self.batch}")
        if len({(write.object, write.id) for write in writes}) < len(writes):
            raise ValueError("a record comes twice in one call; join its fields first")
        answers: list[WriteAnswer] = []
        for object in dict.fromkeys(write.object for write in writes):
            rows = {
                write.id: {field_name(word): written(word, text) for word, text in write.values.items()}
                for write in writes
                if write.object == object
            }
            update = update_by_job if len(rows) >= self._bulk_from else update_rows
            told = update(self._client, object, rows)
            answers += [told[id] for id in rows]
        return tuple(answers)
