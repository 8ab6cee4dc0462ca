"""Who of the portal's users answered: their names beside the numbers under which HubSpot tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.errors import ConnectorError
from connectors.hubspot.client import Client
from connectors.hubspot.tasks import HubSpotTaskWriter
from connectors.protocol import SeenAnswer, SeenRecord

_HOUR = 3_600.0


class Colleagues:
    """Names the authors of answers. The list of owners is read when first needed and then once an hour at most; a user
    who owns nothing, or a key without the scope for owners, leaves the number as it is. Threads may share it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._asked: float | None = None
        self._names: Mapping[str, str] = {}

    def named(self, records: Sequence[SeenRecord]) -> tuple[SeenRecord, ...]:
        """The records, with names for the persons who answered."""
        return tuple(self._with_names(one) for one in records)

    def _with_names(self, record: SeenRecord) -> SeenRecord:
        told = record.feedback
        if told is None or not any(answer.author for answer in told.answers):
            return record
        answers = tuple(self._with_name(answer) for answer in told.answers)
        return replace(record, feedback=replace(told, answers=answers))

    def _with_name(self, answer: SeenAnswer) -> SeenAnswer:
        name = self._known().get(answer.author) if answer.author else None
        return replace(answer, author=name) if name else answer

    def _known(self) -> Mapping[str, str]:
        tick = self._client.time.tick()
        if self._asked is None or tick - self._asked >= _HOUR:
            self._asked = tick
            try:
                owners = HubSpotTaskWriter(self._client).owners().values()
            except ConnectorError:
                return self._names
            # The address tells two people of one name apart.
            self._names = {
                one.user: f"{one.name} ({one.email})" if one.name and one.email else one.name or one.email
                for one in owners
                if one.user
            }
        return self._names
