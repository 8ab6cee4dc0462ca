"""Reads one HubSpot account: its records, what people did, and what the account is like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from connectors.budget import Limits
from connectors.errors import AccessDenied
from connectors.hubspot import abilities
from connectors.hubspot import needs as reading
from connectors.hubspot.abilities import Abilities
from connectors.hubspot.account import read_account, read_clock, read_quota
from connectors.hubspot.answers import rows_of
from connectors.hubspot.archived import read_archived
from connectors.hubspot.client import Client
from connectors.hubspot.colleagues import Colleagues
from connectors.hubspot.contacts import acts, read_contacts, told, wanted_contacts
from connectors.hubspot.deals import deals_activities, read_deals, read_stages, told_deals, wanted_deals
from connectors.hubspot.fields import is_ours, property_name, read_back
from connectors.hubspot.forms import read_forms, read_submissions
from connectors.hubspot.lists import read_lists
from connectors.hubspot.needs import COMPANY, CONTACT, DEAL
from connectors.hubspot.records import PLURAL, Wanted, read_batch, seen
from connectors.hubspot.views import read_views
from connectors.hubspot.windows import changed, total
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
from scoring.model import ScoringModel

STREAMS = ("companies", "contacts", "deals", "form_submissions", "page_views", "lists", "archived")


class HubSpotReader:
    """A `connectors.protocol.Reader`. What the account may do is asked once and remembered. `sparing`: for who reads
    again and again; of many forms each reading leaves some for the next time."""

    crm = reading.CRM

    def __init__(self, client: Client, *, sparing: bool = False) -> None:
        self._client = client
        self._sparing = sparing
        self._abilities = Abilities(client)
        self._colleagues = Colleagues(client)

    def needs(self, models: Sequence[ScoringModel]) -> Needs:
        return reading.needs(models)

    def account(self) -> Account:
        account, day_ends = read_account(self._client)
        self._client.budget.learn(Limits(day_ends=day_ends))
        return account

    def capabilities(self, needs: Needs) -> tuple[Capability, ...]:
        return self._abilities.all(needs)

    def supplied(self) -> frozenset[str]:
        return reading.SOURCED

    def clock(self) -> int:
        return read_clock(self._client)

    def quota(self) -> Quota:
        quota = read_quota(self._client)
        left = None if quota.limit is None or quota.used is None else max(quota.limit - quota.used, 0)
        self._client.budget.learn(Limits(day=quota.limit, day_left=left, day_ends=quota.resets_at))
        return quota

    def properties(self, object: str) -> tuple[PropertyInfo, ...]:
        answer = self._client.call(self._client.properties.get_all, PLURAL[object], archived=False)
        return tuple(_info(object, raw) for raw in rows_of(answer))

    def forms(self) -> tuple[SeenForm, ...]:
        return read_forms(self._client)

    def stages(self, property: str) -> tuple[str, ...]:
        raw = self._client.call(self._client.properties.get_by_name, "contacts", property)
        options = sorted(raw.get("options") or (), key=lambda option: option.get("displayOrder") or 0)
        return tuple(str(option["value"]) for option in options if not option.get("hidden"))

    def streams(self, needs: Needs) -> tuple[str, ...]:
        """Raises AccessDenied when contacts cannot be read: then nothing can."""
        may = self._abilities.may
        if not may(abilities.CONTACTS):
            (contacts, *_) = self._abilities.all(needs)
            raise AccessDenied(f"{contacts.detail} {contacts.remedy}")
        wanted = {
            "companies": COMPANY in needs.properties and may(abilities.COMPANIES),
            "contacts": True,
            "deals": DEAL in needs.properties and may(abilities.DEALS),
            "form_submissions": "form_submission" in needs.activities and may(abilities.FORMS),
            "page_views": "page_view" in needs.activities and self._views_by_event(needs),
            "lists": bool(needs.lists) and may(abilities.LISTS),
            "archived": True,
        }
        return tuple(stream for stream in STREAMS if wanted[stream])

    def read(
        self, stream: str, cursor: Cursor | None, needs: Needs, now: int, limit: int | None = None
    ) -> Iterator[Page]:
        """`now` is the account's time, which bounds what counts as changed. Raises KeyError for an unknown stream."""
        client = self._client
        match stream:
            case "companies":
                yield from self._companies(cursor, needs, now, limit)
            case "contacts":
                for page in read_contacts(client, cursor, needs, now, limit, self._views_by_event(needs)):
                    yield replace(page, records=self._colleagues.named(page.records))
            case "deals":
                yield from read_deals(client, cursor, needs, now, limit)
            case "form_submissions":
                yield from read_submissions(client, cursor, now, limit, sparing=self._sparing)
            case "page_views":
                yield from read_views(client, cursor, now, limit)
            case "lists":
                yield from read_lists(client, needs.lists)
            case "archived":
                yield from read_archived(client, cursor, self._readable(needs), now)
            case _:
                raise KeyError(f"HubSpot has no stream {stream!r}; there are {', '.join(STREAMS)}")

    def fetch(self, object: str, ids: Sequence[str], needs: Needs) -> tuple[SeenRecord, ...]:
        return self.fetch_with_activities(object, ids, needs).records

    def fetch_with_activities(self, object: str, ids: Sequence[str], needs: Needs) -> Page:
        """Page views that are events and form submissions are not among the activities: they have streams of their
        own."""
        client = self._client
        if object == CONTACT:
            by_event = self._views_by_event(needs)
            wanted = wanted_contacts(needs, by_event)
            raws = read_batch(client, wanted, ids)
            people = self._colleagues.named(told(client, raws, wanted))
            return Page("", people, acts(raws, needs, by_event), last=True)
        if object == DEAL:
            wanted, stages = wanted_deals(needs), read_stages(client)
            raws = read_batch(client, wanted, ids)
            deals = told_deals(client, raws, wanted, stages)
            return Page("", deals, deals_activities(raws, deals, stages, needs), last=True)
        wanted = _wanted_companies(needs)
        return Page("", tuple(seen(raw, wanted) for raw in read_batch(client, wanted, ids)), last=True)

    def filled(self, object: str, property: str) -> tuple[int, int]:
        has = {"propertyName": property, "operator": "HAS_PROPERTY"}
        return total(self._client, object, has), total(self._client, object)

    def outputs(self, ids: Sequence[str], words: Sequence[str]) -> Mapping[str, Mapping[str, str | None]]:
        names = {word: property_name(word) for word in words}
        raws = read_batch(self._client, Wanted(CONTACT, tuple(names.values())), ids)
        return {str(raw["id"]): {word: _shown(raw["properties"], word, names[word]) for word in words} for raw in raws}

    def _companies(self, cursor: Cursor | None, needs: Needs, now: int, limit: int | None) -> Iterator[Page]:
        wanted = _wanted_companies(needs)
        for piece in changed(self._client, wanted, cursor, now, limit):
            records = tuple(seen(raw, wanted) for raw in piece.raws)
            yield Page(piece.cursor, records, last=piece.last, remaining=piece.remaining)

    def _readable(self, needs: Needs) -> tuple[str, ...]:
        kinds = {CONTACT: abilities.CONTACTS, COMPANY: abilities.COMPANIES, DEAL: abilities.DEALS}
        return tuple(object for object in kinds if object in needs.properties and self._abilities.may(kinds[object]))

    def _views_by_event(self, needs: Needs) -> bool:
        return "page_view" in needs.activities and self._abilities.may(abilities.VIEWS)


def _wanted_companies(needs: Needs) -> Wanted:
    return Wanted(COMPANY, needs.properties.get(COMPANY, ()), needs.watched.get(COMPANY, ()))


def _shown(values: Mapping[str, str | None], word: str, name: str) -> str | None:
    return read_back(word, values[name]) if name in values else None


def _info(object: str, raw: Mapping[str, object]) -> PropertyInfo:
    modification = raw.get("modificationMetadata")
    options = raw.get("options")
    return PropertyInfo(
        object=object,
        name=str(raw["name"]),
        label=str(raw.get("label") or raw["name"]),
        type=str(raw.get("type") or "string"),
        options=tuple((str(o["value"]), str(o.get("label") or o["value"])) for o in options)
        if isinstance(options, list)
        else (),
        read_only=isinstance(modification, dict) and bool(modification.get("readOnlyValue")),
        ours=is_ours(str(raw["name"]), str(raw.get("groupName") or "")),
    )
