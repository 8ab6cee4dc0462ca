"""Writes scores into HubSpot, a hundred contacts a call, and tells for each one what became of it."""

from collections.abc import Sequence

from connectors.hubspot.batches import update_records
from connectors.hubspot.client import Client
from connectors.hubspot.fields import property_name
from connectors.hubspot.records import BATCH
from connectors.protocol import RecordWrite, WriteAnswer


class HubSpotWriter:
    """A `connectors.protocol.Writer`. Threads may share it."""

    batch = BATCH

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        """Also raises NotInstalled when HubSpot does not know a field of ours, and ValueError for more than `batch`
        records or an id that comes twice. A bad row costs 8 calls at most, many bad rows one to two each."""
        if len(writes) > self.batch:
            raise ValueError(f"{len(writes)} records in one call; HubSpot takes {self.batch}")
        if len({(write.object, write.id) for write in writes}) < len(writes):
            raise ValueError("a record comes twice in one call; join its fields first")
        answers: list[WriteAnswer] = []
        for object in dict.fromkeys(write.object for write in writes):
            rows = {
                write.id: {property_name(word): value for word, value in write.values.items()}
                for write in writes
                if write.object == object
            }
            told = update_records(self._client, object, rows)
            answers += [told[id] for id in rows]
        return tuple(answers)
