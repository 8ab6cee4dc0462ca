"""Reads one Salesforce org: its Leads and Contacts, what people did, and what the org is like."""

from collections.abc import Iterator, Mapping, Sequence

from connectors.errors import AccessDenied
from connectors.protocol import (
    Account,
    Capability,
    Cursor,
    Needs,
    Page,
    PropertyInfo,
    Quota,
    SeenForm,
    SeenRecord,
)
from connectors.salesforce import needs as reading
from connectors.salesforce.abilities import capabilities
from connectors.salesforce.account import read_account, read_quota
from connectors.salesforce.client import Client
from connectors.salesforce.deals import fetch_deals, read_deals, read_roles
from connectors.salesforce.deleted import read_deleted
from connectors.salesforce.engagement import SOURCES, read_source, sources_for
from connectors.salesforce.fields import field_name, read_back
from connectors.salesforce.needs import ACCOUNT, CONTACT, LEAD, OPPORTUNITY, PEOPLE, PREFIXES
from connectors.salesforce.past import Past
from connectors.salesforce.people import fetch_records, read_records
from connectors.salesforce.sight import Sight
from connectors.salesforce.soql import among, ids_of, select
from connectors.salesforce.windows import count
from scoring.model import ScoringModel

_OBJECTS = {"accounts": ACCOUNT, "leads": LEAD, "contacts": CONTACT, "opportunities": OPPORTUNITY}
STREAMS = (*_OBJECTS, "contact_roles", *SOURCES, "archived")


class SalesforceReader:
    """A `connectors.protocol.Reader`. Threads may share it."""

    crm = reading.CRM

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sight = Sight(client)
        self._past = Past(client)

    def needs(self, models: Sequence[ScoringModel]) -> Needs:
        return reading.needs(models)

    def account(self) -> Account:
        return read_account(self._client)

    def capabilities(self, needs: Needs) -> tuple[Capability, ...]:
        return capabilities(self._client, self._past, needs)

    def supplied(self) -> frozenset[str]:
        return reading.SOURCED

    def clock(self) -> int:
        return self._client.server_time() or self._client.time.wall()

    def quota(self) -> Quota:
        return read_quota(self._client)

    def properties(self, object: str) -> tuple[PropertyInfo, ...]:
        return self._sight.properties(object)

    def forms(self) -> tuple[SeenForm, ...]:
        """Salesforce itself has none."""
        return ()

    def stages(self, property: str) -> tuple[str, ...]:
        return self._sight.options(LEAD, property) or self._sight.options(CONTACT, property)

    def streams(self, needs: Needs) -> tuple[str, ...]:
        """Raises AccessDenied when neither Leads nor Contacts can be read: then nothing can."""
        may = self._sight.may_read
        if not any(may(object) for object in PEOPLE):
            raise AccessDenied(
                "Leads and Contacts are hidden from leadscore. Give its user read access to them in a permission set."
            )
        deals = OPPORTUNITY in needs.properties and may(OPPORTUNITY)
        wanted = {name: object in needs.properties and may(object) for name, object in _OBJECTS.items()}
        wanted |= {name: name in sources_for(needs) and may(source.object) for name, source in SOURCES.items()}
        wanted |= {"contact_roles": deals and may("OpportunityContactRole"), "archived": True}
        return tuple(stream for stream in STREAMS if wanted[stream])

    def read(
        self, stream: str, cursor: Cursor | None, needs: Needs, now: int, limit: int | None = None
    ) -> Iterator[Page]:
        """`now` is the org's time, which bounds what counts as changed. Raises KeyError for an unknown stream."""
        client = self._client
        match stream:
            case "accounts" | "leads" | "contacts":
                yield from read_records(client, self._past, _OBJECTS[stream], cursor, needs, now, limit)
            case "opportunities":
                yield from read_deals(client, cursor, needs, now, limit)
            case "contact_roles":
                yield from read_roles(client, cursor, needs, now, limit)
            case "archived":
                readable = [object for object in needs.properties if self._sight.may_read(object)]
                yield from read_deleted(client, self._past, cursor, readable, needs, now)
            case _ if stream in SOURCES:
                yield from read_source(client, SOURCES[stream], cursor, now, limit)
            case _:
                raise KeyError(f"Salesforce has no stream {stream!r}; there are {', '.join(STREAMS)}")

    def fetch(self, object: str, ids: Sequence[str], needs: Needs) -> tuple[SeenRecord, ...]:
        return self.fetch_with_activities(object, ids, needs).records

    def fetch_with_activities(self, object: str, ids: Sequence[str], needs: Needs) -> Page:
        """Campaign responses, calls and meetings are not among the activities: they have streams of their own."""
        if object == OPPORTUNITY:
            return fetch_deals(self._client, ids, needs)
        return fetch_records(self._client, self._past, object, ids, needs)

    def filled(self, object: str, property: str) -> tuple[int, int]:
        return count(self._client, object, f"{property} != null"), count(self._client, object)

    def outputs(self, ids: Sequence[str], words: Sequence[str]) -> Mapping[str, Mapping[str, str | None]]:
        """Of Leads and Contacts alike: an id tells which it is."""
        names = {word: field_name(word) for word in words}
        found: dict[str, dict[str, str | None]] = {}
        for prefix in (prefix for prefix, object in PREFIXES.items() if object in PEOPLE):
            object = PREFIXES[prefix]
            for batch in ids_of(ids, prefix):
                there = self._sight.readable(object, tuple(names.values()))
                for row in self._client.rows(select(["Id", *there.values()], object, among("Id", batch))):
                    found[str(row["Id"])] = {
                        word: read_back(word, row.get(there[name])) if name in there else None
                        for word, name in names.items()
                    }
        return found
